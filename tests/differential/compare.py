"""compare.py -- whether pharosd's answer is right, judged by the answers of its peers

An answer is taken apart into aspects, each compared on its own: a flag, the RCODE, a section's RRs
as a set (names without regard to case), the OPT record. Where peers are of one mind pharosd must
be of the same; where they differ it must side with one of them and not stand against two that
agree. Whatever else is let pass is let pass by a rule of rules.py, by name."""

import itertools

import message

ASPECTS = ("rcode", "aa", "tc", "rd", "ra", "ad", "cd", "question", "answer", "authority",
           "additional", "opt", "options")
UDP_PLAIN_MAX = 512
ANY = 255


def aspects(answer):
    opt = answer.opt
    return {
        "rcode": answer.rcode,
        "aa": answer.flag(message.AA), "tc": answer.flag(message.TC),
        "rd": answer.flag(message.RD), "ra": answer.flag(message.RA),
        "ad": answer.flag(message.AD), "cd": answer.flag(message.CD),
        "question": (answer.questions, answer.question_octets),
        # As sets: peers repeat RRs at times; whether we do is looked at in flaw().
        "answer": set(answer.sets[0]), "authority": set(answer.sets[1]),
        "additional": set(answer.sets[2]),
        "opt": None if opt is None else opt[:3],
        "options": None if opt is None else tuple(sorted(opt[3])),
    }


class Case:
    """A question with everybody's answer. `ours` and the values of `peers` are Answers; `full` is
    ours over TCP, where it was asked for because `ours` is truncated."""

    def __init__(self, question, ours, peers, full=None):
        self.full = full or ours
        self.question = question
        self.world = question.world
        self.ours = ours
        self.peers = peers
        self.parts = {name: aspects(answer) for name, answer in peers.items()}
        self.mine = aspects(ours) if ours is not None else None

    def differing(self, one, other):
        return [aspect for aspect in ASPECTS if one[aspect] != other[aspect]]


class Verdict:
    """`kind` is one of unanimous, explained, sided, outvoted, alone and broken; the last three are
    differences. `against` lists who differs in what, `rules` what was let pass."""

    def __init__(self, kind, against=None, rules=(), why=""):
        self.kind = kind
        self.against = against or {}
        self.rules = rules
        self.why = why

    @property
    def bad(self):
        return self.kind in ("outvoted", "alone", "broken")


def limit(question):
    """The greatest answer that a question allows, in octets."""
    if question.tcp:
        return 65535
    if question.size is None:
        return UDP_PLAIN_MAX
    return min(max(question.size, UDP_PLAIN_MAX), 1232)


def flaw(question, ours):
    """What is wrong with our answer whatever others say, or None."""
    if len(ours.octets) > limit(question):
        return f"{len(ours.octets)} octets where {limit(question)} are allowed"
    if not ours.flag(message.QR):
        return "QR is clear"
    if question.tcp and question.qtype != ANY and ours.flag(message.TC):
        # Zones have no RRset for which there'd be no room; ANY may get several of the largest.
        return "TC over TCP"
    if ours.questions != 1 or ours.question_octets != question.octets:
        return "the question doesn't come back as it was"
    seen = set()
    for section in ours.sets:
        for rr in section:
            if rr in seen:
                return f"twice: {message.rr_text(rr)}"
            seen.add(rr)
    ttls = {}
    for owner, kind, klass, ttl, _ in itertools.chain(*ours.sets):
        if kind != 46 and ttls.setdefault((owner, kind, klass), ttl) != ttl:
            return f"two TTLs in the {message.type_text(kind)} RRset"
    return None


def explain(case, rules, peer, differing):
    """The names of the rules that let differences from a peer pass, and what is left over."""
    used, left = set(), []
    for aspect in differing:
        for rule in rules:
            if aspect in rule.aspects and rule.allows(case, case.ours, case.peers[peer], aspect):
                used.add(rule.name)
                break
        else:
            left.append(aspect)
    return used, left


def judge(case, rules):
    why = flaw(case.question, case.ours)
    if why is not None:
        return Verdict("broken", why=why)
    against, used = {}, set()
    for peer, parts in case.parts.items():
        differing = case.differing(case.mine, parts)
        if not differing:
            continue
        names, left = explain(case, rules, peer, differing)
        if left:
            against[peer] = left
        else:
            used |= names
    if not against:
        return Verdict("explained" if used else "unanimous", rules=used)
    if len(against) == len(case.parts):
        return Verdict("alone", against)
    for one, other in itertools.combinations(against, 2):
        agreed = [aspect for aspect in against[one]
                  if case.parts[one][aspect] == case.parts[other][aspect]]
        if agreed:
            return Verdict("outvoted", {one: against[one], other: against[other]}, used)
    return Verdict("sided", against, used)
