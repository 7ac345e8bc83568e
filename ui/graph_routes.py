"""What the graph's page asks the server: private routes, which only its own script calls.

They are no part of the API at ``/v1``: they may change with the page.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header, Query
from fastapi.responses import FileResponse, JSONResponse

from rag import graph_pictures
from rag.errors import FootnotesError, GraphError
from rag.messages import explain
from ui import graph_html, graph_json, text
from ui.trouble import ApiError, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.responses import Response

    from rag.engine import Engine
    from ui.paths import Paths
    from ui.text import Text
    from ui.work import Work

_HERE = Path(__file__).parent
_SCRIPTS = {"cytoscape": _HERE / "vendor" / "cytoscape.min.js", "drawing": _HERE / "drawing.js"}
_PERIOD = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"
_Name = Annotated[str, Query(min_length=1, max_length=2000)]
_Typed = Annotated[str, Query(max_length=200)]
_Kinds = Annotated[str, Query(max_length=100)]
_Period = Annotated[str, Query(pattern=_PERIOD)]
_Language = Annotated[str, Header(alias="accept-language")]


def add(app: FastAPI, engine: Engine, work: Work, paths: Paths) -> None:
    """Add the routes below ``/graph/``."""

    def words_of(language: str) -> Text:
        return text.load(text.choose(engine.settings.language, language))

    for name, script in _SCRIPTS.items():
        app.get(f"/graph/{name}.js")(partial(_script, script))

    @app.get("/graph/names")
    async def names(q: _Typed = "", accept_language: _Language = "") -> Response:
        words = words_of(accept_language)
        return await _told(work, lambda: graph_json.names(engine, q, words), words)

    @app.get("/graph/near")
    async def near(
        name: _Name,
        depth: Annotated[int, Query(ge=1, le=max(graph_pictures.DEPTHS))] = 1,
        limit: Annotated[int, Query(ge=2, le=graph_pictures.MOST)] = 40,
        nodes: _Kinds = "",
        edges: _Kinds = "",
        since: _Period = "",
        until: _Period = "",
        accept_language: _Language = "",
    ) -> Response:
        words = words_of(accept_language)
        view = graph_pictures.View(
            depth,
            limit,
            _among(nodes, graph_html.NODE_KINDS),
            _among(edges, graph_html.EDGE_KINDS),
            since,
            until,
        )

        def found() -> dict[str, Any]:
            engine.refresh()
            return graph_json.near(engine, _meant(engine, name, words), view, words)

        return await _told(work, found, words)

    @app.get("/graph/node")
    async def node(name: _Name, accept_language: _Language = "") -> Response:
        words = words_of(accept_language)
        return await _told(work, lambda: graph_json.node(engine, _meant(engine, name, words), words), words)

    @app.get("/graph/source")
    async def source(
        doc: _Name,
        start: Annotated[int, Query(ge=0)],
        end: Annotated[int, Query(ge=0)],
        accept_language: _Language = "",
    ) -> Response:
        words = words_of(accept_language)
        return await _told(work, lambda: graph_json.source(engine, paths, doc, (start, end), words), words)


def _script(path: Path) -> FileResponse:
    return FileResponse(path, media_type="text/javascript", headers={"cache-control": "no-cache"})


def _meant(engine: Engine, name: str, words: Text) -> str:
    """The node that is called so."""
    try:
        return engine.graph.names.find(name).id
    except GraphError as e:
        raise ApiError(404, "not_found", explain(e, words.language)) from e


def _among(said: str, known: tuple[Any, ...]) -> frozenset[Any]:
    """Those of the names, separated by commas, that there are."""
    return frozenset(said.split(",")).intersection(known)


async def _told(work: Work, call: Callable[[], dict[str, Any]], words: Text) -> Response:
    """What was found, or one sentence in the reader's language."""

    def found() -> dict[str, Any]:
        try:
            return call()
        except FootnotesError as e:
            trouble = told(e)
            raise ApiError(trouble.status, trouble.code, explain(e, words.language)) from e

    try:
        return JSONResponse(await work.run(found), headers={"cache-control": "no-store"})
    except ApiError as e:
        return JSONResponse({"error": str(e)}, e.status)
