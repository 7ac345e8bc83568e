"""Training text of a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from tests.unit.rag.models import tiny_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

WORDS = ("cat", "dog", "roof", "rain", "猫", "狗", "屋顶", "雨", "年糕", "w", "x", "y", "z", "。", ".")
FIELDS = {"pairs-parallel": ("a", "b"), "passages-zh": ("text",), "passages-en": ("text",)}


def write(folder: Path, files: Mapping[str, Iterable[tuple[str, ...]]]) -> Path:
    """Write ``NAME.jsonl`` for every kind of file; a row is its source, then its one or two texts."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["pairs-parallel", "pairs-heading-zh", "pairs-heading-en", "pairs-qa-zh", "pairs-qa-en"]
    for name in (*names, "passages-zh", "passages-en"):
        fields = FIELDS.get(name, ("q", "d"))
        lines = [
            json.dumps({"src": source, **dict(zip(fields, texts, strict=True))}, ensure_ascii=False)
            for source, *texts in files.get(name, ())
        ]
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def tokenizer() -> Tokenizer:
    """One token a word of WORDS."""
    return Tokenizer.from_str(json.dumps(tiny_model.tokenizer([tiny_model.UNKNOWN, *WORDS])))
