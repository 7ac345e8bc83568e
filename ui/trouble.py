"""What goes wrong while a program is served, as one sentence with a status. Logs tell the place, never a note's words."""

from __future__ import annotations

import logging

from rag.errors import BusyError, ConfigError, FootnotesError, GraphError, QuestionError, RootError
from rag.messages import explain, say

_log = logging.getLogger(__name__)
_KINDS: tuple[tuple[type[FootnotesError], int, str], ...] = (
    (QuestionError, 400, "bad_question"),
    (RootError, 409, "conflict"),
    (ConfigError, 409, "misconfigured"),
    (BusyError, 503, "busy"),
    (GraphError, 503, "graph_unavailable"),
    (FootnotesError, 503, "unavailable"),
)


class ApiError(Exception):
    """An error with its HTTP status.

    Args:
        status: of HTTP.
        code: one word for programs.
        line: one sentence for people.
        param: which part of the request is to blame.
    """

    def __init__(self, status: int, code: str, line: str, param: str | None = None) -> None:
        self.status = status
        self.code = code
        self.param = param
        super().__init__(line)


def told(error: Exception) -> ApiError:
    """Any error as one to be told. One that nobody foresaw is logged by its kind and place, without its message."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, FootnotesError):
        status, code = next((status, code) for kind, status, code in _KINDS if isinstance(error, kind))
        return ApiError(status, code, explain(error))
    _log.error("serving failed: %s", _where(error))
    line = say("Something went wrong ({kind}). The server's log says where.", kind=type(error).__name__)
    return ApiError(500, "internal_error", line)


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"
