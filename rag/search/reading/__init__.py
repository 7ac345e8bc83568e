"""What is understood of a question before the search: typed filters, natural dates, lists.

Pure functions of the question and of today. The rules, which take a while to load, are only asked where a cheap look
says that a question may mean more than its words; those of dates only where it may name a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.search.reading.view import may_mean_more
from rag.types import NO_FILTERS, Filters, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date

    from rag.search.reading.titles import Titles


def read(
    question: str,
    *,
    today: date,
    filters: Filters = NO_FILTERS,
    ignore: Collection[str] = (),
    exact_in_sentences: bool = True,
    properties: Callable[[], Collection[str]] | None = None,
    titles: Titles | None = None,
) -> Reading:
    """What a question asks for, and where and when.

    Args:
        question: as it was asked.
        today: what relative dates refer to.
        filters: given beside the question; those that are typed into it are added.
        ignore: the ``written`` words of parts that were switched off: they are plain words again.
        exact_in_sentences: straight double quotes make an exact phrase in a sentence too, where they may as well
            set off a name or a title, not only among words to search for.
        properties: gives the names of the properties that notes have, and is asked only where a question holds what
            looks like a condition on one: on a property that no note has it is plain words, as in ``nginx:latest``.
            Without it every such condition is one.
        titles: gives the names of notes that hold a word in small letters, and is asked only where a question names a
            time: inside such a name it is none; where it is all of one, as of a note ``2018``, it is only preferred.

    Raises:
        QuestionError: a typed filter cannot be read.
    """
    if not may_mean_more(question):
        text = question.strip()
        return Reading(text=text, filters=filters, rest=text)
    from rag.search.reading.reader import understood

    return understood(
        question,
        today,
        filters,
        ignore,
        exact_in_sentences=exact_in_sentences,
        properties=properties,
        titles=titles,
    )
