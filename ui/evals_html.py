"""The evals page: questions, a run under way, its figures, kept runs, two of them compared. Pure functions, safe HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.evals import charts, own, ranked, runs
from rag.evals.metrics import heading
from rag.messages import explain
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rag.evals.cases import Case
    from rag.evals.kept import Difference, Kept
    from rag.evals.own import Outcome, OwnReport
    from rag.evals.significance import Paired
    from ui.text import Text
    from ui.trials import State

COUNTS = (50, 100, 200)
DECIDES = "ndcg@10"
_SHARES = ("cited", "answered", "avoided", "abstained")
_WORST = 10
_FOUND = 3


def frame_html(words: Text) -> str:
    """The page without its parts, which its script asks for."""
    counts = "".join(
        f'<option value="{count}"{" selected" if count == COUNTS[1] else ""}>{count}</option>'
        for count in COUNTS
    )
    return (
        f'<section id="evals" class="evals" data-away="{words("search.away")}"><h2>{words("evals.title")}</h2>'
        f'<p class="fine">{words("evals.lead")}</p><div data-part="questions"></div>'
        f'<p class="do"><label>{words("evals.count")} <select data-part="count">{counts}</select></label>'
        f'<button type="button" class="act" data-act="make">{words("evals.make")}</button>'
        f'<button type="button" class="act" data-act="run">{words("evals.run")}</button></p>'
        f'<p data-part="trouble" class="bad" role="alert"></p><div data-part="job" aria-live="polite"></div>'
        f'<div data-part="report"></div><div data-part="runs"></div><div data-part="comparison" tabindex="-1"></div></section>'
    )


def questions_html(cases: Sequence[Case], verdicts: int, file: str, words: Text) -> str:
    """How many questions there are, of which kinds, and how to review them; or what they are for."""
    if not cases:
        return f'<div class="teach"><p>{words("evals.none")}</p><p class="fine">{words("evals.none_note")}</p></div>'
    kinds: dict[str, int] = {}
    for case in cases:
        kinds[case.kind] = kinds.get(case.kind, 0) + 1
    listed = ", ".join(f"{escape(kind)} {count:,}" for kind, count in sorted(kinds.items()))
    kept, dropped = (sum(case.keep is keep for case in cases) for keep in (True, False))
    facts = (
        words.count("evals.questions", len(cases)),
        listed,
        words("evals.reviewed", kept=f"{kept:,}", dropped=f"{dropped:,}"),
        words.count("evals.verdicts", verdicts),
    )
    return f'<p>{" · ".join(facts)}</p><p class="fine">{words("evals.review", file=f"<code>{escape(file)}</code>")}</p>'


def job_html(state: State, words: Text) -> str:
    """What is being done, or how the last thing ended."""
    if state.running:
        label = words(
            f"evals.{'making' if state.doing == 'make' else 'asking'}",
            done=state.done,
            total=state.total or "…",
        )
        value = f' value="{state.done}" max="{state.total}"' if state.total else ""
        stop = words("evals.stopping") if state.stopped else words("evals.stop")
        return (
            f'<p data-running class="evals-job"><progress aria-label="{escape(label)}"{value}></progress> <span>{label}</span> '
            f'<button type="button" class="act" data-act="stop"{" disabled" if state.stopped else ""}>{stop}</button></p>'
        )
    if state.error is not None:
        return f'<p class="bad">{escape(_reason(state.error, words))}</p>'
    if state.stopped:
        return f"<p>{words('evals.stopped', done=state.done, total=state.total)}</p>"
    if state.doing == "make":
        return f"<p>{words.count('evals.made', state.added)}</p>"
    if state.doing == "run":
        return f"<p>{words('evals.done', seconds=f'{state.seconds:.1f}', name=escape(state.name))}</p>"
    return ""


def report_html(report: OwnReport | None, words: Text) -> str:
    """Figures by kind of question, stages of the search as bars, and the questions that found least."""
    if report is None:
        return ""
    stale = f"<p>{words.count('evals.stale', len(report.stale))}</p>" if report.stale else ""
    return f"<h3>{words('evals.last')}</h3>{_kinds(report, words)}{stale}{_stages(report, words)}{_worst(report, words)}"


def runs_html(found: Sequence[Kept], words: Text) -> str:
    """The kept runs, of which two can be compared."""
    if not found:
        return ""
    rows = [
        (
            f'<td><label><input type="radio" name="before" value="{escape(run.name)}"{_checked(place == 1)}>'
            f'<span class="sr">{words("evals.before", name=escape(run.name))}</span></label></td>'
            f'<td><label><input type="radio" name="now" value="{escape(run.name)}"{_checked(place == 0)}>'
            f'<span class="sr">{words("evals.now", name=escape(run.name))}</span></label></td>'
            f"<td>{escape(run.name)}</td><td>{run.written:%Y-%m-%d %H:%M}</td>"
            + "".join(_number(cell) for cell in _summary(run))
        )
        for place, run in enumerate(found)
    ]
    head = (
        words("evals.col.before"),
        words("evals.col.now"),
        words("evals.col.name"),
        words("evals.col.written"),
    )
    numbers = (words("evals.col.questions"), heading(DECIDES))
    compare = (
        f'<p><button type="button" class="compare">{words("evals.compare")}</button></p>'
        if len(found) > 1
        else ""
    )
    return f"<h3>{words('evals.runs')}</h3>{_table(head, numbers, rows)}{compare}"


def comparison_html(
    before: str, now: str, found: Sequence[Difference], cases: Mapping[str, Case], words: Text
) -> str:
    """Means, gains and their p values; a dot a question; the questions that lost and won most."""
    title = words("evals.compared", before=escape(before), now=escape(now))
    return f"<h3>{title}</h3>" + "".join(_difference(each, cases, words) for each in found)


def failed_html(error: Exception, words: Text) -> str:
    """Why there is nothing to show."""
    return f'<p class="bad" role="alert">{escape(_reason(error, words))}</p>'


def _reason(error: Exception, words: Text) -> str:
    from rag.errors import FootnotesError

    if isinstance(error, FootnotesError):
        return explain(error, words.language)
    return words("unexpected", kind=type(error).__name__)


def _kinds(report: OwnReport, words: Text) -> str:
    kinds = report.kinds()
    names = [name for name in (*ranked.NAMES, *_SHARES) if any(name in means for means in kinds.values())]
    rows = [
        f"<td>{escape(words('evals.all') if kind == own.ALL else kind)}</td>{_number(format(int(means['questions']), ','))}"
        + "".join(_number(_percent(means.get(name))) for name in names)
        for kind, means in kinds.items()
    ]
    columns = [_metric(name, words) for name in names]
    return _table((words("evals.col.kind"),), (words("evals.col.questions"), *columns), rows)


def _stages(report: OwnReport, words: Text) -> str:
    """Each stage's list by the metric that decides."""
    means = {stage: ranked.mean(values)[DECIDES] for stage, values in report.per_question.items() if values}
    if not means:
        return ""
    colours = {stage: place for place, stage in enumerate(means)}
    bars = charts.bars(means, colours, own.FINAL)
    return f"<figure><figcaption>{words('evals.stages', metric=heading(DECIDES))}</figcaption>{bars}</figure>"


