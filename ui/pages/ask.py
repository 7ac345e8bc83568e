"""Ask: the chat page. Import it inside ``offline.quiet_import()``: it loads Gradio."""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Iterator, Mapping  # noqa: TC003 - Gradio resolves the annotations of handlers
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.deep import line as line_of
from rag.errors import FootnotesError
from rag.messages import explain, speaking
from rag.store import offers
from rag.types import Answer, Turn
from ui import after, frame, preview, talks, under, view
from ui.access import visitor_of
from ui.pages import shell
from ui.paths import Paths
from ui.views import source_of

if TYPE_CHECKING:
    from rag.conversations import Conversations
    from rag.engine import Engine
    from ui.source import Source
    from ui.text import Text

_log = logging.getLogger(__name__)
_REDRAW = 0.08  # seconds between two drawings of an answer that is being written
_LOOKED_AT = 60  # newest notes that example questions are made of
_REMEMBERED = 8  # turns that a question may lean on


@dataclass(frozen=True, slots=True)
class Talk:
    """What one tab shows: finished turns as HTML, then the turn in hand; and what was asked before."""

    done: tuple[str, ...] = ()
    turn: view.Turn | None = None
    written: str = ""
    shown: str = ""
    history: tuple[Turn, ...] = ()
    answers: tuple[tuple[int, Answer], ...] = ()  # by the turn's number: what can still be judged
    steps: tuple[str, ...] = ()  # of the turn in hand, in words
    user: str = ""  # who asks
    session: str = ""  # the conversation that it is kept in; empty before the first answer

    def ask(self, question: str, user: str = "") -> Talk:
        """Begin a turn; the one before it joins the finished ones."""
        done = (*self.done, self.shown) if self.shown else self.done
        return Talk(
            done,
            view.Turn(len(done) + 1, question),
            history=self.history[-_REMEMBERED:],
            answers=self.answers[-_REMEMBERED:],
            user=user,
            session=self.session,
        )


