"""Many ask at once: nobody gets an error, and how long they wait is told (`make soak`: 50 for 60 s)."""

from __future__ import annotations

import itertools
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.browser.serving import serving

VAULT = Path(__file__).parents[1] / "data" / "vault"
QUESTIONS = (
    "Which port does Miniflux use on the home server?",
    "猫叫什么名字？",
    "What did I do in March 2022?",
    "外公的手表表盘背面刻了什么字？",
    "When did we move to Berlin?",
)


@pytest.mark.slow
def test_many_ask_at_once(tmp_path: Path, *, soak: bool) -> None:
    """Every reply is an answer with a footnote, or says that the notes do not say."""
    askers, seconds = (50, 60.0) if soak else (8, 3.0)
    shutil.copytree(VAULT, tmp_path / "notes")
    unlimited = {"FOOTNOTES_SERVE__REQUESTS_PER_MINUTE": "0"}  # all of them come from one address
    with serving(tmp_path / "notes", tmp_path / "home", options=["serve"], variables=unlimited) as url:
        httpx.get(f"{url}ready", timeout=60, trust_env=False).raise_for_status()
        end = time.monotonic() + seconds

        def ask(number: int) -> list[float]:
            took: list[float] = []
            with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
                for question in itertools.islice(itertools.cycle(QUESTIONS), number, None):
                    begin = time.monotonic()
                    if begin > end:
                        return took
                    answer = client.post("/v1/ask", json={"question": question}).raise_for_status().json()
                    assert answer["citations"] or answer["abstained"]
                    took.append(time.monotonic() - begin)
            return took

        with ThreadPoolExecutor(askers) as pool:
            waits = sorted(wait for one in pool.map(ask, range(askers)) for wait in one)
    p95 = waits[int(len(waits) * 0.95)]
    p50 = waits[len(waits) // 2]
    told = f"{askers} askers, {len(waits)} answers in {seconds:.0f} s, p50 {p50:.2f} s, p95 {p95:.2f} s"
    print(told)  # noqa: T201 - the figure, which `make soak` shows
    assert len(waits) >= askers