def _worst(report: OwnReport, words: Text) -> str:
    worst = report.worst(_WORST)
    if not worst:
        return f"<p>{words('evals.perfect', metric=heading(DECIDES))}</p>" if report.per_question else ""
    return f"<h4>{words('evals.worst')}</h4>" + "".join(_outcome(one, words) for one in worst)


def _outcome(one: Outcome, words: Text) -> str:
    rank = words("evals.rank", rank=one.rank) if one.rank else words("evals.unfound")
    wanted = "".join(f"<li>{_note(gold.note)}{_quoted(gold.quote)}</li>" for gold in one.case.gold)
    found = "".join(f"<li>{_note(note)}</li>" for note in one.found[:_FOUND])
    return (
        f'<details class="worst"><summary><span dir="auto">{escape(one.case.question)}</span> <em class="badge">{rank}</em></summary>'
        f"<p>{words('evals.wanted')}</p><ul>{wanted}</ul><p>{words('evals.found')}</p><ol>{found or '<li>-</li>'}</ol>"
        f"<p>{_ask(one.case.question, words)}</p></details>"
    )


def _difference(each: Difference, cases: Mapping[str, Case], words: Text) -> str:
    compared = each.compared
    rows = [
        f"<td>{escape(_metric(name, words))}</td>"
        + "".join(map(_number, runs.cells(both)))
        + _number(f"{both.p:.4f}")
        + _verdict(both, words)
        for name, both in compared.metrics.items()
    ]
    numbers = (words("evals.col.before"), words("evals.col.now"), words("evals.col.gain"), "p")
    table = _table((words("evals.col.metric"),), numbers, rows, (words("evals.col.verdict"),))
    left = f"<p>{words.count('evals.uncompared', each.uncompared)}</p>" if each.uncompared else ""
    decides = DECIDES if DECIDES in compared.metrics else next(iter(compared.metrics))
    before = list(compared.before[decides].values())
    now = [was + gain for was, gain in zip(before, compared.differences[decides], strict=True)]
    plot = charts.scatter(
        list(zip(before, now, strict=True)), escape(words("evals.col.before")), escape(words("evals.col.now"))
    )
    caption = words("evals.scatter", metric=heading(decides))
    return (
        f"<p>{escape(compared.set)} · {words.count('evals.questions', len(before))}</p>{table}{left}"
        f'<p class="fine">{words("evals.chance")}</p><figure><figcaption>{caption}</figcaption>{plot}</figure>'
        + _moved(each, decides, cases, words)
    )


