"""Line plots as SVG: a few points, a logarithmic x axis, a y axis that begins at nothing."""

import math
from collections.abc import Mapping
from html import escape

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 480, 260, 60, 40, 30
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


def plot(title: str, unit: str, lines: Mapping[str, Mapping[float, float]]) -> str:
    """Draws named lines of x -> y; every x must be above zero."""
    points = [(x, y) for line in lines.values() for x, y in line.items()]
    first, last = (math.log10(bound(x for x, _ in points)) for bound in (min, max))
    top = (max(y for _, y in points) or 1) * 1.1

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - first) / ((last - first) or 1)
        return LEFT + across * (WIDTH - LEFT - 20), HEIGHT - BELOW - y / top * (
            HEIGHT - BELOW - ABOVE
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-size="13">{escape(title)}</text>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        _, y = place(points[0][0], top * share)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * share:.3g}</text>'
        )
    for x in sorted({x for x, _ in points}):
        at, _ = place(x, 0)
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - 24}" text-anchor="middle">{_short(x)}</text>'
        )
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}" fill="#555">{escape(unit)}</text>')
    for index, (name, line) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        spots = [place(x, y) for x, y in sorted(line.items())]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"><title>'
            f"{escape(name)}</title></polyline>"
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
        parts.append(
            f'<text x="{WIDTH - 20}" y="{18 + 13 * index}" text-anchor="end" fill="{colour}">'
            f"{escape(name)}</text>"
        )
    return "".join([*parts, "</svg>\n"])


def _short(number: float) -> str:
    exponent = math.log10(number)
    return f"10^{exponent:.0f}" if exponent >= 3 and exponent.is_integer() else f"{number:g}"
