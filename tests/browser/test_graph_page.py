"""The graph in a real browser: drawing, list, provenance, filters, the address, phones, and notes that are not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.asking import PANEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

STATUS, SIDE, NODES = ".graph-status", ".graph-side", ".graph-node"
LEAFPICK, SU = "note:notes/projects/Leafpick.md", "note:notes/people/苏禾.md"
PAYLOADS = (
    '<img src=x onerror="window.pwned=1">',
    "<script>window.pwned=2</script>",
    "<svg/onload=window.pwned=3>",
    '"><iframe srcdoc="<script>parent.pwned=4</script>">',
    "javascript:window.pwned=5//",
    "{{constructor.constructor('window.pwned=6')()}} ${window.pwned=7}",
    "</style><style>@import 'http://192.0.2.1/a.css';*{background:url(http://192.0.2.1/b.png)}",
    "\u202eevil\u2066 <math><mi//xlink:href='data:x,<script>window.pwned=8</script>'>",
)


@pytest.fixture(scope="module")
def notes(notes: Path) -> Path:
    """The sample notes, and some whose titles, tags, links and names are markup."""
    for number, payload in enumerate(PAYLOADS):
        quoted = payload.replace("\\", "\\\\").replace('"', '\\"')
        text = f'---\ntitle: "{quoted}"\ntags: ["{quoted}"]\nseries: "{quoted}"\n---\n\n[[Hub]] {payload}\n'
        (notes / f"payload {number}.md").write_text(text, "utf-8")
    links = "\n".join(f"[[payload {number}]]" for number in range(len(PAYLOADS)))
    (notes / "Hub.md").write_text(f"# Hub\n\n{links}\n", "utf-8")
    return notes


def _look(page: Page, url: str, query: str = "") -> None:
    page.goto(f"{url}graph{query}")
    page.wait_for_selector(f'{NODES}[aria-current="true"]')
    page.wait_for_function("document.querySelector('#graph').graph")
    page.wait_for_selector(f"{SIDE} h3")


def _click(page: Page, kind: str, where: dict[str, Any], times: int = 1) -> None:
    """Press the mouse on a node, or on the middle of an edge, of the drawing."""
    page.wait_for_timeout(150)  # after a scroll, the library learns in the next frame where it lies
    point = page.evaluate(
        """([kind, where]) => {
          const drawing = document.querySelector("#graph").graph;
          const all = kind === "edge" ? drawing.edges() : drawing.nodes();
          const one = all.filter((it) => Object.entries(where).every(([key, value]) => it.data(key) === value))[0];
          const at = kind === "edge" ? one.renderedMidpoint() : one.renderedPosition();
          const box = document.querySelector(".graph-canvas").getBoundingClientRect();
          return { x: box.x + at.x, y: box.y + at.y };
        }""",
        [kind, where],
    )
    page.mouse.click(point["x"], point["y"], click_count=times)


def test_an_edge_tells_why_and_its_passage_opens(open_page: Callable[..., Page], url: str) -> None:
    """Click on a line; the sentence, the passage, its place; then the note itself with the passage marked."""
    page = open_page()
    _look(page, url, "?note=notes/people/苏禾.md&nodes=entity,tag,day")
    edge = page.evaluate("document.querySelector('#graph').graph.edges('.LINKS_TO')[0].data()")
    _click(page, "edge", {"id": edge["id"]})
    page.wait_for_selector(f"{SIDE} .graph-ends")
    assert page.inner_text(f"{SIDE} .graph-what").startswith("links")
    assert "links to" in page.inner_text(f"{SIDE} .graph-sentence >> nth=0")
    marked = page.inner_text(f"{SIDE} mark >> nth=0")
    assert marked.startswith("[[")
    assert "line " in page.inner_text(f"{SIDE} .graph-at >> nth=0")
    page.click(f"{SIDE} .graph-open >> nth=0")
    page.wait_for_selector(PANEL)
    assert marked in page.inner_text(f"{PANEL} mark >> nth=0")
    assert page.is_visible(f"{PANEL} mark")
    page.keyboard.press("Escape")
    page.wait_for_selector(PANEL, state="detached")
    assert page.evaluate("document.activeElement.className") == "graph-open"


def test_a_click_shows_a_node_and_a_double_click_puts_it_in_the_middle(
    open_page: Callable[..., Page], url: str
) -> None:
    """What is written at it stands in the panel; the address says what is in the middle, and goes back."""
    page = open_page()
    _look(page, url, "?note=notes/projects/Leafpick.md")
    _click(page, "node", {"id": SU})
    page.wait_for_function("document.querySelector('.graph-side h3')?.textContent === '苏禾'")
    assert page.locator(f"{SIDE} .graph-why").count() > 1
    _click(page, "node", {"id": SU}, times=2)
    page.wait_for_url("**/graph?note=notes%2Fpeople%2F*")
    page.wait_for_function("document.querySelector('.graph-status').textContent.includes('around 苏禾')")
    page.reload()
    page.wait_for_function("document.querySelector('.graph-status')?.textContent.includes('around 苏禾')")
    page.go_back()
    page.wait_for_function("document.querySelector('.graph-status')?.textContent.includes('around Leafpick')")


def test_the_keyboard_alone_is_enough(open_page: Callable[..., Page], url: str) -> None:
    """Slash, a name, an arrow, Enter; then the list: Space shows a node, Enter puts it in the middle."""
    page = open_page("zh-CN")
    _look(page, url)
    page.keyboard.press("/")
    page.keyboard.type("Leafp")
    page.wait_for_selector("#graph-names [role=option] .label:text-is('Leafpick')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.graph-status').textContent.includes('Leafpick')")
    assert page.evaluate("document.querySelector('#graph-names').hidden")
    page.locator(NODES, has_text="苏禾").first.focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.graph-side h3').textContent === '苏禾'")
    assert "苏禾" not in page.inner_text(STATUS)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.graph-status').textContent.startsWith('苏禾')")


def test_filters_leave_out_what_they_say_and_stay_in_the_address(
    open_page: Callable[..., Page], url: str
) -> None:
    """Kinds, time and number; a reload shows the same; an impossible time says so."""
    page = open_page()
    _look(page, url, "?note=notes/projects/Leafpick.md&depth=2")
    kinds = "[...new Set(document.querySelector('#graph').graph.nodes().map((it) => it.id().split(':')[0]))].sort().join()"
    assert page.evaluate(kinds) == "day,entity,note,tag"
    page.uncheck('[name="nodes"][value="entity"]')
    page.wait_for_function(f"{kinds} === 'day,note,tag'")
    page.uncheck('[name="edges"][value="TAGGED"]')
    page.wait_for_function(f"!({kinds}).includes('tag')")
    page.select_option('[name="limit"]', "20")
    page.wait_for_function("document.querySelector('#graph').graph.nodes().length <= 20")
    assert "more are not" in page.inner_text(STATUS)
    page.fill('[name="since"]', "2022-01-01")
    page.wait_for_function(
        "document.querySelector('#graph').graph.nodes().every((it) => !it.id().startsWith('day:2021'))"
    )
    shown = page.evaluate("document.querySelector('#graph').graph.nodes().map((it) => it.id()).sort().join()")
    page.reload()
    page.wait_for_function("document.querySelector('#graph')?.graph")
    assert not page.is_checked('[name="nodes"][value="entity"]')
    assert page.input_value('[name="since"]') == "2022-01-01"
    again = page.evaluate("document.querySelector('#graph').graph.nodes().map((it) => it.id()).sort().join()")
    assert again == shown
    page.fill('[name="since"]', "2090-01-01")
    page.wait_for_function("document.querySelector('#graph').graph.nodes().length === 1")
    assert "Nothing else is joined to it" in page.inner_text(STATUS)


def test_hostile_names_are_text(open_page: Callable[..., Page], url: str) -> None:
    """Titles, tags, properties and passages: in the drawing, the list, the suggestions, the panel and the source."""
    page = open_page()
    _look(page, url, "?note=notes/Hub.md&depth=2&limit=80")
    listed = page.locator(NODES).all_inner_texts()
    assert sum(any(payload[:8] in label for label in listed) for payload in PAYLOADS) >= len(PAYLOADS) - 1
    for number in range(len(PAYLOADS)):
        node = page.locator(f'{NODES}[data-id="note:notes/payload {number}.md"]')
        node.click()
        page.wait_for_function(
            "(label) => document.querySelector('.graph-side h3').textContent === label",
            arg=node.text_content(),
        )
        page.click(f"{SIDE} .graph-open >> nth=0")
        page.wait_for_selector(PANEL)
        page.click(f"{PANEL} .close")
        page.wait_for_selector(PANEL, state="detached")
    page.fill("#graph-name", "<")
    page.wait_for_selector("#graph-names [role=option]")
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    inside = "document.querySelectorAll('#graph :is(img, script, iframe, svg, style, math, a)').length"
    assert page.evaluate(inside) == 0


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_it_fits_a_phone(open_page: Callable[..., Page], url: str, language: str) -> None:
    """Nothing sticks out, and what is chosen comes into sight."""
    page = open_page(language, 390, 844)
    _look(page, url, "?note=notes/projects/Leafpick.md")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("document.querySelector('.graph-canvas').scrollIntoView({ block: 'center' })")
    _click(page, "node", {"id": SU})
    page.wait_for_function("document.querySelector('.graph-side h3').textContent === '苏禾'")
    assert page.evaluate("document.querySelector('.graph-side').getBoundingClientRect().top < innerHeight")
    page.click(f"{SIDE} .graph-open >> nth=0")
    page.wait_for_selector(PANEL)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_unknown_name_is_a_sentence(browser: Browser, url: str) -> None:
    """With the nearest names; what was drawn before stays."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{url}graph?name=Leafpik")
    page.wait_for_function(
        "document.querySelector('.graph-status')?.textContent.includes('Nothing in the notes')"
    )
    assert "Leafpick" in page.inner_text(STATUS)
    context.close()


def test_the_library_runs_without_eval(browser: Browser, url: str) -> None:
    """It would draw under a policy that forbids eval, too: Gradio alone needs that."""
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "**/strict",
        lambda route: route.fulfill(
            body='<!doctype html><div id="c" style="width:200px;height:200px"></div><script src="/graph/cytoscape.js"></script>',
            content_type="text/html",
            headers={
                "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'"
            },
        ),
    )
    stopped: list[str] = []
    page.on("console", lambda message: stopped.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: stopped.append(str(error)))
    page.goto(f"{url}strict")
    drawn = "cytoscape({ container: document.querySelector('#c'), elements: [{ data: { id: 'a' } }] }).nodes().length"
    assert page.evaluate(f"() => {drawn}") == 1
    assert stopped == []
    context.close()
