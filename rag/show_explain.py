"""What the terminal shows of a search's stages, and what became of one note in words."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ingest import walk
from rag import present, show
from rag.messages import say
from rag.search import timely

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console

    from rag.types import Hit, Part
    from rag.verdicts import Block, Cause, Difference, Explanation, Verdict

_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "folders": "folder:{}",
        "exclude": "-folder:{}",
        "paths": "path:{}",
        "without_paths": "-path:{}",
        "tags": "tag:{}",
        "without_tags": "-tag:{}",
        "types": "type:{}",
        "without_types": "-type:{}",
        "languages": "lang:{}",
        "phrases": '"{}"',
    }
)


# In words


def message(told: Verdict) -> str:
    """What became of a note, in a sentence or two."""
    said = _MESSAGES[told.cause](told)
    if told.changed and told.cause != "changed":
        said += say(" Its file has changed or gone since the last sync.")
    return said


def remedy(told: Verdict) -> str:
    """What to do about it; empty where nothing can or need be done."""
    if told.cause in {"skipped", "forgotten"}:
        template, values = walk.template_of(told.reason)
        return _REMEDIES_OF_REASONS.get(template, _nothing)({**values, "path": told.id})
    if _is_of_another_time(told):
        return say("Ask for another time, or for none.")
    return _REMEDIES.get(told.cause, _nothing)({"path": told.id, "rank": told.rank})


def plain(told: Verdict) -> dict[str, Any]:
    """The same for ``--json``, beside what it was made from."""
    return present.verdict(told) | {"message": message(told), "remedy": remedy(told)}


def _shown(told: Verdict) -> str:
    return say("It is shown at rank {rank}, by {place}.", rank=told.rank, place=_place(told))


def _changed(told: Verdict) -> str:
    return say(
        "The file has changed since the last sync, and what it says now is not indexed yet: {words}.",
        words=", ".join(told.words),
    )


def _filtered(told: Verdict) -> str:
    if _is_of_another_time(told):
        return say("It is not of the time that is asked for: {time}.", time=_times(told))
    filters = " ".join(written(block) for block in told.blocks)
    return say("The filter {filters} lets none of its passages through.", filters=filters)


def _unlike(told: Verdict) -> str:
    said = say("It has no telling word in common with the question.")
    if told.rank is not None:
        said += say(
            " To the embedding model {count} passages are nearer; the first {limit} are looked at.",
            count=told.rank - 1,
            limit=told.limit,
        )
    elif any(one.stage == "dense" for one in told.standings):
        said += say(" To the embedding model it has nothing to do with it.")
    else:
        said += say(" No embedding model answers that would look for its meaning.")
    return said


def _beyond(told: Verdict) -> str:
    return say(
        "Its best passage stands at rank {rank} in {stage}; of each source the first {limit} are looked at.",
        rank=told.rank,
        stage=told.held,
        limit=told.limit,
    )


def _outranked(told: Verdict) -> str:
    said = say(
        "It is outranked: its best passage ({place}) stands at rank {rank} in {stage}, too low to be shown.",
        place=_place(told),
        rank=told.rank,
        stage=told.held,
    )
    if told.before is not None:
        before, rank = told.before.stage, told.before.rank
        said += say(
            " It was at rank {rank} in {before} until {stage}.", rank=rank, before=before, stage=told.stage
        )
    if any(one.feature == timely.TIME and not one.own for one in told.differences):
        said += say(" No date of it lies in the time that the question speaks of.")
    return said


def _duplicate(told: Verdict) -> str:
    twin = told.above[0].chunk
    before = told.before
    return say(
        "{place} says nearly the same as {twin}, which is shown: {stage} moved it behind all others "
        "(it was at rank {rank} in {before}).",
        place=_place(told),
        twin=show.place(twin.doc_id, twin),
        stage=told.stage,
        rank=before and before.rank,
        before=before and before.stage,
    )


def _unlisted(told: Verdict) -> str:
    return say(
        "It is not on the list of what is asked for: those notes are listed whose words fit {words} about as well as "
        "the best one's, and those in a folder or with a tag of that name.",
        words=", ".join(told.words),
    )


def _is_of_another_time(told: Verdict) -> bool:
    return told.cause == "filtered" and {block.field for block in told.blocks} == {"spans"}


def _times(told: Verdict) -> str:
    return " ".join(written(block) for block in told.blocks)


def _place(told: Verdict) -> str:
    return show.place(told.passage.doc_id, told.passage) if told.passage else show.name(told.id)


def _nothing(_: Mapping[str, Any]) -> str:
    return ""


_MESSAGES: Mapping[Cause, Callable[[Verdict], str]] = MappingProxyType(
    {
        "shown": _shown,
        "no file": lambda told: say("{path}: there is no such file or note.", path=show.name(told.id)),
        "no root": lambda _: say("It lies in no registered folder."),
        "folder": lambda _: say("It is a folder, not a note."),
        "skipped": lambda told: say("It is not read: {reason}.", reason=show.in_words(told.reason)),
        "failed": lambda told: say("It could not be read: {reason}", reason=show.in_words(told.reason)),
        "forgotten": lambda _: say("It was forgotten, as you asked."),
        "unsynced": lambda _: say("No sync has met it yet."),
        "changed": _changed,
        "empty": lambda told: say(
            "It has nothing but its title to be found by; what else stands in it is left out ({reason}).",
            reason=told.reason,
        ),
        "filtered": _filtered,
        "unlike": _unlike,
        "asked": lambda _: say(
            "It is a short question of your own in a conversation, which is near to every question: "
            "it is found by its words only."
        ),
        "beyond": _beyond,
        "outranked": _outranked,
        "duplicate": _duplicate,
        "dropped": lambda told: say(
            "{stage} left it out from rank {rank}.", stage=told.stage, rank=told.rank
        ),
        "unsure": lambda told: say(
            "Its dates say too vaguely that it is of the time that is asked for: {time}.", time=_times(told)
        ),
        "cut": lambda told: say(
            "It is one of those that are asked for, which have {count} passages; not all are shown.",
            count=told.rank,
        ),
        "unlisted": _unlisted,
    }
)
_REMEDIES: Mapping[Cause, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "no file": lambda _: say("`footnotes status --files` lists all notes."),
        "no root": lambda _: say("Register the folder that holds it: footnotes sync DIR"),
        "folder": lambda _: say("Name a file in it; `footnotes status --files` lists all notes."),
        "failed": lambda _: say("Mend the file, then: footnotes sync"),
        "unsynced": lambda _: say("Run: footnotes sync"),
        "changed": lambda _: say("Run: footnotes sync"),
        "empty": lambda values: say("`footnotes why {path}` lists what is left out of it.", **values),
        "filtered": lambda _: say("Ask without this filter."),
        "unlike": lambda _: say("Ask with words of the note."),
        "asked": lambda _: say("Ask with words of the note."),
        "beyond": lambda values: say("Ask with rarer words, or raise search.candidates to {rank}.", **values),
        "outranked": lambda values: say("Ask with rarer words, or for more passages: -k {rank}", **values),
        "duplicate": lambda values: say("Ask for more passages: -k {rank}", **values),
        "cut": lambda values: say("Ask for more passages: -k {rank}", **values),
        "unsure": lambda _: say("Ask for a longer time."),
        "unlisted": lambda _: say("Ask with words of the note."),
    }
)
_REMEDIES_OF_REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        walk.LEFT_OUT: lambda _: say("Change the pattern, then: footnotes sync"),
        walk.NOT_NAMED: lambda _: say("Change sync.include, then: footnotes sync"),
        walk.NEEDS: lambda values: say(
            "Run: pip install 'footnotes[{extra}]', then: footnotes sync", **values
        ),
        walk.TOO_LARGE: lambda _: say("Raise sync.max_file_mb, then: footnotes sync"),
        walk.FORGOTTEN: lambda values: say("Let it be read again: footnotes forget --undo {path}", **values),
    }
)


def written(block: Block) -> str:
    """A filter as it is typed in a question."""
    return " ".join(_one_written(block.field, value) for value in block.values)


def _one_written(field: str, value: Any) -> str:
    if field == "spans":
        return f"{value.first}..{value.last}"
    if field == "conditions":
        return f"{value.name}:{'' if value.operator == '=' else value.operator}{value.value}"
    return _WRITTEN.get(field, field + ":{}").format(value)


# Tables


def explanation(out: Console, told: Explanation) -> None:
    """What was understood, each stage's first passages, then what became of the note."""
    found = told.found
    for part in found.trace.filters:
        out.print(_part(part))
    times: defaultdict[str, float] = defaultdict(float)
    for stage in found.trace.stages:
        times[stage.name] += stage.ms
    for name, hits in found.stages.items():
        out.print(
            say("{stage}: {count} passages, {ms} ms", stage=name, count=len(hits), ms=f"{times[name]:.1f}")
        )
        for row in _rows(hits[: told.k]):
            out.print(row)
    others = [f"{name} {ms:.1f} ms" for name, ms in times.items() if name not in found.stages]
    if others:
        out.print(say("besides: {stages}", stages=", ".join(others)))
    for remark in found.trace.notes:
        show.line(remark)
    if told.verdict is not None:
        out.print()
        verdict(out, told.verdict)


