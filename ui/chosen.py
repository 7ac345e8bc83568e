"""What the settings page does: set, take back, test, find. For our own pages: the guard keeps others away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from rag.errors import FootnotesError
from rag.messages import explain, set_language, speaking
from ui import choices, text
from ui.source import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from rag.engine import Engine
    from ui.text import Text


@dataclass(frozen=True, slots=True)
class Chosen:
    """The handlers.

    Attributes:
        is_local: only this machine can reach the server: nobody else says where notes are sent.
    """

    engine: Engine
    is_local: bool

    def add(self, app: FastAPI) -> None:
        """Serve them."""
        app.get("/settings/choices")(self.choices)
        app.post("/settings/do/set")(self.set)
        app.post("/settings/do/test")(self.test)
        app.post("/settings/do/find")(self.find)

    def choices(self, request: Request) -> HTMLResponse:
        """All that can be chosen."""
        words = self._words(request)
        return HTMLResponse(
            choices.choices_html(self.engine.loaded_settings, words, may_change=self.is_local)
        )

    def set(
        self, request: Request, key: Annotated[str, Body()], value: Annotated[str, Body()]
    ) -> PlainTextResponse:
        """Set a setting; an empty value takes the choice back."""
        with speaking(self._words(request).language):
            try:
                self._may()
                if (choice := choices.KNOWN.get(key)) is None:
                    return PlainTextResponse("", 404)
                self.engine.choose(key, choices.read(choice, value))
            except FootnotesError as e:
                return PlainTextResponse(explain(e), 409)
        set_language(self.engine.settings.language)
        return PlainTextResponse("")

    def test(self, request: Request) -> HTMLResponse:
        """Ask the language model's server whether it is there."""
        from rag.models import listing

        return self._told(
            request,
            lambda words: choices.tested_html(listing.language_model(self.engine.settings.llm), words),
        )

    def find(self, request: Request) -> HTMLResponse:
        """Ask the usual ports of this machine for programs that serve models."""
        from rag.models import finding

        return self._told(request, lambda words: choices.found_html(finding.local_servers(), words))

    def _told(self, request: Request, told: Callable[[Text], str]) -> HTMLResponse:
        words = self._words(request)
        with speaking(words.language):
            try:
                self._may()
                return HTMLResponse(told(words))
            except FootnotesError as e:
                return HTMLResponse(escape(explain(e)), 409)

    def _may(self) -> None:
        if not self.is_local:
            raise FootnotesError("Settings are changed on the server itself, in config.yaml.")

    def _words(self, request: Request) -> Text:
        return text.load(
            text.choose(self.engine.settings.language, request.headers.get("accept-language", ""))
        )
