"""All pages in one Gradio app. Import it inside ``offline.quiet_import()``: it loads Gradio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from ui.pages import ask, search

if TYPE_CHECKING:
    from rag.engine import Engine

_CONCURRENT = 4  # events answered at a time, over all tabs


def build(engine: Engine) -> gr.Blocks:
    """Lay the pages out, each at its path."""
    with gr.Blocks(title="Footnotes", analytics_enabled=False, fill_width=True) as blocks:
        ask.build(engine, blocks)
    for name, build_page in (("search", search.build),):
        with blocks.route(name, f"/{name}", show_in_navbar=False):
            build_page(engine, blocks)
    blocks.queue(default_concurrency_limit=_CONCURRENT)
    return blocks
