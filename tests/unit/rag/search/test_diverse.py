"""No note fills the list, no passage stands twice among the first; nothing is dropped."""

from __future__ import annotations

from rag.search.diverse import diverse
from rag.types import Chunk, Hit

LONG = "The heating valve in the hall must be opened by hand every autumn before the first frost"


def hit(key: int, doc_id: str, body: str, score: float) -> Hit:
    """A hit with this body."""
    return Hit(Chunk(doc_id, 0, len(body), body, body, "T", (1, 1), key=key), score)


def keys(hits: tuple[Hit, ...]) -> list[int]:
    """Of the hits, in order."""
    return [one.chunk.key for one in hits]


def test_a_note_fills_no_more_than_its_share() -> None:
    """The third passage of a note comes after the other notes' first; scores still fall."""
    bodies = ["apples", "pears", "plums", "cherries"]
    hits = [hit(n, "n/a.md", body, 1 - n / 10) for n, body in enumerate(bodies)]
    found = diverse([*hits, hit(9, "n/b.md", "figs", 0.2)], 2, 10)
    assert keys(found) == [0, 1, 9, 2, 3]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_near_duplicates_come_last() -> None:
    """The same words in another note say nothing new."""
    hits = [hit(1, "n/a.md", LONG, 0.9), hit(2, "n/b.md", f"{LONG}!", 0.8), hit(3, "n/c.md", "Plums", 0.1)]
    assert keys(diverse(hits, 4, 10)) == [1, 3, 2]


def test_other_numbers_are_other_news() -> None:
    """Two readings of a meter differ in nothing else, and both count."""
    hits = [hit(n, f"n/{n}.md", f"{LONG}, meter {n}00 at noon", 1 - n / 10) for n in (1, 2)]
    assert keys(diverse([*hits, hit(3, "n/c.md", "Plums", 0.1)], 4, 10)) == [1, 2, 3]


def test_short_passages_may_be_alike() -> None:
    """Two diary entries that say "rain again" are of two days."""
    hits = [hit(1, "n/a.md", "Rain again", 0.9), hit(2, "n/b.md", "Rain again", 0.8)]
    assert keys(diverse(hits, 1, 10)) == [1, 2]


def test_without_repetition_nothing_moves() -> None:
    """The very same hits."""
    hits = [hit(n, f"n/{n}.md", f"word{n}", 1 - n / 10) for n in range(5)]
    assert diverse(hits, 1, 10) == tuple(hits)


def test_what_is_not_shown_is_not_looked_at() -> None:
    """Of three alike, the third stands behind the one that is shown, and in its order."""
    bodies = (LONG, f"{LONG}!", "Plums", f"{LONG}?", "Figs")
    hits = [hit(n, f"n/{n}.md", body, 1 - n / 10) for n, body in enumerate(bodies)]
    assert keys(diverse(hits, 4, 2)) == [0, 2, 1, 3, 4]


def test_chinese_passages_are_alike_by_their_pairs_of_signs() -> None:
    """One sign in forty differs; the same signs in another order are another text."""
    text = "暖气阀门在走廊里每年秋天第一次霜冻之前必须用手打开否则整个冬天客厅都会很冷而且水管可能冻裂"
    twin, other = hit(2, "n/b.md", text.replace("裂", "坏"), 0.8), hit(3, "n/c.md", text[::-1], 0.7)
    assert keys(diverse([hit(1, "n/a.md", text, 0.9), twin, other], 4, 10)) == [1, 3, 2]
