"""Plots as inline SVG, drawn for a light and a dark page: colours are the page's classes ``c0`` to ``c7``.

A stage has the same colour in every plot. Each mark has a title that a pointer shows.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from rag.evals.markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

COLOURS = 8
WIDTH, HEIGHT = 460, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 14, 40
_ROW = (26, 42)  # of a bar, at least and at most
_LABEL = 168  # pixels for a stage's name
_CHAR = 7.3  # width of a digit or a Latin letter, about
_BINS = 32
_DOT, _MOST_DOT = 3.0, 14.0


def bars(values: Mapping[str, float], colours: Mapping[str, int], strong: str) -> Markup:
    """A bar a stage, from 0 to 100 %; ``strong`` is set in bold."""
    row = min(max((HEIGHT - 6) // len(values), _ROW[0]), _ROW[1])
    height = row * len(values) + 6
    width = WIDTH - _LABEL - 56
    rows = []
    for place, (name, value) in enumerate(values.items()):
        y = row * place + 4
        weight = "strong" if name == strong else None
        rows += [
            _text(name, _LABEL - 8, y + row / 2 + 1, anchor="end", class_=weight),
            element("rect", x=_LABEL, y=y, width=width, height=row - 8, rx=3, class_="track"),
            element(
                "rect",
                element("title", f"{name}: {100 * value:.2f} %"),
                x=_LABEL,
                y=y,
                width=max(width * value, 1.0),
                height=row - 8,
                rx=3,
                class_=f"fill c{colours[name] % COLOURS}",
            ),
            _text(f"{100 * value:.1f}", _LABEL + width + 8, y + row / 2 + 1, class_=weight),
        ]
    return _svg(height, rows)


def curves(
    lines: Mapping[str, Mapping[int, float]], colours: Mapping[str, int], strong: str, x_label: str
) -> Markup:
    """A line a stage, over depths on a logarithmic axis."""
    depths = list(next(iter(lines.values())))
    least = min(min(line.values()) for line in lines.values())
    low = min(math.floor(10 * least) / 10, 0.9)
    x = _scale(math.log(depths[0]), math.log(depths[-1]), _LEFT, WIDTH - _RIGHT)
    y = _scale(low, 1.0, HEIGHT - _BOTTOM, _TOP)
    parts = [*_y_axis(low, y), *(_tick_x(str(k), x(math.log(k))) for k in depths), _x_label(x_label)]
    for name in sorted(lines, key=lambda each: each == strong):  # the strong one lies on top
        points = [(x(math.log(k)), y(value)) for k, value in lines[name].items()]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        shade = f"c{colours[name] % COLOURS}"
        parts.append(
            element("polyline", points=path, class_=f"line {shade}{' bold' if name == strong else ''}")
        )
        parts += [
            element(
                "circle",
                element("title", f"{name}, {x_label} = {k}: {100 * value:.2f} %"),
                cx=px,
                cy=py,
                r=_DOT,
                class_=f"fill {shade}",
            )
            for (k, value), (px, py) in zip(lines[name].items(), points, strict=True)
        ]
    return _svg(HEIGHT, parts)


def histogram(values: Sequence[float], marks: Mapping[str, float], x_label: str) -> Markup:
    """How often a value was in each range; what lies beyond the last mark counts in the last bin."""
    top = max(max(marks.values()) * 1.06, 1e-9)
    counts = Counter(min(int(_BINS * value / top), _BINS - 1) for value in values)
    x = _scale(0.0, top, _LEFT, WIDTH - _RIGHT)
    most = max(counts.values())
    y = _scale(0.0, float(most), HEIGHT - _BOTTOM, _TOP + 18)
    wide = x(top / _BINS) - x(0.0)
    parts = [_text(f"{most:,}", _LEFT - 6, y(float(most)) + 4, anchor="end", class_="dim")]
    parts += [_tick_x(f"{value:g}", x(value)) for value in _round_steps(top)]
    parts += [
        element(
            "rect",
            element("title", f"{top * place / _BINS:.1f} – {top * (place + 1) / _BINS:.1f} ms: {count:,}"),
            x=x(top * place / _BINS) + 0.5,
            y=y(float(count)),
            width=wide - 1,
            height=y(0.0) - y(float(count)),
            class_="fill c0",
        )
        for place, count in sorted(counts.items())
    ]
    parts += [mark for name, value in _spread(marks, x) for mark in _mark(name, x(value), y(0.0))]
    parts += [
        element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y(0.0), y2=y(0.0), class_="axis"),
        _x_label(x_label),
    ]
    return _svg(HEIGHT, parts)


def scatter(pairs: Sequence[tuple[float, float]], x_label: str, y_label: str) -> Markup:
    """A dot a pair of values from 0 to 1, larger where several lie; above the diagonal is better."""
    x = _scale(0.0, 1.0, _LEFT + _MOST_DOT, WIDTH - _RIGHT - _MOST_DOT)
    y = _scale(0.0, 1.0, HEIGHT - _BOTTOM - _MOST_DOT, _TOP + _MOST_DOT)
    counts = Counter((round(before, 2), round(now, 2)) for before, now in pairs)
    parts = [
        *_y_axis(0.0, y),
        *(_tick_x(f"{share:.0%}".rstrip("%"), x(share)) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        element("line", x1=x(0.0), y1=y(0.0), x2=x(1.0), y2=y(1.0), class_="diagonal"),
        _x_label(x_label),
        _text(y_label, _LEFT + 6, _TOP + 4, class_="dim"),
    ]
    for (before, now), count in sorted(counts.items(), key=lambda item: -item[1]):
        kind = "better" if now > before else "worse" if now < before else "same"
        parts.append(
            element(
                "circle",
                element("title", f"{100 * before:.0f} → {100 * now:.0f}: {count:,}"),
                cx=x(before),
                cy=y(now),
                r=min(2.6 * math.sqrt(count), _MOST_DOT),
                class_=f"dot {kind}",
            )
        )
    return _svg(HEIGHT, parts)


def legend(names: Sequence[str], colours: Mapping[str, int]) -> Markup:
    """Which colour is which stage."""
    return element(
        "p",
        *(
            element("span", element("i", class_=f"swatch c{colours[name] % COLOURS}"), name, class_="key")
            for name in names
        ),
        class_="legend",
    )


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: start + (end - start) * (value - low) / span


def _svg(height: float, parts: Sequence[Markup]) -> Markup:
    return element("svg", joined(parts), viewBox=f"0 0 {WIDTH} {height}", role="img")


def _text(text: str, x: float, y: float, *, anchor: str | None = None, class_: str | None = None) -> Markup:
    return element("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=class_)


def _y_axis(low: float, y: Callable[[float], float]) -> Iterator[Markup]:
    step = 0.1 if low >= 0.5 else 0.2  # noqa: PLR2004 - half of the axis and less has room for finer steps
    for place in range(round((1 - low) / step) + 1):
        value = 1 - place * step
        yield element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y(value), y2=y(value), class_="grid")
        yield _text(f"{100 * value:.0f}", _LEFT - 6, y(value) + 4, anchor="end", class_="dim")


def _tick_x(text: str, x: float) -> Markup:
    return _text(text, x, HEIGHT - _BOTTOM + 16, anchor="middle", class_="dim")


def _x_label(text: str) -> Markup:
    return _text(text, (_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 6, anchor="middle", class_="dim")


def _round_steps(top: float) -> Iterator[float]:
    """Four to eight round numbers from 0 to the top."""
    rough = max(top, 1e-9) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    for place in range(int(top / step) + 1):
        yield round(place * step, 6)


def _spread(marks: Mapping[str, float], x: Callable[[float], float]) -> Iterator[tuple[str, float]]:
    """Marks whose names do not run into one another: the later ones win."""
    taken = math.inf
    for name, value in sorted(marks.items(), key=lambda item: -item[1]):
        if x(value) + _CHAR * len(name) / 2 < taken:
            taken = x(value) - _CHAR * len(name) / 2 - 4
            yield name, value


def _mark(name: str, x: float, bottom: float) -> Iterator[Markup]:
    yield element("line", x1=x, x2=x, y1=_TOP + 14, y2=bottom, class_="mark")
    yield _text(name, min(x, WIDTH - _CHAR * len(name) / 2), _TOP + 8, anchor="middle")