def _part(part: Part) -> str:
    quoted = f" ({part.written})" if part.written and part.written != part.meaning else ""
    return say("understood as {kind}: {meaning}", kind=part.kind, meaning=part.meaning) + quoted


def _rows(hits: Sequence[Hit]) -> Iterator[str]:
    for rank, hit in enumerate(hits, 1):
        told = [f"{name} #{r}" for name, r in hit.ranks.items()]
        told += [f"{name} {value:.3g}" for name, value in hit.features.items()]
        place = show.place(hit.chunk.doc_id, hit.chunk)
        yield f"{rank:>5}  {hit.score:>8.3f}  {place}  ({', '.join(told)})"


def verdict(out: Console, told: Verdict) -> None:
    """What became of a note, where it stands in each stage, and what stands above it."""
    out.print(f"{show.name(told.id)}: {message(told)}")
    if advice := remedy(told):
        out.print(advice)
    standings = [f"{one.stage} {f'#{one.rank}' if one.rank else '-'}" for one in told.standings]
    if standings:
        out.print(say("Ranks: {ranks}", ranks=", ".join(standings)))
    if told.cause == "outranked":
        out.print(say("Above it:"))
        for row in _rows(told.above):
            out.print(row)
    for one in told.differences:
        out.print(_difference(one))


def _difference(found: Difference) -> str:
    said = say(
        "It falls short in {feature}: {own} against {above}",
        feature=found.feature,
        own=f"{found.own:.3g}",
        above=f"{found.above:.3g}",
    )
    meaning = _meaning(found.feature)
    return f"{said}  ({meaning})" if meaning else said


def _meaning(feature: str) -> str:
    """What a feature tells; the names are those of the tables."""
    return {
        "lexical": say("words in common"),
        "dense": say("how near its meaning is"),
        "graph": say("how the notes lead to it"),
        "cosine": say("how near its meaning is"),
        "coverage": say("how much of the question it speaks of"),
        "score": say("what it had before reranking"),
        "window": say("how much of the question one sentence of it speaks of"),
        "echo": say("what it has in common with the best three passages"),
        "chorus": say("what it has in common with the best twenty passages"),
        "rerank": say("what the reranking model thinks of it"),
        timely.TIME: say("how surely it is of the time that the question speaks of"),
    }.get(feature, "")
