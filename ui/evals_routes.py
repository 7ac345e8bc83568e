"""What the evals page does and asks. For our own pages: the guard keeps others away.

A reply is a fragment of HTML or, after an error, one line of text with status 409.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse

from rag.errors import FootnotesError
from rag.evals import kept, verdicts
from rag.messages import explain
from ui import evals_html, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from rag.engine import Engine
    from ui.paths import Paths
    from ui.text import Text
    from ui.trials import Trials

_Name = Annotated[str, Query(pattern=r"^\w[\w.-]{0,199}$")]
_MOST = max(evals_html.COUNTS)


@dataclass(frozen=True, slots=True)
class Evals:
    """The handlers."""

    engine: Engine
    trials: Trials
    paths: Paths

    def add(self, app: FastAPI) -> None:
        """Serve them."""
        for part in (self.questions, self.job, self.report, self.runs, self.compare):
            app.get(f"/evals/{part.__name__}")(part)
        app.post("/evals/do/{act}")(self.do)

    def questions(self, request: Request) -> HTMLResponse:
        """The questions that there are, made or judged."""
        home, name = self.engine.home, f"evals/{kept.OWN}"
        file = self.paths.read_as(home / name) or name
        return self._page(
            request,
            lambda words: evals_html.questions_html(
                kept.own_cases(home), len(verdicts.load(home)), file, words
            ),
        )

    def job(self, request: Request) -> HTMLResponse:
        """What is running, or how the last thing ended."""
        return self._page(request, lambda words: evals_html.job_html(self.trials.state, words))

    def report(self, request: Request) -> HTMLResponse:
        """The last run's figures, as long as the server lives."""
        return self._page(request, lambda words: evals_html.report_html(self.trials.state.report, words))

    def runs(self, request: Request) -> HTMLResponse:
        """The kept runs."""
        return self._page(request, lambda words: evals_html.runs_html(kept.all_of(self.engine.home), words))

    def compare(self, request: Request, before: _Name, now: _Name) -> HTMLResponse:
        """Two kept runs."""

        def made(words: Text) -> str:
            found = kept.between(self.engine.home, before, now)
            known = {case.id: case for case in kept.own_cases(self.engine.home)}
            return evals_html.comparison_html(before, now, found, known, words)

        return self._page(request, made)

    def do(
        self, request: Request, act: str, count: Annotated[int, Body(embed=True, ge=1, le=_MOST)] = 100
    ) -> PlainTextResponse:
        """Make questions, ask them, or stop."""
        acts: dict[str, Callable[[], None]] = {
            "make": lambda: self.trials.make(count),
            "run": self.trials.run,
            "stop": self.trials.stop,
        }
        if act not in acts:
            return PlainTextResponse("", 404)
        try:
            acts[act]()
        except FootnotesError as e:
            return PlainTextResponse(explain(e, self._words(request).language), 409)
        return PlainTextResponse("")

    def _words(self, request: Request) -> Text:
        wanted = request.headers.get("accept-language", "")
        return text.load(text.choose(self.engine.settings.language, wanted))

    def _page(self, request: Request, made: Callable[[Text], str]) -> HTMLResponse:
        words = self._words(request)
        try:
            return HTMLResponse(made(words))
        except FootnotesError as e:
            return HTMLResponse(evals_html.failed_html(e, words))
