"""Errors as the API tells them: a status, and one JSON shape with one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ui.api.replies import ErrorReply
from ui.guard import problem
from ui.trouble import ApiError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

_CODES = {404: "not_found", 405: "method_not_allowed"}
_WHAT = {
    400: "The question cannot be read, or not be answered so.",
    401: "The token of this server is missing.",
    404: "There is no such note.",
    409: "The notes folders do not allow it.",
    413: "The request is too large.",
    422: "The request is not as described here.",
    429: "Too many requests; `Retry-After` says when to come again.",
    503: "It cannot be answered now; another process is writing, or a model fails.",
}


def body_of(error: ApiError) -> dict[str, object]:
    """The JSON of an error."""
    return problem(error.code, str(error), param=error.param)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses have an error in them."""
    return {status: {"model": ErrorReply, "description": _WHAT[status]} for status in statuses}


STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "object"}}}, "description": "The answer"}
}
"""For OpenAPI: the reply may be a stream of events, too."""


def add_handlers(app: FastAPI) -> None:
    """Let an app tell all its errors so."""

    async def ours(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)  # noqa: S101 - as it is registered
        return JSONResponse(body_of(error), error.status)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as it is registered
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        line = f"{where or 'The body'}: {first['msg']}."
        return await ours(request, ApiError(422, "invalid_request", line, where or None))

    async def http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - as it is registered
        code = _CODES.get(error.status_code, "bad_request")
        return JSONResponse(problem(code, f"{error.detail}."), error.status_code, error.headers)

    app.add_exception_handler(ApiError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
