"""What one document says, read by rules: names, properties, written aliases. No language model, no input or output.

Names come from what their author marked (links, 《》, code, addresses), from capitals in Latin script and from a
tagger's parts of speech in Chinese; ``Mention.confidence`` says how far each can be trusted. A value of a property
that names something is a mention with the property's span beside its relation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph.model import Facts
    from rag.types import Chunk, Document

VERSION: Final = "2"
"""Changes with every rule: documents read under another version are read anew."""


def facts(document: Document, chunks: Sequence[Chunk]) -> Facts:
    """What a document says; the same for the same document, always."""
    from graph.extract import reading  # rules and word lists, which a search need not load

    return reading.facts(document, chunks)
