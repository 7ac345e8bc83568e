"""Which filter keeps a note's passages out: found by leaving each field out, whatever fields there are."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from rag.explaining import blocking
from rag.show_explain import written
from rag.types import Condition, Filters, Span
from rag.verdicts import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.store.catalogue import Catalogue

APRIL = Span(date(2022, 4, 1), date(2022, 4, 30))
RATED = Condition("rating", ">", "4")


class FakeCatalogue:
    """Lets through what every value of every field lets through; values that are not named let all through."""

    def __init__(self, lets: dict[Any, set[int]]) -> None:
        self._lets = lets

    def allowed_keys(self, filters: Filters) -> NDArray[np.int64]:
        keys = {1, 2, 3, 4}
        for one in fields(filters):
            for value in getattr(filters, one.name):
                keys &= self._lets.get(value, {1, 2, 3, 4})
        return np.array(sorted(keys), dtype=np.int64)


@pytest.mark.parametrize(
    ("lets", "filters", "blocks"),
    [
        ({}, Filters(tags=("cat",)), ()),
        ({"cat": {1}}, Filters(tags=("cat",)), ()),
        ({"cat": {3}}, Filters(tags=("cat", "pet")), (Block("tags", ("cat",)),)),
        ({"pdf": {3}}, Filters(tags=("cat",), types=("pdf",)), (Block("types", ("pdf",)),)),
        (
            {"pdf": {3}, RATED: {4}},
            Filters(types=("pdf",), conditions=(RATED,)),
            (Block("types", ("pdf",)), Block("conditions", (RATED,))),
        ),
        ({APRIL: {4}}, Filters(spans=(APRIL,)), (Block("spans", (APRIL,)),)),
        # each lets one of the two passages through, but not the same one
        (
            {"zh": {1, 3}, "a phrase": {2, 3}},
            Filters(languages=("zh",), phrases=("a phrase",), paths=("x",)),
            (Block("languages", ("zh",)), Block("phrases", ("a phrase",))),
        ),
    ],
)
def test_the_fields_to_blame(lets: dict[Any, set[int]], filters: Filters, blocks: tuple[Block, ...]) -> None:
    """Passages 1 and 2 are the note's."""
    assert blocking(cast("Catalogue", FakeCatalogue(lets)), filters, {1, 2}) == blocks


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Block("tags", ("a", "b/c")), "tag:a tag:b/c"),
        (Block("without_tags", ("a",)), "-tag:a"),
        (Block("conditions", (RATED, Condition("director", "=", "李安"))), "rating:>4 director:李安"),
        (Block("spans", (APRIL,)), "2022-04-01..2022-04-30"),
        (Block("phrases", ("to be",)), '"to be"'),
        (Block("exclude", ("notes/private",)), "-folder:notes/private"),
    ],
)
def test_filters_are_written_as_they_are_typed(block: Block, expected: str) -> None:
    """So that a user finds them in the question."""
    assert written(block) == expected


def test_every_field_of_the_filters_can_be_written() -> None:
    """A field without a form of its own would show its name in the code."""
    special = {"conditions", "spans"}
    for one in fields(Filters):
        if one.name not in special:
            assert not written(Block(one.name, ("v",))).startswith(f"{one.name}:"), one.name
