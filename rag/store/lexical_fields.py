"""What a passage and a question look like to the full-text engine: fields, weights, query.

Every text is analysed by ``rag.store.tokens``; tantivy gets the terms, joined by single spaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rag.store import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rag.types import Chunk, Filters, Query

_RUNS: Final = 8  # of neighbouring keys, up to which ranges are quicker than single keys
ANALYSER: Final = "spaced"  # terms come joined by single spaces
SPELLING: Final = "spelling"
_MOST: Final = 256  # terms of a question per field: rarer ones win where someone pastes a page
_MANY: Final = 1_000  # passages from which on it pays to leave out terms that are everywhere,
_EVERYWHERE: Final = 0.8  # that is, in more than this share of them
# Chosen on development questions: docs/decisions/0002-lexical-analysis.md.
WORDS: Final = 1.0
GRAMS: Final = 0.45
_WEIGHTS: Final = {"words": WORDS, "grams": GRAMS, "title_words": 0.3, "title_grams": 0.15}
_WORD_FIELDS: Final = ("words", "title_words")
_COMMON_WEIGHT: Final = 0.25
# Writing each word twice halves BM25's k1, which tantivy fixes at 1.2: f and length double, and
# 2f / (2f + k1 * norm) = f / (f + k1 / 2 * norm).
_REPEATS: Final = 2
_SHORTEST: Final = 4  # letters of a word whose spelling is kept: shorter ones are too much alike


@dataclass(frozen=True, slots=True)
class Beside:
    """Words that one word of a question may also stand for, each with its weight; the best of them counts."""

    words: tuple[tuple[str, float], ...]


class Limit(NamedTuple):
    """Keys of the only passages that may be found; or, where ``is_outside``, of all others. Sorted."""

    keys: NDArray[np.int64]
    is_outside: bool


@cache
def schema() -> Any:
    """Tantivy's schema: the key, the folders, a field for each kind of term, and words as they are spelt."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", indexed=True, fast=True)
    builder.add_text_field("scope", tokenizer_name="raw", index_option="basic")
    for name in _WEIGHTS:
        builder.add_text_field(name, tokenizer_name=ANALYSER, index_option="freq")
    builder.add_text_field(SPELLING, tokenizer_name=ANALYSER, index_option="basic")
    return builder.build()


def document(chunk: Chunk) -> Any:
    """A passage as tantivy's document."""
    import tantivy

    title = tokens.analyse(_titles(chunk))
    body = tokens.analyse(chunk.body)
    found = tantivy.Document()
    found.add_integer("key", chunk.key)
    for scope in _scopes(chunk.doc_id):
        found.add_text("scope", scope)
    found.add_text("words", " ".join((title.words + body.words) * _REPEATS))
    found.add_text("grams", " ".join(title.grams + body.grams))
    found.add_text("title_words", " ".join(title.words))
    found.add_text("title_grams", " ".join(title.grams))
    found.add_text(SPELLING, " ".join(sorted(filter(_is_spelt, {*title.grams, *body.grams}))))
    return found


def _is_spelt(gram: str) -> bool:
    """Whether a gram is a Latin word as it is written; pairs hold an underscore."""
    return len(gram) >= _SHORTEST and gram.isascii() and gram.isalpha()


def _titles(chunk: Chunk) -> str:
    """Title and headings, and the file's name where the title is another: people remember either."""
    name, dot, _ = chunk.doc_id.rpartition("/")[2].rpartition(".")
    return (
        f"{chunk.context} > {name}"
        if dot and name.casefold() not in chunk.context.casefold()
        else chunk.context
    )


def _scopes(doc_id: str) -> list[str]:
    """A document's id and every folder above it."""
    parts = _scope(doc_id).split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _scope(prefix: str) -> str:
    """A filter's prefix as a term; undecodable bytes of a file name become legible escapes."""
    return prefix.strip("/").encode("utf-8", "backslashreplace").decode()


