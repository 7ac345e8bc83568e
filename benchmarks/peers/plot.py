"""The growth curves as SVG: one small plot a figure, one line a pipeline, both axes logarithmic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from benchmarks.peers.pipelines import PIPELINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

_PANELS = (
    ("ingest_mb_s", "Ingest, MB/s (more is better)"),
    ("resync_s", "One edit until searchable, s"),
    ("p50_ms", "Query p50, ms"),
    ("p95_ms", "Query p95, ms"),
    ("cold_s", "Cold start to an answer, s"),
    ("query_rss_mb", "Memory of a process that answers, MB"),
    ("ingest_rss_mb", "Memory of ingest, MB"),
    ("disk_mb", "Disk, MB"),
)
# Okabe and Ito's colours, which colour-blind readers tell apart.
_COLOURS = {"Footnotes": "#0072b2", "LlamaIndex": "#d55e00", "LangChain": "#009e73"}
_DASHES = ("", "6 3", "2 3")
_WIDTH, _HEIGHT, _COLUMNS = 300, 220, 4
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 34, 14, 34
_HEAD = 84
_DECADE = 10.0


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis from ``low`` to ``high``, which are powers of ten, onto pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        part = math.log10(value / self.low) / math.log10(self.high / self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self) -> list[float]:
        first, last = round(math.log10(self.low)), round(math.log10(self.high))
        return [_DECADE**power for power in range(first, last + 1)]


def render(cells: Mapping[str, Any]) -> str:
    """The plot of all growth cells; valid XML with any number of them."""
    names = [name for name in PIPELINES if any(key.startswith(f"growth/{name}/") for key in cells)]
    panels = [
        _panel(title, {name: _points(cells, name, figure) for name in names}, index)
        for index, (figure, title) in enumerate(_PANELS)
    ]
    width, height = _WIDTH * _COLUMNS, _HEAD + _HEIGHT * math.ceil(len(_PANELS) / _COLUMNS)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif">',
            "<title>Footnotes, LlamaIndex and LangChain as the notes grow</title>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            _text(16, 22, "As the notes grow: Footnotes, LlamaIndex, LangChain", size=15, weight=600),
            *_legend(names),
            *panels,
            "</svg>",
            "",
        ]
    )


def _points(cells: Mapping[str, Any], name: str, figure: str) -> Points:
    found = ((key.split("/"), cell) for key, cell in cells.items() if figure in cell)
    return sorted((float(key[2]), float(cell[figure])) for key, cell in found if key[:2] == ["growth", name])


def _style(name: str) -> str:
    family = PIPELINES[name].family
    place = [each for each, entry in PIPELINES.items() if entry.family == family].index(name)
    return f'stroke="{_COLOURS[family]}" stroke-dasharray="{_DASHES[place]}"'


def _legend(names: Iterable[str]) -> Iterable[str]:
    for index, name in enumerate(names):
        x, y = 16 + _WIDTH * (index % _COLUMNS), 44 + 18 * (index // _COLUMNS)
        yield f'<line x1="{x}" y1="{y}" x2="{x + 34}" y2="{y}" stroke-width="2" {_style(name)}/>'
        yield _text(x + 42, y + 4, name)


def _panel(title: str, lines: Mapping[str, Points], index: int) -> str:
    left, top = _WIDTH * (index % _COLUMNS), _HEAD + _HEIGHT * (index // _COLUMNS)
    everything = [point for points in lines.values() for point in points]
    inside: list[str] = []
    if everything:
        x = _axis([each for each, _ in everything], _LEFT, _WIDTH - _RIGHT)
        y = _axis([each for _, each in everything], _HEIGHT - _BOTTOM, _TOP)
        inside = [*_grid(x, y), *(_line(name, points, x, y) for name, points in lines.items() if points)]
    return "\n".join(
        [f'<g transform="translate({left} {top})">', _text(_LEFT, 20, title, weight=600), *inside, "</g>"]
    )


def _axis(values: Sequence[float], start: float, end: float) -> _Axis:
    low = math.floor(math.log10(max(min(values), 1e-6)))
    high = max(math.ceil(math.log10(max(*values, 1e-6))), low + 1)
    return _Axis(_DECADE**low, _DECADE**high, start, end)


def _grid(x: _Axis, y: _Axis) -> Iterable[str]:
    for value in y.ticks():
        at = y.at(value)
        yield f'<line x1="{x.start}" y1="{at:.1f}" x2="{x.end}" y2="{at:.1f}" stroke="#ddd"/>'
        yield _text(x.start - 6, at + 4, _short(value), anchor="end")
    for value in x.ticks():
        at = x.at(value)
        yield f'<line x1="{at:.1f}" y1="{y.start}" x2="{at:.1f}" y2="{y.start + 4}" stroke="#888"/>'
        yield _text(at, y.start + 16, _short(value), anchor="middle")
    yield _text(x.end, y.start + 29, "passages", anchor="end", colour="#666")


def _line(name: str, points: Points, x: _Axis, y: _Axis) -> str:
    places = [(x.at(a), y.at(max(b, y.low))) for a, b in points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    dots = "".join(
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{_COLOURS[PIPELINES[name].family]}"/>'
        for a, b in places
    )
    return f'<polyline points="{path}" fill="none" stroke-width="2" {_style(name)}><title>{escape(name)}</title></polyline>{dots}'


def _short(value: float) -> str:
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 11,
    weight: int = 400,
    anchor: str = "start",
    colour: str = "#222",
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(text)}</text>'
    )
