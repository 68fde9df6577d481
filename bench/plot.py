"""Line charts as SVG: no library, both axes logarithmic."""
import math

COLOURS = ["#1f4e79", "#b03a2e", "#1e8449", "#7d3c98", "#b9770e", "#566573", "#117a65"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 380, 70, 170, 36, 46


def words(value):
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"


def decades(least, greatest):
    return [10.0 ** i for i in range(math.floor(math.log10(least)), math.ceil(math.log10(greatest)) + 1)]


def draw(path, title, x_title, lines):
    """`lines`: name to [(x, y)], all above 0."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return
    xs, ys = decades(min(p[0] for p in points), max(p[0] for p in points)), \
        decades(min(p[1] for p in points), max(p[1] for p in points))
    if len(xs) == 1:
        xs.append(xs[0] * 10)
    if len(ys) == 1:
        ys.append(ys[0] * 10)

    def x(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(value / xs[0]) / math.log(xs[-1] / xs[0])

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(value / ys[0]) / math.log(ys[-1] / ys[0])

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
           f'<text x="{LEFT}" y="20">{title}</text>']
    for value in xs:
        out.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{words(value)}</text>')
    for value in ys:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{words(value)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{x_title}</text>')
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        trace = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{trace}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{TOP + 14 + 18 * i}" fill="{colour}">{name}</text>')
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as to:
        to.write("\n".join(out) + "\n")
