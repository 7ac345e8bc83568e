"""OpenAI's protocol: other clients talk to the notes as to a model called ``footnotes``.

Nothing is sent before it is checked: a marker that a model invented must not stand on somebody's screen. While the answer
is being written, comments keep the connection alive.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from rag import present
from rag.answer.question import asks_in_chinese
from rag.messages import say, speaking
from rag.types import IN_LINES, Turn
from ui.api.errors import STREAMED, body_of, documented
from ui.api.replies import Citation as CitationReply
from ui.trouble import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fastapi import FastAPI

    from rag.engine import Engine
    from rag.types import Answer, Citation
    from ui.work import Work

MODEL = "footnotes"
_ALIVE_S = 10.0
_MARKER = re.compile(r"\[(\d{1,4})\]")
_PIECES = re.compile(r"\S*\s*")
_LONGEST_QUOTE = 200


class TextPart(BaseModel):
    """A part of a message."""

    type: Literal["text"]
    text: str = Field(max_length=8000)


class Message(BaseModel):
    """One message of a conversation. Only what users ask counts; system prompts and old answers are not obeyed."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """All of its text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class ChatBody(BaseModel):
    """A conversation, as OpenAI's clients send it. What is about sampling is accepted and has no effect."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": MODEL, "messages": [{"role": "user", "content": "When did we move to Berlin?"}]}
            ]
        },
    )
    model: str = Field(max_length=200, description=f"`{MODEL}`")
    messages: list[Message] = Field(min_length=1, max_length=500)
    stream: StrictBool = False

    def question(self) -> str:
        """The last thing that the user said."""
        return next((m.text.strip() for m in reversed(self.messages) if m.role == "user"), "")

    def history(self) -> list[Turn]:
        """What the user asked before."""
        asked = [m.text.strip() for m in self.messages if m.role == "user"]
        return [Turn(question) for question in asked[:-1] if question][-8:]


class Model(BaseModel):
    """A model, as OpenAI lists it."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = MODEL


class Models(BaseModel):
    """There is one."""

    object: Literal["list"] = "list"
    data: list[Model] = [Model()]


class Choice(BaseModel):
    """The answer: `message.annotations` says which characters of `message.content` cite what."""

    index: int = 0
    message: dict[str, Any]
    finish_reason: Literal["stop"] = "stop"


class Completion(BaseModel):
    """A reply in OpenAI's shape; `citations` are ours."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[Choice]
    citations: list[CitationReply]


def add(app: FastAPI, engine: Engine, work: Work) -> None:
    """Add the routes."""

    @app.get("/models")
    async def models() -> Models:
        """The models: `footnotes`."""
        return Models()

    @app.get("/models/{model}", responses=documented(404))
    async def model(model: str) -> Model:
        """One model."""
        _need_model(model)
        return Model()

    @app.post(
        "/chat/completions",
        responses=documented(400, 404, 409, 422, 503) | STREAMED,
        response_model=Completion,
    )
    async def completions(body: ChatBody) -> Any:
        """An answer from the notes; markers [n] in it, footnotes below it, and the same as annotations."""
        _need_model(body.model)
        question = body.question()
        if not question:
            raise ApiError(400, "no_question", say("No message of the user asks anything."), "messages")
        if not engine.roots():
            raise ApiError(409, "conflict", say("There are no notes yet. Name a folder: footnotes sync DIR"))
        asked = work.run(partial(engine.ask, question, history=body.history()))
        key, created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        if body.stream:
            return StreamingResponse(
                _chunks(asyncio.ensure_future(asked), key, created), media_type="text/event-stream"
            )
        answer = await asked
        message = {"role": "assistant", "refusal": None, **_content(answer)}
        cited = [CitationReply.model_validate(present.citation(c)) for c in answer.citations]
        return Completion(id=key, created=created, choices=[Choice(message=message)], citations=cited)


def _need_model(name: str) -> None:
    if name != MODEL:
        line = say("There is no model {name!r} here, only {model}.", name=name, model=MODEL)
        raise ApiError(404, "model_not_found", line, "model")


async def _chunks(asked: asyncio.Future[Answer], key: str, created: int) -> AsyncIterator[str]:
    def chunk(delta: dict[str, Any], reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        head = {"id": key, "object": "chat.completion.chunk", "created": created, "model": MODEL}
        return f"data: {json.dumps({**head, 'choices': [choice]}, ensure_ascii=False)}\n\n"

    try:
        yield chunk({"role": "assistant", "content": ""})
        while not (await asyncio.wait({asked}, timeout=_ALIVE_S))[0]:
            yield ": still writing\n\n"
        content = _content(asked.result())
        for piece in filter(None, _PIECES.findall(content["content"])):
            yield chunk({"content": piece})
        yield chunk({"annotations": content["annotations"]}, "stop")
    except ApiError as e:
        yield f"data: {json.dumps(body_of(e), ensure_ascii=False)}\n\n"
    finally:
        asked.cancel()
    yield "data: [DONE]\n\n"


def _content(answer: Answer) -> dict[str, Any]:
    """Text with its footnotes below, and an annotation for each marker in the text."""
    cited = {c.marker: c for c in answer.citations}
    annotations = [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": found.start(),
                "end_index": found.end(),
                "url": cited[int(found[1])].uri,
                "title": cited[int(found[1])].title,
            },
        }
        for found in _MARKER.finditer(answer.text)
        if int(found[1]) in cited
    ]
    with speaking("zh" if asks_in_chinese(answer.question) else "en"):
        doubt = (
            f"\n\n{say('The notes may not say this. It is the nearest that they do.')}"
            if answer.doubtful
            else ""
        )
    return {"content": answer.text + _footnotes(answer.citations) + doubt, "annotations": annotations}


def _footnotes(citations: Sequence[Citation]) -> str:
    return "".join(
        f"{'' if i else chr(10)}\n[{c.marker}] {c.doc_id}{_place(c)} — {_short(c.quote)}"
        for i, c in enumerate(citations)
    )


def _place(cited: Citation) -> str:
    if cited.page:
        return f" #{cited.page}"
    return f":{cited.lines[0]}" if cited.format in IN_LINES else ""


def _short(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"
