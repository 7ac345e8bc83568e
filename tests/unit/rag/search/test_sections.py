"""Small passages are read as the section that they stand in, which is an exact span of its note."""

from __future__ import annotations

from dataclasses import replace

from rag.search.sections import whole
from rag.types import Chunk, Document, Hit

TEXT = "One two.\n\nThree four.\n\n%%hidden%%\n\nFive six.\n\nSeven."
PLACES = [(0, 8, "A"), (10, 21, "A"), (35, 44, "A"), (46, 52, "B")]


class Notes:
    """One note of four passages; a comment stands between the second and the third."""

    def __init__(self) -> None:
        self.chunks = [
            Chunk(
                "n/a.md", s, e, TEXT[s:e], TEXT[s:e], "T",
                (TEXT.count("\n", 0, s) + 1, TEXT.count("\n", 0, e) + 1), heading=(h,), key=n,
            )
            for n, (s, e, h) in enumerate(PLACES, 1)
        ]  # fmt: skip

    def chunks_of(self, doc_id: str) -> list[Chunk]:
        assert doc_id == "n/a.md"
        return self.chunks

    def document(self, doc_id: str) -> Document | None:
        return Document(doc_id, TEXT, "", "T", "markdown")


def hits(*keys: int) -> list[Hit]:
    """Hits with these passages, best first."""
    chunks = Notes().chunks
    return [Hit(chunks[key - 1], 1 / rank) for rank, key in enumerate(keys, 1)]


def test_a_passage_grows_to_its_section() -> None:
    """Not beyond the heading; what is masked is blank in the body and stays in the text."""
    (found,) = whole(hits(2), Notes())
    assert (found.chunk.start, found.chunk.end, found.chunk.lines) == (0, 44, (1, 7))
    assert found.chunk.text == TEXT[0:44]
    assert len(found.chunk.body) == len(found.chunk.text)
    assert "hidden" not in found.chunk.body
    assert found.chunk.key == 2


def test_hits_of_one_section_become_one() -> None:
    """The best one's place and score."""
    found = whole(hits(4, 3, 1), Notes())
    assert [(hit.chunk.start, hit.score) for hit in found] == [(46, 1.0), (0, 0.5)]


def test_size_limits_a_section_and_the_rest_is_another() -> None:
    """No character is in two of them."""
    found = whole(hits(1, 3), Notes(), size=21)
    assert [(hit.chunk.start, hit.chunk.end) for hit in found] == [(0, 21), (35, 44)]


def test_another_voice_is_another_section() -> None:
    """What a model says is not joined with what its user says."""
    notes = Notes()
    notes.chunks[0] = replace(notes.chunks[0], speaker="user")
    assert whole([Hit(notes.chunks[1], 1.0)], notes)[0].chunk.start == 10


def test_a_note_that_has_changed_is_left_as_it_was_found() -> None:
    """Its passages are others now."""
    notes = Notes()
    (hit,) = hits(2)
    notes.chunks = notes.chunks[:1]
    assert whole([hit], notes) == (hit,)
