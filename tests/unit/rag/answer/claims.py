"""Pairs of a passage and a claim about it, drawn from ``tests/data/claims``: true ones, and some with one swap."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ingest.loaders.source import Options
from ingest.prepare import Job, Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.types import Chunk

DATA = Path(__file__).parents[3] / "data"
SEED = 20231015
PAIRS = 300
_SLOT = re.compile(r"\{(\w+):([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim about a passage. ``swapped``: what of it was made false, ``""`` where nothing was."""

    passage: Chunk
    quote: str
    claim: str
    swapped: str
    tuning: bool


@cache
def drawn() -> tuple[Pair, ...]:
    """The pairs, as many true as false; all of one quote are in the same half."""
    facts = yaml.safe_load((DATA / "claims" / "pairs.yaml").read_text("utf-8"))
    rng = random.Random(SEED)
    rng.shuffle(facts)
    half = len(facts) // 2
    found: list[Pair] = []
    for side in (facts[:half], facts[half:]):
        claims = [(fact, claim) for fact in side for claim in fact["claims"]]
        for fact, claim in rng.sample(claims, PAIRS // 4):
            passage, tuning = _passage(fact["note"], fact["quote"]), side[0] is facts[0]
            found.append(Pair(passage, fact["quote"], _filled(claim), "", tuning))
            kind, wrong = _swapped(claim, rng)
            found.append(Pair(passage, fact["quote"], wrong, kind, tuning))
    return tuple(found)


@cache
def paraphrases() -> tuple[tuple[str, str, str], ...]:
    """(source, claim, what was swapped, ``""`` where nothing was): true claims in other words, and all of their swaps."""
    found: list[tuple[str, str, str]] = []
    for fact in yaml.safe_load((DATA / "claims" / "paraphrases.yaml").read_text("utf-8")):
        for claim in fact["claims"]:
            found.append((fact["source"], _filled(claim), ""))
            for at, (kind, values) in enumerate(_SLOT.findall(claim)):
                found += [
                    (fact["source"], _filled(claim, at, wrong), kind) for wrong in values.split("|")[1:]
                ]
    return tuple(found)


def f1(pairs: Sequence[Pair], supported: Sequence[bool]) -> float:
    """Harmonic mean of precision and recall of "supported"."""
    right = sum(said and not pair.swapped for pair, said in zip(pairs, supported, strict=True))
    return 2 * right / (sum(supported) + sum(not pair.swapped for pair in pairs))


def _filled(claim: str, at: int = -1, wrong: str = "") -> str:
    slots = count()
    return _SLOT.sub(lambda m: wrong if next(slots) == at else m[2].split("|")[0], claim)


def _swapped(claim: str, rng: random.Random) -> tuple[str, str]:
    """The kind of a swap, and the claim with it."""
    slots = _SLOT.findall(claim)
    at = rng.randrange(len(slots))
    kind, values = slots[at]
    return kind, _filled(claim, at, rng.choice(values.split("|")[1:]))


@cache
def _passages(note: str) -> tuple[Chunk, ...]:
    found = prepare(
        Job(f"vault/{note}", str(DATA / "vault" / note), None, (0, 0), Options(git=False), strict=False)
    )
    assert isinstance(found, Prepared)
    return found.chunks


def _passage(note: str, quote: str) -> Chunk:
    return next(chunk for chunk in _passages(note) if quote in chunk.text)
