"""Draws what happened to a node: its state, each query's latency, the lost ones; as SVG and as text."""
import html
import math

WIDTH, LEFT, RIGHT = 960, 110, 16
STRIP, GAP = 22, 6
LATENCY_TOP, LATENCY_HEIGHT = 0, 230
LOST_HEIGHT = 60
LEAST_MS, MOST_MS = 0.05, 2000.0
STATE_COLOURS = {"UP": "#3a9d5d", "ABSORB": "#7fb069", "FORCED_UP": "#3a9d5d", "HOLD": "#3a9d5d",
                 "SUSPECT": "#e6b422", "DRAIN": "#e08a1e", "DOWN": "#c8412f", "FORCED_DOWN": "#c8412f",
                 "PROBATION": "#8c6bb1", "READY": "#9bb7d4", "INIT": "#cccccc"}
NODE_COLOURS = {"a": "#1f77b4", "b": "#8c564b", "c": "#17a2a2"}
LOST_COLOUR = "#c8412f"


class Timeline:
    """All times are seconds since `begin`, a wall time.

    states:  {node: [(when, state)]}, in order
    queries: [(when, milliseconds or None, node)]
    marks:   [(when, text)], what was done to a node
    """

    def __init__(self, title, begin, end, states, queries, marks):
        self.title, self.begin, self.length = title, begin, end - begin
        self.states = {node: [(max(0.0, when - begin), state) for when, state in entries]
                       for node, entries in states.items()}
        self.queries = [(when - begin, ms, node) for when, ms, node in queries]
        self.marks = [(when - begin, text) for when, text in marks]

    def x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(seconds / self.length, 0), 1)

    def spans(self, node):
        """(from, to, state) of a node, in order."""
        entries = self.states[node]
        ends = [when for when, _ in entries[1:]] + [self.length]
        return [(when, end, state) for (when, state), end in zip(entries, ends) if end > when]

    def lost_in(self, step):
        """How many queries that were sent in each step of so many seconds are lost."""
        counts = [0] * (int(self.length / step) + 1)
        for when, ms, _ in self.queries:
            if ms is None and 0 <= when <= self.length:
                counts[int(when / step)] += 1
        return counts


def text_at(x, y, text, anchor="start", size=12, colour="#333"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
            f'{html.escape(text)}</text>')


def rectangle(x, y, width, height, colour, title=""):
    tip = f"<title>{html.escape(title)}</title>" if title else ""
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
            f' fill="{colour}">{tip}</rect>')


def draw_states(t, y):
    parts = []
    for node in sorted(t.states):
        parts.append(text_at(LEFT - 8, y + STRIP - 7, f"node {node}", "end", 13, NODE_COLOURS.get(node)))
        for start, end, state in t.spans(node):
            x, width = t.x(start), t.x(end) - t.x(start)
            parts.append(rectangle(x, y, width, STRIP, STATE_COLOURS.get(state, "#999"),
                                   f"{state}, {start:.2f} to {end:.2f} s"))
            if width > 8 * len(state):
                parts.append(text_at(x + 5, y + STRIP - 7, state, size=11, colour="#fff"))
        y += STRIP + GAP
    return parts, y


def latency_y(y, ms):
    share = math.log(min(max(ms, LEAST_MS), MOST_MS) / LEAST_MS) / math.log(MOST_MS / LEAST_MS)
    return y + LATENCY_HEIGHT * (1 - share)


def draw_latency(t, y):
    parts = [text_at(LEFT - 8, y + 12, "latency", "end", 13)]
    for ms, label in [(0.1, "0.1 ms"), (1, "1 ms"), (10, "10 ms"), (100, "100 ms"), (1000, "1 s")]:
        at = latency_y(y, ms)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(text_at(LEFT - 8, at + 4, label, "end", 11, "#777"))
    for node in sorted(t.states):
        dots = "".join(f"M{t.x(when):.1f} {latency_y(y, ms):.1f}h1.6"
                       for when, ms, who in t.queries if who == node and ms is not None)
        parts.append(f'<path d="{dots}" stroke="{NODE_COLOURS.get(node, "#555")}" stroke-width="1.6"'
                     ' fill="none"/>')
    return parts, y + LATENCY_HEIGHT + 2 * GAP


