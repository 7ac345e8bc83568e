"""A plan by a model behind a real socket, over a real index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rag.engine import Engine
from rag.search.plan import planned
from rag.types import Query
from tests.integration.llm_server import LLMServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "From which city does the director of the film about the harbour come?"
PARTS = ["Who directed the film about the harbour?", "Where was Marguerite Dufresne born?"]
NOTES = {
    "film.md": "# Quayside\n\nThe film about the harbour was directed by Marguerite Dufresne.",
    "person.md": "# Dufresne\n\nMarguerite Dufresne was born at Saint-Malo.",
    **{f"{n}.md": f"# City {n}\n\nA director was in the city, and a film was shown." for n in range(12)},
}


def test_parts_find_what_the_question_does_not(tmp_path: Path) -> None:
    """The second note shares too little with the question; the server sees the question and no note."""
    vault = tmp_path / "vault"
    vault.mkdir()
    for name, text in NOTES.items():
        (vault / name).write_text(text, "utf-8")
    with LLMServer(Reply(json.dumps({"questions": PARTS}))) as server:
        settings = {"embedding.model": "none", "graph.weight": 0, "llm.url": server.url, "llm.model": "m"}
        with Engine.open(tmp_path / "home", settings=settings) as engine:
            engine.add_root(vault)
            engine.sync()
            assert engine.generator is not None
            plain = engine.search(QUESTION, 3)
            found = planned(
                lambda text: engine.search(text, 3), engine.generator.llm.stream, Query(QUESTION), 3
            )
    assert "Dufresne" not in {hit.chunk.title for hit in plain.hits}
    assert {"Quayside", "Dufresne"} <= {hit.chunk.title for hit in found.hits}
    assert found.trace.stages[0].note == " | ".join(PARTS)
    assert "Dufresne" not in server.requests[0].prompt


def test_answers_are_planned_where_the_settings_say_so(tmp_path: Path) -> None:
    """The plan is a stage of the answer; without the setting nothing is planned."""
    vault = tmp_path / "vault"
    vault.mkdir()
    for name, text in NOTES.items():
        (vault / name).write_text(text, "utf-8")
    with LLMServer(Reply(json.dumps({"questions": PARTS}))) as server:
        settings = {"embedding.model": "none", "graph.weight": 0, "llm.url": server.url, "llm.model": "m"}
        stages = {}
        for is_planned in (True, False):
            with Engine.open(tmp_path / "home", settings={**settings, "search.plan": is_planned}) as engine:
                engine.add_root(vault)
                engine.sync()
                stages[is_planned] = [stage.name for stage in engine.ask(QUESTION, k=3).trace.stages]
    assert stages[True].count("plan") == 1
    assert stages[True].count("lexical") == 1 + len(PARTS)
    assert "plan" not in stages[False]
