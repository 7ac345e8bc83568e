"""Notes: folders, syncs, files and their stories. The page's script asks for the parts; see ``ui.acts`` and ``notes.js``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr  # noqa: TC002 - Gradio resolves the annotations of handlers

from rag.errors import FootnotesError
from rag.messages import explain
from ui import frame, inbox
from ui.pages import shell

if TYPE_CHECKING:
    from rag.engine import Engine
    from ui.watching import Watching


def build(engine: Engine, blocks: gr.Blocks, watching: Watching, *, is_local: bool) -> None:
    """Lay the page out in the Blocks around it.

    Args:
        engine: whose notes they are.
        blocks: the app.
        watching: whether changes are seen.
        is_local: folders may be added here.
    """
    header, _ = shell.top()
    body = shell.html("fn-notes", "fn-page")

    def opened(request: gr.Request) -> tuple[str, str]:
        words = shell.words_of(engine, request)
        try:
            box, trouble = inbox.folder_of(engine) is not None, ""
        except FootnotesError as e:
            box, trouble = False, explain(e, words.language) if is_local else ""
        shown = frame.notes_html(
            words, is_local=is_local, is_watching=watching.is_on, has_inbox=box, trouble=trouble
        )
        return shell.header_html(engine, request, words, "notes"), shown

    shell.on_load(blocks, opened, [header, body])