class Page:
    """Event handlers. One object serves all tabs; what differs between them travels in ``Talk``."""

    def __init__(self, engine: Engine, paths: Paths | None = None) -> None:
        self._engine = engine
        self._paths = paths or Paths()

    def opened(self, request: gr.Request) -> tuple[Any, ...]:
        """A tab was opened: fill in everything that depends on the reader's language and the notes."""
        words = self._words(request)
        return (
            shell.header_html(self._engine, request, words, "ask"),
            self._welcome(request, words),
            gr.update(placeholder=words("placeholder")),
            gr.update(value=words("new")),
            frame.hint_html(words),
            under.under_html(self._offers(), preview.goes_to(self._engine), words),
        )

    def ask(
        self, question: str, ignored: str, talk: Talk, request: gr.Request, deep: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Answer a question, drawing it as it is written.

        ``ignored`` lists what is not to be understood, line by line; ``deep``: let a model look things up first.
        """
        if not question.strip():
            yield gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.skip()
            return
        words = self._words(request)
        talk = talk.ask(question.strip(), visitor_of(request).user)
        talk = replace(talk, shown=view.live_html(_turn(talk), "", words))
        busy = gr.update(submit_btn=False, stop_btn=words("stop"))
        yield "", "".join(talk.done), talk.shown, busy, "", talk
        how: dict[str, Any] = {"ignore": [line for line in ignored.split("\n") if line]}
        for drawn in self._drawn(talk, how, words, deep=bool(deep) and self._engine.generator is not None):
            yield gr.skip(), gr.skip(), drawn.shown, gr.skip(), gr.skip(), drawn
        yield gr.skip(), gr.skip(), gr.skip(), _idle(), gr.skip(), gr.skip()

    def stop(self, talk: Talk, request: gr.Request) -> tuple[Any, ...]:
        """The reader stopped an answer: keep what was written, marked as unproven."""
        if talk.turn is not None:
            words = self._words(request)
            shown = view.live_html(talk.turn, talk.written, words, stopped=True, steps=talk.steps)
            talk = replace(talk, shown=shown)
        return talk.shown, _idle(), talk

    def judge(self, verdict: str, talk: Talk, request: gr.Request) -> str:
        """Keep a verdict, ``TURN right|wrong [MARKER]``; what the page says of it."""
        words = self._words(request)
        turn, right_or_wrong, *marker = verdict.split() or ["", ""]  # an emptied field says nothing
        answer = dict(talk.answers).get(int(turn)) if turn.isdigit() else None
        if answer is None:
            return ""
        from rag.evals import verdicts  # only who judges waits for it

        judgement: verdicts.Judgement = "right" if right_or_wrong == "right" else "wrong"
        footnote = int(marker[0]) if marker else None
        given = verdicts.on_answer(
            answer, judgement, footnote=footnote, day=datetime.now().astimezone().date()
        )
        try:
            verdicts.record(self._engine.home, given)
        except FootnotesError as e:
            return view.judged_html(explain(e, words.language))
        return view.judged_html(words("judged"))

    def reopen(self, session: str, request: gr.Request) -> tuple[Any, ...]:
        """Show an earlier conversation, to be read and gone on with: ``ID``, and a number that makes it a new wish."""
        words = self._words(request)
        named = session.split()[:1]
        if not named:  # an emptied field says nothing
            return gr.skip(), gr.skip(), gr.skip(), gr.skip()
        try:
            found = talks.reopened(self._talks(request), named[0], self._sources, words)
        except FootnotesError as e:
            failed = view.failed_html(view.Turn(1, words("earlier")), explain(e, words.language), words)
            return "", "", failed, Talk()
        *done, last = found.shown
        talk = Talk(
            tuple(done), shown=last, history=found.history, answers=found.answers, session=found.session
        )
        return "", "".join(done), last, talk

    def clear(self, request: gr.Request) -> tuple[Any, ...]:
        """A new page."""
        return self._welcome(request, self._words(request)), "", "", _idle(), Talk()

    def _welcome(self, request: gr.Request, words: Text) -> str:
        catalogue = self._engine.catalogue
        records = [r for root in self._engine.roots() for r in catalogue.records(root.name).values()]
        recent = heapq.nlargest(_LOOKED_AT, records, key=lambda r: r.state.mtime_ns)
        notes = [note for record in recent if (note := self._engine.document(record.id))]
        earlier = talks.latest(self._talks(request)) if self._engine.settings.ui.keep else ()
        return frame.welcome_html(catalogue.counts().indexed, frame.examples(notes, words), earlier, words)

    def _talks(self, request: gr.Request) -> Conversations:
        return self._engine.conversations(visitor_of(request).user)

    def _words(self, request: gr.Request) -> Text:
        return shell.words_of(self._engine, request)

    def _drawn(self, talk: Talk, how: Mapping[str, Any], words: Text, *, deep: bool) -> Iterator[Talk]:
        """The turn in each of its states, ending with the answer or with the reason why there is none."""
        turn = _turn(talk)
        try:
            yield from self._written(talk, how, words, deep=deep)
        except FootnotesError as e:
            yield replace(talk, shown=view.failed_html(turn, explain(e, words.language), words, again=True))
        except Exception as e:  # noqa: BLE001 - a reader gets a sentence, never a trace
            _log.error("answering failed: %s", shell.where(e))
            line = words("unexpected", kind=type(e).__name__)
            yield replace(talk, shown=view.failed_html(turn, line, words, again=True))

    def _written(self, talk: Talk, how: Mapping[str, Any], words: Text, *, deep: bool) -> Iterator[Talk]:
        turn, drawn = _turn(talk), time.monotonic()
        if not self._engine.catalogue.counts().indexed:
            yield replace(talk, shown=view.unasked_html(turn, words))
            return
        ask = self._engine.ask_deep if deep else self._engine.ask_stream
        for piece in ask(turn.question, history=talk.history, **how):
            if isinstance(piece, Answer):
                yield self._answered(talk, piece, words)
                return
            if isinstance(piece, str):
                talk = replace(talk, written=talk.written + piece)
            else:
                with speaking(words.language):
                    talk = replace(talk, steps=(*talk.steps, line_of(piece)))
            if not isinstance(piece, str) or time.monotonic() - drawn >= _REDRAW:
                drawn = time.monotonic()
                talk = replace(talk, shown=view.live_html(turn, talk.written, words, steps=talk.steps))
                yield talk

    def _answered(self, talk: Talk, answer: Answer, words: Text) -> Talk:
        turn, session = _turn(talk), self._kept(talk, answer)
        sources = self._sources(answer)
        titles = {
            one.document.id: after.sections(one.document)
            for one in sources.values()
            if one.document is not None
        }
        around = view.Around(session, talk.steps, tuple(after.questions(answer, titles, words)))
        return replace(
            talk,
            written=answer.text,
            shown=view.answer_html(turn, answer, sources, words, around),
            history=(*talk.history, self._engine.turn(answer)),
            answers=(*talk.answers, (turn.number, answer)),
            session=session,
        )

    def _offers(self) -> dict[str, list[str]]:
        with self._engine.catalogue.database.reading() as db:
            return offers.of(db)

    def _kept(self, talk: Talk, answer: Answer) -> str:
        keeps = self._engine.settings.ui.keep
        return talks.kept(self._engine.conversations(talk.user), talk.session, answer) if keeps else ""

    def _sources(self, answer: Answer) -> dict[int, Source]:
        doc_ids = {c.doc_id for c in answer.citations}
        notes = {doc_id: source_of(self._engine, doc_id, self._paths) for doc_id in doc_ids}
        return {c.marker: notes[c.doc_id] for c in answer.citations}


def _turn(talk: Talk) -> view.Turn:
    assert talk.turn is not None  # noqa: S101 - ``Talk.ask`` came before
    return talk.turn


def _idle() -> Any:
    return gr.update(submit_btn=True, stop_btn=False)


def build(engine: Engine, blocks: gr.Blocks, paths: Paths) -> None:
    """Lay the page out in the Blocks around it, and connect it."""
    page = Page(engine, paths)
    talk = gr.State(Talk())
    header, new = shell.top(button="fn-new")
    welcome, thread, current = shell.html("fn-welcome"), shell.html("fn-thread"), shell.html("fn-current")
    with gr.Column(elem_id="fn-composer"):
        box = gr.Textbox(
            elem_id="fn-box",
            lines=1,
            max_lines=8,
            show_label=False,
            container=False,
            submit_btn=True,
            stop_btn=False,
        )
        beneath, hint = shell.html("fn-under"), shell.html("fn-hint")
        ignored = gr.Textbox(elem_id="fn-ignored", lines=2, show_label=False, container=False)
        deep = gr.Textbox(elem_id="fn-deep", show_label=False, container=False)
        verdict = gr.Textbox(elem_id="fn-verdict", show_label=False, container=False)
        session = gr.Textbox(elem_id="fn-session", show_label=False, container=False)
        judged = shell.html("fn-judged")
    shell.on_load(blocks, page.opened, [header, welcome, box, new, hint, beneath])
    # "once" would drop a question without a word; page.js lets one wait until the answer before it is done.
    asked = box.submit(
        page.ask,
        [box, ignored, talk, deep],
        [welcome, thread, current, box, ignored, talk],
        trigger_mode="multiple",
        **shell.EVENT,
    )
    verdict.change(page.judge, [verdict, talk], judged, **shell.EVENT)
    session.change(page.reopen, session, [welcome, thread, current, talk], **shell.EVENT)
    box.stop(page.stop, talk, [current, box, talk], cancels=[asked], **shell.EVENT)
    new.click(page.clear, None, [welcome, thread, current, box, talk], cancels=[asked], **shell.EVENT)
