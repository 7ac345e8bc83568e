"""Which words the full-text index knows, and which of them stand in passages that may be found."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from rag.store import tokens
from rag.store.lexical_fields import SPELLING, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Allowed = Callable[[], NDArray[np.int64] | None]
    """Sorted keys of the passages that may be found; None: of all."""

_FEW: Final = 64  # passages with a word that are looked at before all are


class Known:
    """The words of one state of the index.

    Args:
        searcher: tantivy's.
        allowed: asked once, when the first word's passages are looked at.
    """

    def __init__(self, searcher: Any, allowed: Allowed) -> None:
        self._searcher = searcher
        self._ask = allowed

    def knows(self, term: str) -> bool:
        """Whether a term of ``tokens.words`` is in any passage; those that were deleted may still count."""
        return bool(self._searcher.doc_freq("words", term) > 0)

    def spelt(self, prefix: str) -> list[tuple[str, int]]:
        """Latin words from four letters on that begin so, folded and not stemmed, with the number of their passages.

        They may be of any passage: ask ``stands`` before one is shown.
        """
        found: list[tuple[str, int]] = self._searcher.terms_with_prefix(SPELLING, prefix)
        return found

    def stands(self, word: str) -> bool:
        """Whether all terms of a word stand in a passage that is still there and may be found."""
        import tantivy

        terms = tokens.words(word)
        if not terms or not all(map(self.knows, terms)):
            return False
        wanted = tantivy.Query.boolean_query(
            [
                (tantivy.Occur.Must, tantivy.Query.term_query(schema(), "words", term, "basic"))
                for term in terms
            ]
        )
        return any(self._is_one_allowed(wanted, limit) for limit in (_FEW, self._searcher.num_docs))

    def _is_one_allowed(self, wanted: Any, limit: int) -> bool:
        hits = self._searcher.search(wanted, max(limit, 1), count=False).hits
        if self._allowed is None or not hits:
            return bool(hits)
        import numpy as np

        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        return bool(np.isin(keys, self._allowed).any())

    @cached_property
    def _allowed(self) -> NDArray[np.int64] | None:
        return self._ask()