def _moved(each: Difference, metric: str, cases: Mapping[str, Case], words: Text) -> str:
    """The questions that changed most, losses first."""
    gains = dict(zip(each.report.marks, each.compared.differences[metric], strict=True))
    moved = sorted(
        (query for query, gain in gains.items() if round(gain, 4)), key=lambda query: (gains[query], query)
    )
    shown = [*moved[:_WORST], *[query for query in moved[-_WORST:] if query not in moved[:_WORST]]]
    if not shown:
        return f"<p>{words('evals.unmoved')}</p>"
    items = "".join(_gain(query, gains[query], cases.get(query), words) for query in shown)
    return f'<h4>{words("evals.moved")}</h4><ul class="moved">{items}</ul>'


def _gain(query: str, gain: float, case: Case | None, words: Text) -> str:
    said = (
        f'<span dir="auto">{escape(case.question)}</span> {_ask(case.question, words)}'
        if case
        else f"<code>{escape(query)}</code>"
    )
    return f'<li><b class="{"better" if gain > 0 else "worse"}">{100 * gain:+.0f}</b> {said}</li>'


def _ask(question: str, words: Text) -> str:
    from urllib.parse import urlencode

    return f'<a href="search?{escape(urlencode({"q": question}))}">{words("evals.look")}</a>'


def _note(doc_id: str) -> str:
    from urllib.parse import urlencode

    return f'<a href="graph?{escape(urlencode({"note": doc_id}))}"><bdi>{escape(doc_id)}</bdi></a>'


def _quoted(quote: str) -> str:
    return f": <q>{escape(quote)}</q>" if quote else ""


def _summary(run: Kept) -> tuple[str, str]:
    """How many questions, and what decides; the mean over sets where there are several."""
    values = [value for one in run.reports if (value := one.stages[one.headline].get(DECIDES)) is not None]
    return f"{sum(len(one.marks) for one in run.reports):,}", _percent(
        sum(values) / len(values) if values else None
    )


def _verdict(both: Paired, words: Text) -> str:
    kind = {"gain": "better", "loss": "worse"}.get(both.verdict, "")
    return f'<td class="{kind}">{words(f"evals.{both.verdict}") if both.verdict else ""}</td>'


def _metric(name: str, words: Text) -> str:
    return words(f"evals.share.{name}") if name in _SHARES else heading(name)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _checked(is_so: bool) -> str:
    return " checked" if is_so else ""


def _number(text: str) -> str:
    return f'<td class="number">{text}</td>'


def _table(
    words: Sequence[str], numbers: Sequence[str], rows: Iterable[str], after: Sequence[str] = ()
) -> str:
    """Columns of words, then of numbers; all of it is markup already."""
    head = [f"<th>{each}</th>" for each in words]
    head += [f'<th class="number">{each}</th>' for each in numbers]
    head += [f"<th>{each}</th>" for each in after]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{"".join(head)}</tr></thead><tbody>{body}</tbody></table></div>'
