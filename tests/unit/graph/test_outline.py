"""Sections, as passages tell them."""

from __future__ import annotations

from graph.outline import outline


def test_sections_begin_where_their_headings_stand() -> None:
    """A heading above another has a place of its own; a section goes on in the next passage."""
    passages = [
        (0, (), "Before."),
        (10, ("A", "B"), "# A\n\n## B\n\nText"),
        (30, ("A", "B"), "more"),
        (40, ("A", "C"), "## C\n\nText"),
        (60, ("D",), "# D"),
    ]
    a, b, c, d = (12, "A"), (18, "B"), (43, "C"), (62, "D")
    assert outline(passages) == [(), (a, b), (a, b), (a, c), (d,)]


def test_no_two_sections_begin_at_the_same_place() -> None:
    """Though their headings are not in the text, or are alike."""
    found = outline([(0, ("x", "x", "y"), "x"), (1, ("z",), "z"), (1, ("w",), "")])
    starts = [at for sections in found for at, _ in sections]
    assert len(starts) == len(set(starts))
