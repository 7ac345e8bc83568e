"""The login page, and two users at a time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.browser.asking import ask
from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
PASSWORDS = {"alice": "alice's own words", "bob": "bob's own words"}
EARLIER = ".welcome .session"
LEAVE = "#fn-header .leave"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for Alice and Bob."""
    folder: Path = tmp_path_factory.mktemp("closed") / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    (folder / "cat.md").write_text("# Cat\n\nThe cat is called Miso.\n", "utf-8")
    variables = {f"FOOTNOTES_PASSWORD_{name.upper()}": value for name, value in PASSWORDS.items()}
    options = ("serve", "--auth", "alice", "--auth", "bob")
    with serving(folder, folder.parent / "home", variables=variables, options=options) as url:
        yield url


@pytest.fixture
def arrive(browser: Browser, closed: str) -> Iterator[Callable[..., Page]]:
    """Browsers of their own, each at the server's door."""
    with ExitStack() as contexts:

        def begin(language: str = "en-GB", **options: object) -> Page:
            context = browser.new_context(locale=language, **options)  # type: ignore[arg-type]
            contexts.callback(context.close)
            page = context.new_page()
            page.goto(closed)
            page.wait_for_url("**/login")
            return page

        yield begin


def log_in(page: Page, name: str, password: str) -> None:
    """Fill in the form and send it."""
    page.fill("#name", name)
    page.fill("#password", password)
    page.keyboard.press("Enter")


def entered(page: Page, name: str) -> Page:
    """A tab after its login."""
    log_in(page, name, PASSWORDS[name])
    page.wait_for_selector(".welcome")
    return page


@pytest.mark.parametrize(
    ("language", "wrong"), [("en-GB", "Name and password do not fit."), ("zh-CN", "用户名或密码不对。")]
)
def test_a_wrong_password_is_said_and_a_right_one_opens_the_page(
    arrive: Callable[..., Page], language: str, wrong: str
) -> None:
    """In the reader's language; whoever logs out has to log in again, in the tab that they had open, too."""
    page = arrive(language)
    log_in(page, "alice", "not her words")
    page.wait_for_selector("[role=alert]")
    assert page.inner_text("[role=alert]") == wrong
    entered(page, "alice")
    assert "alice" in page.inner_text("#fn-header .user")
    page.click(LEAVE)
    page.wait_for_url("**/login")
    assert page.context.cookies() == []
    page.go_back()
    page.reload()
    page.wait_for_url("**/login")


def test_the_way_out_works_without_a_script(arrive: Callable[..., Page], closed: str) -> None:
    """A page with one button."""
    page = entered(arrive(), "bob")
    page.goto(f"{closed}logout")
    page.click("button")
    page.wait_for_url("**/login")
    assert page.goto(closed) is not None
    assert page.url.endswith("/login")


def test_two_users_at_once_have_conversations_of_their_own(arrive: Callable[..., Page]) -> None:
    """Each finds their own again, and nothing of the other's; by the other's id, too."""
    alice, bob = entered(arrive(), "alice"), entered(arrive(), "bob")
    assert "Aydin" in ask(alice, "Who serviced the boiler?")
    assert "Miso" in ask(bob, "What is the cat called?")
    for page, own in ((alice, "Aydin"), (bob, "Miso")):
        page.reload()  # a tab's own conversation comes back
        page.wait_for_selector("#fn-current .turn.done")
        assert own in page.inner_text("#fn-current .turn")
        page.click("#fn-new")
        page.wait_for_selector(EARLIER)
    ids = {page: page.get_attribute(EARLIER, "data-session") or "" for page in (alice, bob)}
    assert "boiler" in alice.inner_text(EARLIER)
    assert "cat" in bob.inner_text(EARLIER)
    hers, his = (
        {button.get_attribute("data-session") for button in page.locator(EARLIER).all()}
        for page in (alice, bob)
    )
    assert hers
    assert his
    assert not hers & his, "other tests may have asked on this server, too"
    bob.evaluate("id => document.querySelector('.session').dataset.session = id", ids[alice])
    bob.click(EARLIER)
    bob.wait_for_selector("#fn-current .turn")
    assert "Aydin" not in bob.content()
    alice.click(EARLIER)
    alice.wait_for_selector("#fn-current .turn.done")
    assert "Aydin" in alice.inner_text("#fn-current .turn")


def test_a_tab_that_outlived_its_login_asks_nothing_for_the_next_user(
    arrive: Callable[..., Page], closed: str
) -> None:
    """Alice's tab stays open in the browser; Bob has logged in there since."""
    old = entered(arrive(), "alice")
    ask(old, "Who serviced the boiler?")
    new = old.context.new_page()
    new.goto(closed)
    new.click(LEAVE)
    new.wait_for_url("**/login")
    entered(new, "bob")
    with old.expect_response("**/queue/join*") as refused:
        old.fill("#fn-box textarea", "and when?")
        old.press("#fn-box textarea", "Enter")
    assert refused.value.status == 403
