"""REST: search, ask, explain, related notes, documents, status, sync."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Query
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer

from rag import present
from rag.deep import Step
from rag.errors import GraphError, RootError
from rag.health import Status, version
from rag.messages import explain, say
from rag.types import Answer
from ui import notes
from ui.api import chat, replies, requests
from ui.api.errors import STREAMED, add_handlers, body_of, documented
from ui.trouble import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from rag.engine import Engine
    from ui.work import Work

_QUESTION = documented(400, 409, 422, 503)
_ABOUT = (
    "Ask your notes; every answer carries footnotes. A question may hold filters (`tag:film`, `path:diary`), times and "
    'lists. Every error is `{"error": {"code", "message", ...}}`.'
)


def build(engine: Engine, work: Work, *, has_token: bool) -> FastAPI:
    """The app that is mounted at ``/v1``.

    Args:
        engine: answers.
        work: where it does so.
        has_token: the guard around it asks for a token; the description says so.
    """
    app = FastAPI(
        title="Footnotes",
        version=version(),
        description=_ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,  # its page would be loaded from elsewhere
        redoc_url=None,
        responses=documented(401, 413, 429),  # the guard's
        # for the description only: the guard has judged the token
        dependencies=[Depends(HTTPBearer(auto_error=False))] if has_token else [],
    )
    add_handlers(app)
    _add_questions(app, engine, work)
    _add_notes(app, engine, work)
    _add_upkeep(app, engine, work)
    chat.add(app, engine, work)
    return app


def _add_questions(app: FastAPI, engine: Engine, work: Work) -> None:
    @app.post("/search", responses=_QUESTION)
    async def search(body: requests.SearchBody) -> replies.SearchReply:
        """Passages for a question, best first."""

        def found() -> dict[str, Any]:
            _need_notes(engine)
            return present.retrieval(
                engine.search(
                    body.query, body.k, filters=body.where.filters(), today=body.today, ignore=body.ignore
                )
            )

        return replies.SearchReply.model_validate(await work.run(found))

    @app.post("/ask", responses=_QUESTION | STREAMED, response_model=replies.AnswerReply)
    async def ask(body: requests.AskBody) -> Any:
        """An answer with footnotes; with `stream`, as server-sent events.

        Events: with `deep` each `step`, `{"tool", "input", "found", "note"}`; `piece` with `{"text"}`, a draft whose footnotes are not checked yet; then `answer`, which is what an
        answer without `stream` is; or `error`.
        """
        if body.stream:
            return StreamingResponse(_events(engine, work, body), media_type="text/event-stream")

        def answered() -> dict[str, Any]:
            _need_notes(engine)
            return present.answer(_last(_asked(engine, body)))

        return await work.run(answered)

    @app.post("/explain", responses=documented(400, 404, 409, 422, 503))
    async def explain_(body: requests.ExplainBody) -> replies.ExplainReply:
        """Every stage of a search; with `id`, at which stage that note was lost."""

        def explained() -> dict[str, Any]:
            _need_notes(engine)
            if body.id is not None and engine.catalogue.record(body.id) is None:
                raise _no_note(body.id)
            return present.explanation(engine.explain(body.query, body.id, k=body.k, ignore=body.ignore))

        return replies.ExplainReply.model_validate(await work.run(explained))


def _add_notes(app: FastAPI, engine: Engine, work: Work) -> None:
    @app.get("/related", responses=documented(404, 409, 422, 503))
    async def related(
        id: Annotated[str, Query(min_length=1, max_length=2000, description="a note's id or title")],  # noqa: A002
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
        *,
        unlinked: Annotated[bool, Query(description="only notes that are not linked yet")] = False,
    ) -> replies.RelatedReply:
        """Notes that belong with a note, each with the reason."""

        def found() -> dict[str, Any]:
            _need_notes(engine)
            engine.refresh()
            try:
                node = engine.graph.names.note(id)
            except GraphError as e:
                raise ApiError(404, "not_found", explain(e), "id") from e
            return engine.graph.related(node.id, unlinked=unlinked, limit=limit).to_json()

        return replies.RelatedReply.model_validate(await work.run(found))

    @app.get("/documents/{id:path}", responses=documented(404, 422, 503))
    async def document(id: str, reach: Annotated[requests.Reach, Query()]) -> replies.DocumentReply:  # noqa: A002
        """A note as it was indexed, or a span of it: what a citation or a hit points at."""
        found = await work.run(partial(notes.read, engine, id, reach.start, reach.end))
        if found is None:
            raise _no_note(id)
        return replies.DocumentReply.model_validate(found)


def _add_upkeep(app: FastAPI, engine: Engine, work: Work) -> None:
    @app.get("/status", responses=documented(503))
    async def status() -> Status:
        """What the index holds, and which models it uses."""
        return await work.run(engine.status)

    @app.post("/sync", responses=documented(404, 409, 422, 503))
    async def sync(body: requests.SyncBody) -> replies.SyncReply:
        """Make the index equal the folders. A folder that has lost over half of its notes is refused (409)."""

        def synced() -> dict[str, Any]:
            _need_notes(engine)
            known = {root.name for root in engine.roots()}
            unknown = [name for name in body.roots or () if name not in known]
            if unknown:
                line = say("There is no root called {name!r}.", name=unknown[0])
                raise ApiError(404, "not_found", line, "roots")
            report = engine.sync(body.roots, verify=body.verify, accept_deletions=body.accept_deletions)
            if report.refused:
                raise report.refused[0]
            return report.to_json()

        return replies.SyncReply.model_validate(await work.run(synced))


def _asked(engine: Engine, body: requests.AskBody) -> Iterator[Step | str | Answer]:
    if body.deep and engine.generator is None:  # asking again would not help
        line = say("--deep needs a language model. Set llm.url and llm.model.")
        raise ApiError(400, "no_language_model", line, "deep")
    ask = engine.ask_deep if body.deep else engine.ask_stream
    return ask(
        body.question,
        k=body.k,
        filters=body.where.filters(),
        today=body.today,
        ignore=body.ignore,
        history=[turn.turn() for turn in body.history],
    )


def _last(pieces: Iterator[Step | str | Answer]) -> Answer:
    for piece in pieces:
        if isinstance(piece, Answer):
            return piece
    raise AssertionError  # pragma: no cover - a stream always ends with its answer


async def _events(engine: Engine, work: Work, body: requests.AskBody) -> AsyncIterator[str]:
    try:
        await work.run(partial(_need_notes, engine))
        async with work.pieces(_asked(engine, body)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Answer):
                    yield event("answer", present.answer(piece))
                elif isinstance(piece, Step):
                    yield event("step", asdict(piece))
                else:
                    yield event("piece", {"text": piece})
    except ApiError as e:  # the reply has begun: all that is left is to say so
        yield event("error", body_of(e))


def event(name: str, value: object) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"


def _need_notes(engine: Engine) -> None:
    if not engine.roots():
        raise RootError("There are no notes yet. Name a folder: footnotes sync DIR")


def _no_note(doc_id: str) -> ApiError:
    return ApiError(404, "not_found", say("The index has no note {id!r}.", id=doc_id), "id")
