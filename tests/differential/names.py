"""names.py -- domain names as tuples of labels, and their text and wire forms

A name is a tuple of octet strings, from the left, without the root's empty label."""

NAME_OCTETS_MAX = 255
LABEL_OCTETS_MAX = 63


def octets(name):
    """The length of the wire form."""
    return sum(len(label) + 1 for label in name) + 1


def fits(name):
    return octets(name) <= NAME_OCTETS_MAX and all(
        0 < len(label) <= LABEL_OCTETS_MAX for label in name)


def lower(name):
    return tuple(label.lower() for label in name)


def wire(name):
    return b"".join(bytes([len(label)]) + label for label in name) + b"\0"


def from_wire(octets_of_name):
    labels, at = [], 0
    while octets_of_name[at]:
        length = octets_of_name[at]
        labels.append(octets_of_name[at + 1:at + 1 + length])
        at += 1 + length
    return tuple(labels)


PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*")


def text(name):
    """Absolute master file text; everything that might mean something is \\DDD."""
    if not name:
        return "."
    return "".join("".join(chr(octet) if octet in PLAIN else "\\%03d" % octet for octet in label)
                   + "." for label in name)


def below(name, ancestor):
    """True where `name` is at or below `ancestor`, without regard to case."""
    if not ancestor:
        return True
    return len(name) >= len(ancestor) and lower(name[-len(ancestor):]) == lower(ancestor)
