"""What the notes page does and asks: folders, syncs, the watcher, uploads. For our own pages: the guard keeps others away.

Every reply is a fragment of HTML or, after an error, one line of text with status 409.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from rag.errors import ConfigError, FootnotesError
from rag.messages import explain, say, speaking
from ui import folders, inbox, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from rag.coverage import Story
    from rag.engine import Engine
    from ui.job import Job
    from ui.text import Text
    from ui.watching import Watching

_FILES = 200  # files that are shown at first
_MOST = 20_000
_ANYBODYS = {"sync", "stop"}  # what those may do who reach the server from elsewhere


def _refuse() -> None:
    raise FootnotesError("Folders are managed on the server itself: footnotes sync DIR, footnotes roots")


@dataclass(frozen=True, slots=True)
class Acts:
    """The handlers.

    Attributes:
        is_local: only this machine can reach the server, so that who sits here may name any of its folders.
    """

    engine: Engine
    job: Job
    watching: Watching
    is_local: bool

    def add(self, app: FastAPI) -> None:
        """Serve them."""
        app.get("/notes/folders")(self.folders)
        app.get("/notes/job")(self.running)
        app.get("/notes/files")(self.files)
        app.get("/notes/why")(self.why)
        app.post("/notes/do/{act}")(self.do)
        app.post("/notes/upload")(self.upload)

    def folders(self, request: Request) -> HTMLResponse:
        """The registered folders."""
        return self._page(
            request,
            lambda words: folders.folders_html(
                self.engine.roots(),
                self.engine.catalogue.counts_by_root(),
                words,
                is_local=self.is_local,
            ),
        )

    def running(self, request: Request) -> HTMLResponse:
        """The sync that is running, or how the last one ended."""
        return self._page(
            request, lambda words: folders.job_html(self.job.state, words, is_local=self.is_local)
        )

    def files(
        self,
        request: Request,
        q: str = "",
        status: str = "",
        most: Annotated[int, Query(ge=1, le=_MOST)] = _FILES,
    ) -> HTMLResponse:
        """Files and what became of them."""
        return self._page(
            request, lambda words: folders.files_html(self.engine.files(), q, status, most, words)
        )

    def why(self, request: Request, id: str) -> HTMLResponse:  # noqa: A002 - the name in the URL
        """One file's story; only of files that the catalogue knows."""
        if self.engine.catalogue.record(id) is None:
            return HTMLResponse("", 404)
        return self._page(request, lambda _: folders.story_html(self._story(id)))

    def _story(self, doc_id: str) -> Story:
        told = self.engine.why(doc_id)
        return told if self.is_local else replace(told, path=None)  # where it lies is the server's own affair

    def do(
        self,
        request: Request,
        act: str,
        root: Annotated[str, Body()] = "",
        value: Annotated[str, Body()] = "",
    ) -> PlainTextResponse:
        """Change something: add, rename, remove, sync, accept, stop, watch."""
        acts: dict[str, Callable[[], object]] = {
            "add": lambda: self._add(value),
            "rename": lambda: self.engine.rename_root(root, value.strip()),
            "remove": lambda: self.engine.remove_root(root),
            "sync": lambda: self._sync(root, accept=False),
            "accept": lambda: self._sync(root, accept=True),
            "stop": self.job.stop,
            "watch": lambda: self.watching.switch(on=value == "on"),
        }
        if act not in acts:
            return PlainTextResponse("", 404)
        return self._done(request, acts[act] if self.is_local or act in _ANYBODYS else _refuse)

    async def upload(self, request: Request, name: str) -> PlainTextResponse:
        """Keep a file in the inbox and read it."""
        from anyio import to_thread

        data = await request.body()
        return await to_thread.run_sync(lambda: self._done(request, lambda: self._put(name, data)))

    def _put(self, name: str, data: bytes) -> None:
        folder = inbox.folder_of(self.engine)
        if folder is None:
            raise ConfigError(
                "No folder for uploads is set. Set ui.inbox to a folder inside a registered one."
            )
        path = inbox.put(folder, name, data)
        self.engine.sync(paths=[path])

    def _add(self, path: str) -> None:
        if not path.strip():
            raise FootnotesError("Name a folder.")
        root = self.engine.add_root(Path(path.strip()))
        self._sync(root.name, accept=False)

    def _sync(self, root: str, *, accept: bool) -> None:
        if not self.job.start([root] if root else None, accept_deletions=accept):
            raise FootnotesError("A sync is running. Wait for its end, or stop it.")

    def _words(self, request: Request) -> Text:
        return text.load(
            text.choose(self.engine.settings.language, request.headers.get("accept-language", ""))
        )

    def _page(self, request: Request, made: Callable[[Text], str]) -> HTMLResponse:
        words = self._words(request)
        with speaking(words.language):
            return HTMLResponse(made(words))

    def _done(self, request: Request, act: Callable[[], object]) -> PlainTextResponse:
        with speaking(self._words(request).language):
            try:
                act()
            except FootnotesError as e:
                return PlainTextResponse(explain(e), 409)
            except OSError as e:
                return PlainTextResponse(say("That failed: {reason}", reason=e.strerror or str(e)), 409)
            return PlainTextResponse("")
