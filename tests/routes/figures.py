"""What scenarios measure: figures, of which some have a limit.

A limit is no assertion of the scenario, which goes on: a run judges each of its figures, several runs their
medians, or the worst where the limit is 0. What has to be so each time is a Failure (fib.py)."""
import collections
import statistics

# `limit`: the most that it may be; None: none. `since`, `until`: the wall times between which whatever made it
# what it is has happened.
Figure = collections.namedtuple("Figure", "what value limit since until")


def is_missed(figure):
    return figure.limit is not None and figure.value > figure.limit


def in_words(figure):
    return f"{figure.what}: {figure.value:.1f}, limit {figure.limit:g}"


def spread(values):
    """The median, the least and the greatest, in words."""
    return f"{statistics.median(values):.1f} [{min(values):.1f} to {max(values):.1f}]"


def median_of(figures):
    """Of the same figure in several runs: a line, and whether it misses its limit."""
    values = [figure.value for figure in figures]
    line = f"{figures[0].what}: {spread(values)}"
    limits = [figure.limit for figure in figures if figure.limit is not None]
    if not limits:
        return line, False
    # "None" is none in each run.
    missed = (statistics.median(values) if limits[0] > 0 else max(values)) > limits[0]
    return f"{line}, limit {limits[0]:g}: {'FAILED' if missed else 'PASS'}", missed
