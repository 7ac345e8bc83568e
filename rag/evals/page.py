"""The report as one HTML file that needs nothing else: no script, no network, plots inside.

Notes may hold anything, so every text is escaped as it is put in, and the page's own policy forbids what it does not use.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rag.evals import charts, metrics, runs
from rag.evals.markup import Markup, element, joined, raw
from rag.evals.worst import worst
from rag.messages import language, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rag.evals.report import EvalReport
    from rag.evals.runs import Compared
    from rag.evals.significance import Paired
    from rag.evals.worst import Worst

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_DEPTHS = (1, 2, 3, 5, 10, 20, 50, 100)
_MARKS = ("p50", "p90", "p95", "p99")
_MB = 1_000_000


def page(reports: Sequence[EvalReport], comparisons: Sequence[Compared], by: str) -> str:
    """The whole file; ``by`` is the metric that decides.

    ``comparisons`` are in the order of the reports, or empty.
    """
    colours = {
        stage: place
        for place, stage in enumerate(dict.fromkeys(stage for each in reports for stage in each.per_question))
    }
    title = say("Retrieval, measured")
    body = [
        element("h1", title),
        _lead(reports, by),
        _summary(reports),
        *([_compared(comparisons)] if comparisons else ()),
        *(
            _set(each, by, colours, comparisons[place] if comparisons else None)
            for place, each in enumerate(reports)
        ),
        _facts(reports[0]),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", raw(Path(__file__).with_suffix(".css").read_text("utf-8"))),
    ]
    whole = element("html", element("head", *head), element("body", *body), lang=language())
    return f"<!doctype html>\n{whole}\n"


def _lead(reports: Sequence[EvalReport], by: str) -> Markup:
    facts = reports[0].facts.to_json()
    known = (
        facts["started"],
        f"Footnotes {facts['code']['version']} ({facts['code'].get('commit', facts['code']['sha256'])})",
        facts["models"].get("embedder", say("lexical only")),
        say("split: {split}", split=reports[0].split),
        say("decided by {metric}", metric=metrics.heading(by)),
    )
    return element("p", " · ".join(known), class_="facts")


def _summary(reports: Sequence[EvalReport]) -> Markup:
    names = tuple(dict.fromkeys(name for each in reports for name in each.metrics))
    rows = [
        element(
            "tr",
            element("td", element("a", each.set, href=f"#{_anchor(each)}") if place == 0 else ""),
            element("td", stage),
            *(_number(f"{100 * means[name]:.1f}" if name in means else "") for name in names),
            _number(f"{each.latency_ms['p50']:.1f}" if stage == each.headline else ""),
            _number(f"{each.latency_ms['p95']:.1f}" if stage == each.headline else ""),
            class_="strong" if stage == each.headline else None,
        )
        for each in reports
        for place, (stage, means) in enumerate(each.stages.items())
    ]
    headings = (*map(metrics.heading, names), "p50 ms", "p95 ms")
    return _table((say("set"), say("stage")), headings, rows)


def _compared(comparisons: Sequence[Compared]) -> Markup:
    rows = [
        _paired_row(*((each.set, each.stage) if place == 0 else ("", "")), name, both)
        for each in comparisons
        for place, (name, both) in enumerate(each.metrics.items())
    ]
    if len(comparisons) > 1:
        rows += [
            _paired_row("" if place else say("mean"), "", name, both)
            for place, (name, both) in enumerate(runs.means(comparisons))
        ]
    return joined(
        (
            element("h2", say("Against '{run}'", run=comparisons[0].run)),
            element(
                "p",
                say("p: two-sided paired randomisation test; a verdict stands where p < 0.05."),
                class_="dim",
            ),
            _table(
                (say("set"), say("stage"), say("metric")),
                (say("before"), say("now"), say("gain"), "p", ""),
                rows,
            ),
        )
    )


def _paired_row(name: str, stage: str, metric: str, both: Paired) -> Markup:
    kind = {"gain": "better", "loss": "worse"}.get(both.verdict)
    verdict = {"gain": say("gain"), "loss": say("loss")}.get(both.verdict, "")
    return element(
        "tr",
        *(element("td", cell) for cell in (name, stage, metrics.heading(metric))),
        *(_number(cell) for cell in runs.cells(both)),
        _number(f"{both.p:.4f}"),
        element("td", verdict, class_=kind),
    )


def _set(report: EvalReport, by: str, colours: Mapping[str, int], compared: Compared | None) -> Markup:
    index = report.facts.index
    known = [
        say("{count:,} documents", count=report.documents),
        say("{count:,} questions", count=report.queries),
        say("index {size:.1f} MB", size=index.bytes / _MB),
    ]
    if index.seconds is not None:
        known.append(say("built in {seconds:.1f} s", seconds=index.seconds))
    return element(
        "section",
        element("h2", report.set, id=_anchor(report)),
        element("p", " · ".join(known), class_="dim"),
        element("div", *_figures(report, by, colours, compared), class_="plots"),
        *_worst(worst(report, by, compared), by),
    )


def _figures(
    report: EvalReport, by: str, colours: Mapping[str, int], compared: Compared | None
) -> Iterator[Markup]:
    heading, strong = metrics.heading(by), report.headline
    scores = {stage: means[by] for stage, means in report.stages.items()}
    yield _figure(say("{metric} by stage", metric=heading), charts.bars(scores, colours, strong))
    yield _figure(
        say("Recall by depth"),
        charts.curves(_recall(report), colours, strong, "k"),
        charts.legend(list(report.per_question), colours),
    )
    times = list(report.latency.values())
    marks = {name: report.latency_ms[name] for name in _MARKS}
    yield _figure(say("Time of a search"), charts.histogram(times, marks, "ms"))
    if compared and by in compared.before:
        pairs = list(zip(compared.before[by].values(), report.values(report.headline, by), strict=True))
        better, worse = sum(now > was for was, now in pairs), sum(now < was for was, now in pairs)
        yield _figure(
            say("{metric} of each question", metric=heading),
            charts.scatter(pairs, compared.run, say("now")),
            element(
                "p",
                element("span", say("{count} better", count=better), class_="key better"),
                element("span", say("{count} worse", count=worse), class_="key worse"),
                element("span", say("{count} the same", count=len(pairs) - better - worse), class_="key dim"),
                class_="legend",
            ),
        )


def _recall(report: EvalReport) -> dict[str, dict[int, float]]:
    names = {f"recall@{depth}": depth for depth in _DEPTHS}
    qrels = {query: report.data.qrels[query] for query in report.latency}
    found: dict[str, dict[int, float]] = {}
    for stage, ranked in report.rankings.items():
        means = metrics.mean(metrics.per_question(qrels, ranked, tuple(names)), tuple(names))
        found[stage] = {depth: means[name] for name, depth in names.items()}
    return found


def _worst(questions: Sequence[Worst], by: str) -> Iterator[Markup]:
    if not questions:
        yield element("p", say("Every question has a perfect {metric}.", metric=metrics.heading(by)))
        return
    yield element(
        "h3",
        say("The {count} worst questions by {metric}", count=len(questions), metric=metrics.heading(by)),
    )
    for each in questions:
        yield _question(each)


def _question(each: Worst) -> Markup:
    was = None
    if each.before is not None and round(each.before, 4) != round(each.value, 4):
        kind = "better" if each.value > each.before else "worse"
        was = element("span", " ", say("before: {value:.1f}", value=100 * each.before), class_=kind)
    right = {one.row for one in each.right}
    return element(
        "details",
        element(
            "summary",
            element("span", f"{100 * each.value:.1f}", class_="value"),
            each.text,
            element("span", f" {each.id}", class_="dim"),
            was,
        ),
        element(
            "div",
            element("p", element("b", say("Right")), class_="dim"),
            element(
                "ul",
                *(
                    element(
                        "li", f"{one.title or one.row} ", element("code", one.row), f" · {_rank(one.rank)}"
                    )
                    for one in each.right
                ),
            ),
            element("p", element("b", say("Found")), class_="dim"),
            element(
                "ol",
                *(
                    element(
                        "li",
                        element("b", hit.title or hit.row),
                        " ",
                        element("code", hit.row),
                        element("div", hit.snippet, class_="dim"),
                        class_="right" if hit.row in right else None,
                    )
                    for hit in each.shown
                ),
            ),
        ),
    )


def _rank(rank: int | None) -> str:
    return say("not found") if rank is None else say("rank {rank}", rank=rank)


def _facts(report: EvalReport) -> Markup:
    """What the figures depend on, as in the JSON."""
    facts = report.facts.to_json()
    rows = [
        (f"{part}.{name}", value)
        for part in ("code", "machine", "models", "settings")
        for name, value in facts[part].items()
    ]
    rows += [("seed", facts["seed"])]
    terms = [cell for name, value in rows for cell in (element("dt", name), element("dd", value))]
    return joined((element("h2", say("What the figures depend on")), element("dl", *terms)))


def _anchor(report: EvalReport) -> str:
    return f"set-{report.data.root}"


def _figure(title: str, *parts: Markup) -> Markup:
    return element("figure", element("h3", title), *parts)


def _number(text: str) -> Markup:
    return element("td", text, class_="number")


def _table(words: Sequence[str], numbers: Sequence[str], rows: Sequence[Markup]) -> Markup:
    head = element(
        "tr",
        *(element("th", heading) for heading in words),
        *(element("th", heading, class_="number") for heading in numbers),
    )
    return element(
        "div", element("table", element("thead", head), element("tbody", *rows)), class_="wide", tabindex=0
    )
