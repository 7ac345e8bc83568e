"""Which words the full-text index knows, and which of them stand in passages that filters let through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.store import tokens
from rag.store.lexical_fields import SPELLING, filtered, schema

if TYPE_CHECKING:
    from rag.types import Filters


class Known:
    """The words of one state of the index.

    Args:
        searcher: tantivy's.
        filters: where ``stands`` looks.
    """

    def __init__(self, searcher: Any, filters: Filters) -> None:
        self._searcher = searcher
        self._filters = filters

    def knows(self, term: str) -> bool:
        """Whether a term of ``tokens.words`` is in any passage, filters aside; words that were just deleted may still count."""
        return bool(self._searcher.doc_freq("words", term) > 0)

    def spelt(self, prefix: str) -> list[tuple[str, int]]:
        """Latin words from four letters on, folded and not stemmed, that begin so, with the number of passages that have them.

        Filters aside: ask ``stands`` before one is shown.
        """
        found: list[tuple[str, int]] = self._searcher.terms_with_prefix(SPELLING, prefix)
        return found

    def stands(self, word: str) -> bool:
        """Whether all terms of a word stand in one passage that filters let through, now."""
        import tantivy

        terms = tokens.words(word)
        if not terms or not all(map(self.knows, terms)):
            return False
        clauses = [
            (tantivy.Occur.Must, tantivy.Query.term_query(schema(), "words", term, "basic")) for term in terms
        ]
        wanted = filtered(tantivy.Query.boolean_query(clauses), self._filters)
        return bool(self._searcher.search(wanted, 1, count=False).hits)
