"""A Chromium and a server a module, and tabs that see no request leave this machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.browser.asking import FLAGS, VAULT
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

LOCAL = {"127.0.0.1", "localhost"}
# Sentences that fill every line of a footnote, however wide it is.
LIGHTHOUSE = """# Lighthouse

The lighthouse keeper wrote that the ferry had been late again because of fog, ice and a lost anchor, and that nobody at the old pier had known whom to ask about it until the harbour office opened.
"""
DENGTA = """# 灯塔

灯塔的守塔人写道，渡船因为大雾、浮冰和一只丢了的铁锚又晚到了，旧码头上没有一个人知道该去问谁，直到港务处开门以后大家才听说船已经平安靠岸，行李要等到第二天早上才能取，灯塔的灯那一夜一直没有熄。
"""
HOSTILE = """---
title: "<img src=x onerror=window.pwned=1>"
---
# Zanzibar <script>window.pwned=2</script>

The zanzibar spice list is "><svg onload=window.pwned=3> ${window.pwned=4} {{constructor.constructor('window.pwned=5')()}} cloves.
![pixel](http://192.0.2.1/zanzibar.png) [go](javascript:window.pwned=6)
"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium for all tests of a module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample notes, with some of our own, free to be edited."""
    folder = tmp_path_factory.mktemp("served") / "notes"
    shutil.copytree(VAULT, folder)
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    (folder / "锅炉.md").write_text("# 锅炉\n\n锅炉是五月由艾登女士检修的。\n", "utf-8")
    (folder / "2023-05-14 lighthouse.md").write_text(LIGHTHOUSE, "utf-8")
    (folder / "2023-05-14 灯塔.md").write_text(DENGTA, "utf-8")
    (folder / "hostile.md").write_text(HOSTILE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def url(notes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The served page."""
    with serving(notes, tmp_path_factory.mktemp("home") / "footnotes") as found:
        yield found


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Opens tabs. After the test: no request left this machine, nothing was refused, nothing broke."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def check(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"data", "blob"} and parts.hostname not in LOCAL:
            troubles.append(f"a request to {address}")

    def begin(language: str = "en-GB", width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(locale=language, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: check(request.url))
        page.on("websocket", lambda socket: check(socket.url))
        page.on("response", lambda r: troubles.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("console", lambda m: troubles.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(url)
        page.wait_for_selector(".welcome")
        return page

    yield begin
    for context in contexts:
        context.close()
    assert troubles == []