def draw_lost(t, y):
    step = t.length / 240
    counts = t.lost_in(step)
    lost, most = sum(counts), max(counts + [1])
    parts = [text_at(LEFT - 8, y + 14, "lost queries", "end", 13),
             text_at(LEFT - 8, y + 32, f"{lost} of {len(t.queries)}", "end", 13, LOST_COLOUR),
             f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y + LOST_HEIGHT}" y2="{y + LOST_HEIGHT}"'
             ' stroke="#999"/>']
    for i, count in enumerate(counts):
        if count:
            height = max(3, LOST_HEIGHT * count / most)
            parts.append(rectangle(t.x(i * step), y + LOST_HEIGHT - height, 3, height, LOST_COLOUR,
                                   f"{count} lost"))
    return parts, y + LOST_HEIGHT


def draw_axis(t, top, y):
    parts = []
    every = max(1, round(t.length / 12))
    for second in range(0, int(t.length) + 1, every):
        x = t.x(second)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + 4}" stroke="#999"/>')
        parts.append(text_at(x, y + 17, f"{second} s", "middle", 11, "#777"))
    for i, (when, text) in enumerate(t.marks):
        x = t.x(when)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 6}" y2="{y}" stroke="#333"'
                     ' stroke-dasharray="3 3"/>')
        parts.append(text_at(x + 3, top - 9 - 13 * (i % 2), text, size=12))
    return parts


def to_svg(t):
    top = 66
    states, y = draw_states(t, top)
    latency, y = draw_latency(t, y + GAP)
    lost, bottom = draw_lost(t, y)
    parts = [text_at(16, 24, t.title, size=16, colour="#111"), *states, *latency, *lost,
             *draw_axis(t, top, bottom)]
    height = bottom + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            f' font-family="sans-serif">\n<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


LETTERS = {"UP": "=", "ABSORB": "a", "SUSPECT": "?", "DRAIN": "d", "DOWN": ".", "PROBATION": "p",
           "FORCED_DOWN": ".", "FORCED_UP": "=", "HOLD": "h", "READY": "r", "INIT": " "}


def median(values):
    return sorted(values)[len(values) // 2] if values else None


def to_text(t, columns=72):
    """A line a node, a letter for each column of time; then latency and losses."""
    step = t.length / columns
    lines = [t.title, ""]
    for when, text in t.marks:
        lines.append(" " * (10 + int(when / step)) + "| " + text)
    for node in sorted(t.states):
        letters = [" "] * columns
        for start, end, state in t.spans(node):
            for i in range(int(start / step), min(columns, int(end / step) + 1)):
                letters[i] = LETTERS.get(state, "#")
        lines.append(f"  node {node}  " + "".join(letters))
    buckets = [[] for _ in range(columns + 1)]
    for when, ms, _ in t.queries:
        if ms is not None and 0 <= when <= t.length:
            buckets[int(when / step)].append(ms)
    worst = [max(bucket, default=None) for bucket in buckets[:columns]]
    lines.append("  worst   " + "".join(
        " " if ms is None else "_" if ms < 20 else "-" if ms < 100 else "^" for ms in worst))
    lines.append("  lost    " + "".join("x" if count else " " for count in t.lost_in(step)[:columns]))
    lost = sum(1 for _, ms, _ in t.queries if ms is None)
    usual = median([ms for _, ms, _ in t.queries if ms is not None])
    lines += ["", f"  0 s{'':{columns + 2}}{t.length:.0f} s",
              "  = up   ? suspect   d drain   . down   p probation   a absorb   blank: no server",
              "  worst answer: _ below 20 ms   - below 100 ms   ^ more;   x: lost queries", "",
              f"  {len(t.queries)} queries, {lost} lost"
              + ("" if usual is None else f", median {usual:.2f} ms")]
    return "\n".join(lines) + "\n"
