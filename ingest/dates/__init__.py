"""The dates of notes and of their passages, each with where it was read and how far it can be trusted."""

from __future__ import annotations

from ingest.dates.note import Facts, dated, document_dates
from ingest.dates.parse import parse
from ingest.dates.passage import FROM, passages

__all__ = ["FROM", "Facts", "dated", "document_dates", "parse", "passages"]
