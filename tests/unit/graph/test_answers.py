"""What values of properties are compared as."""

from __future__ import annotations

import pytest

from graph.answers import is_day, number_of, predicate_key


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9", 9), ("8.5/10", 8.5), ("９分", 9), ("-3", -3), ("★★★★☆", 4), ("⭐⭐", 2), ("good", None), ("", None),
        ("v2", None),
    ],
)  # fmt: skip
def test_numbers(text: str, number: float | None) -> None:
    """The number that a value begins with, or its stars."""
    assert number_of(text) == number


def test_days() -> None:
    """ISO 8601, from the year's month on; a bare number is no day."""
    assert all(map(is_day, ("2023-05", "2023-05-01", "2023-05-01T12:00", "2023-05-01 12:00")))
    assert not any(map(is_day, ("2023", "9", "-3", "2023/05/01", "May")))


def test_names_of_properties() -> None:
    """Case, width, underscores and hyphens do not count."""
    assert predicate_key("Date_Watched") == predicate_key("date-watched") == predicate_key("ｄate  watched ")
