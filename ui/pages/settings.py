"""Settings: what can be chosen while the server runs. The page's script asks for the parts; see ``ui.chosen``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr  # noqa: TC002 - Gradio resolves the annotations of handlers

from ui import frame
from ui.pages import shell

if TYPE_CHECKING:
    from rag.engine import Engine


def build(engine: Engine, blocks: gr.Blocks, *, is_local: bool) -> None:
    """Lay the page out in the Blocks around it; ``is_local``: settings may be changed here."""
    header, _ = shell.top()
    body = shell.html("fn-settings", "fn-page")

    def opened(request: gr.Request) -> tuple[str, str]:
        words = shell.words_of(engine, request)
        return shell.header_html(engine, request, words, "settings"), frame.settings_html(
            words, is_local=is_local
        )

    shell.on_load(blocks, opened, [header, body])
