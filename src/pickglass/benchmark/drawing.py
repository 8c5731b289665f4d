"""Draws curves of precision over recall as a small SVG, by hand: lines, letters and nothing that runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]  # recall, precision

_WIDTH, _HEIGHT, _LEFT, _TOP, _COLUMNS = 360, 250, 46, 34, 2
_PLOT_WIDTH, _PLOT_HEIGHT = 290, 170
_COLOURS = (
    "#1f5fa8",
    "#c2571a",
    "#3a7d34",
    "#7a4a9c",
)  # told apart by colour-blind people, too: lines are dashed
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_LOWEST = 0.5  # precision at the bottom: what lies below is drawn on the edge


def draw_curves(panels: Mapping[str, Mapping[str, Points]]) -> str:
    """Draw one panel for each set of people, with a line for each way of linking."""
    rows = -(-len(panels) // _COLUMNS)
    width, height = _WIDTH * _COLUMNS, _HEIGHT * rows
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>Precision over recall</title>",
        "<style>text { font: 11px sans-serif }</style>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (title, lines) in enumerate(panels.items()):
        row, column = divmod(number, _COLUMNS)
        parts.append(f'<g transform="translate({column * _WIDTH + _LEFT} {row * _HEIGHT + _TOP})">')
        parts += _frame(title)
        for place, (name, points) in enumerate(lines.items()):
            parts += _line(place, name, points)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _frame(title: str) -> list[str]:
    parts = [
        f'<text x="0" y="-12" style="font: bold 13px sans-serif">{escape(title)}</text>',
        f'<rect width="{_PLOT_WIDTH}" height="{_PLOT_HEIGHT}" fill="none" stroke="#888888"/>',
        f'<text x="{_PLOT_WIDTH}" y="{_PLOT_HEIGHT + 28}" text-anchor="end">recall</text>',
        f'<text transform="translate(-34 {_PLOT_HEIGHT / 2}) rotate(-90)" text-anchor="middle">precision</text>',
    ]
    for step in range(6):
        x, y = _place(step / 5, _LOWEST + step / 5 * (1 - _LOWEST))
        parts.append(f'<text x="{x}" y="{_PLOT_HEIGHT + 14}" text-anchor="middle">{step / 5:g}</text>')
        parts.append(
            f'<text x="-6" y="{y + 4}" text-anchor="end">{_LOWEST + step / 5 * (1 - _LOWEST):g}</text>'
        )
        parts.append(f'<path d="M0 {y}H{_PLOT_WIDTH}" stroke="#e4e4e4"/>')
    return parts


def _line(place: int, name: str, points: Points) -> list[str]:
    colour, dash = _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]
    y = _PLOT_HEIGHT - 10 - 16 * place
    path = " ".join(f"{x},{y}" for x, y in (_place(*point) for point in sorted(points)))
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
    return [
        f'<polyline points="{path}" {style}/>',
        f'<path d="M10 {y - 4}H40" {style}/>',
        f'<text x="46" y="{y}">{escape(name)}</text>',
    ]


def _place(recall: float, precision: float) -> tuple[float, float]:
    height = (max(precision, _LOWEST) - _LOWEST) / (1 - _LOWEST)
    return round(recall * _PLOT_WIDTH, 1), round((1 - height) * _PLOT_HEIGHT, 1)