def compile_query(
    searcher: Any, query: Query, limit: Limit | None = None, beside: Sequence[Beside] = ()
) -> Any | None:
    """The question as a tantivy query, or None where it has no terms.

    Args:
        searcher: tells which terms there are.
        query: its folders are obeyed, unless there is a limit, which all filters have become.
        limit: the only passages that may be found.
        beside: what else its words may stand for.
    """
    import tantivy

    analysis = tokens.analyse_query(query.text)
    clauses = [(tantivy.Occur.Should, _best_of(each)) for each in beside]
    for field, weight in _WEIGHTS.items():
        for term in _telling(searcher, field, analysis.words if field.endswith("words") else analysis.grams):
            boost = weight * (_COMMON_WEIGHT if term in tokens.common() else 1.0)
            clauses.append((tantivy.Occur.Should, _term(field, term, boost)))
    if not clauses:
        return None
    scored = tantivy.Query.boolean_query(clauses)
    return _filtered(scored, query.filters) if limit is None else _limited(scored, limit)


def _best_of(beside: Beside) -> Any:
    import tantivy

    words = [(tokens.words(text), weight) for text, weight in beside.words]
    return tantivy.Query.disjunction_max_query(
        [
            tantivy.Query.boost_query(
                tantivy.Query.boolean_query(
                    [
                        (tantivy.Occur.Should, _term(field, term, _WEIGHTS[field]))
                        for field in _WORD_FIELDS
                        for term in terms
                    ]
                ),
                weight,
            )
            for terms, weight in words
        ]
    )


def _term(field: str, term: str, boost: float) -> Any:
    import tantivy

    return tantivy.Query.boost_query(tantivy.Query.term_query(schema(), field, term, "freq"), boost)


def _telling(searcher: Any, field: str, terms: Sequence[str]) -> list[str]:
    """Each known term once, the rarest of very many; none that nearly every passage has, if others remain.

    A term that is everywhere weighs next to nothing, and costs a score for every passage of the index.
    """
    counts = {term: searcher.doc_freq(field, term) for term in dict.fromkeys(terms)}
    known = sorted(filter(counts.__getitem__, counts), key=counts.__getitem__)[:_MOST]
    if searcher.num_docs < _MANY:
        return known
    return [term for term in known if counts[term] <= _EVERYWHERE * searcher.num_docs] or known


def _filtered(scored: Any, filters: Filters) -> Any:
    """Limit a query to folders; filters add nothing to a score, and alone find nothing."""
    import tantivy

    def within(prefixes: Sequence[str]) -> Any:
        return tantivy.Query.term_set_query(schema(), "scope", [_scope(prefix) for prefix in prefixes])

    if not filters.folders and not filters.exclude:
        return scored
    clauses = [(tantivy.Occur.Must, scored)]
    if filters.folders:
        inside = tantivy.Query.const_score_query(within(filters.folders), 0.0)
        clauses.append((tantivy.Occur.Must, inside))
    if filters.exclude:
        clauses.append((tantivy.Occur.MustNot, within(filters.exclude)))
    return tantivy.Query.boolean_query(clauses)


def _limited(scored: Any, limit: Limit) -> Any:
    """Limit a query to keys; they add nothing to a score."""
    import tantivy

    among = _among(limit.keys)
    if limit.is_outside:
        clause = (tantivy.Occur.MustNot, among)
    else:
        clause = (tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0))
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, scored), clause])


def _among(keys: NDArray[np.int64]) -> Any:
    """Passages of these keys: by ranges where few runs of neighbours hold them all."""
    import numpy as np
    import tantivy

    borders = np.flatnonzero(np.diff(keys) > 1) + 1
    if len(borders) >= _RUNS:
        return tantivy.Query.term_set_query(schema(), "key", keys.tolist())
    runs = np.split(keys, borders) if len(keys) else []
    kind = tantivy.FieldType.Integer
    ranges = [tantivy.Query.range_query(schema(), "key", kind, int(run[0]), int(run[-1])) for run in runs]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in ranges])
