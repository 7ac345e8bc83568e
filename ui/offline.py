"""Gradio, kept at home: imported without telemetry, and without the clients it would build from proxy settings."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Set for the whole process: Gradio and huggingface_hub look at them again at run time.
_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
}
_PROXIES = frozenset({"all_proxy", "http_proxy", "https_proxy"})


@contextmanager
def quiet_import() -> Iterator[None]:
    """Inside, proxy variables are out of sight.

    Gradio builds httpx clients as it is imported, and httpx raises ImportError for ``ALL_PROXY=socks5://...``
    where ``socksio`` is not installed. The variables return afterwards: a language model may need its proxy.
    """
    os.environ.update(_QUIET)
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.lower() in _PROXIES}
    try:
        yield
    finally:
        os.environ.update(hidden)
