"""Whose tab it is: what Gradio keeps by a tab's session hash, and what it sends there, belongs to one user."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Scope

_MOST = 10_000
_NAMES = re.compile(r"/gradio_api/(?:queue/(?:join|data)|cancel)/?$")
_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)")


class Tabs:
    """The tabs that were opened, each with the user who came with it first; the oldest are forgotten."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, str] = OrderedDict()

    def belong(self, scope: Scope, body: bytes, user: str) -> bool:
        """Whether every tab that a request speaks of is this user's, or new and so theirs from now on."""
        return all(self._belongs(tab, user) for tab in _named(scope, body))

    def _belongs(self, tab: str, user: str) -> bool:
        owner = self._users.setdefault(tab, user)
        self._users.move_to_end(tab)
        if len(self._users) > _MOST:
            self._users.popitem(last=False)
        return owner == user


def _named(scope: Scope, body: bytes) -> Iterator[str]:
    if found := _HEARTBEAT.match(scope["path"]):
        yield found[1]
    if not _NAMES.match(scope["path"]):
        return
    yield from parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", ())
    try:
        said = json.loads(body or b"null")
    except ValueError:
        return
    if isinstance(said, dict) and isinstance(said.get("session_hash"), str):
        yield said["session_hash"]
