"""Who may come in: tokens, cookies, passwords, and what proxies say."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

from rag.errors import ConfigError
from rag.settings import ServeSettings
from rag.store.users import Users
from ui.access import COOKIE, KEPT_S, Access, Visitor, access_of
from ui.guard import Guard
from ui.limits import Rate
from ui.proxy import Caller, Proxies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

TOKEN = "a-long-enough-token"  # noqa: S105 - of the test's own
PASSWORD = "correct horse"  # noqa: S105 - of the test's own
WRONG = "x"
NOBODY = Caller("127.0.0.1")


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Users]:
    """Alice and Bob, whose hashes cost little."""
    monkeypatch.setattr("rag.store.users._N", 16)
    with Users(tmp_path) as made:
        made.set("alice", PASSWORD)
        made.set("bob", PASSWORD + " too")
        yield made


def cookie(value: str) -> Headers:
    """The headers of a browser that has it."""
    return Headers({"cookie": f"{COOKIE}={value}"})


def reply(guard: Guard, path: str, method: str = "GET", client: str = "127.0.0.1", **headers: str) -> Any:
    """Status, headers and body of a request through a guard; ``body`` and ``query`` are what it brings."""
    sent: list[Message] = []
    body, query = (headers.pop(name, "").encode() for name in ("body", "query"))
    named = {"host": "localhost", **{key.replace("_", "-"): value for key, value in headers.items()}}
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "http",
        "query_string": query,
        "client": (client, 1),
        "headers": [(key.encode(), value.encode()) for key, value in named.items()],
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    found = Headers(raw=sent[0]["headers"])
    return sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:]).decode()


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Says whose request it is, and what it brings."""
    names = " ".join(name.decode() for name, _ in scope["headers"])
    line = f"{scope['state']['visitor'].user}|{scope['client'][0]}|{names}"
    await PlainTextResponse(line)(scope, receive, send)


# --- cookies -----------------------------------------------------------------------------------------------------


def test_a_cookie_ends(users: Users) -> None:
    """After 30 days, to the second; nobody can make it last longer."""
    clock = Clock()
    access = Access(TOKEN, users=users, clock=clock)
    for user in ("alice", ""):
        value = access.cookie(user)
        clock.now += KEPT_S
        assert access.visitor(cookie(value), NOBODY) == Visitor(user, has_cookie=True)
        clock.now += 1
        assert access.visitor(cookie(value), NOBODY) is None
        name, ends, signature = value.split(".")
        assert access.visitor(cookie(f"{name}.{int(ends) + 99}.{signature}"), NOBODY) is None


def test_a_cookie_is_its_users_alone(users: Users) -> None:
    """Another name in it, another user's signature, no signature or none of ours: nobody."""
    access = Access(users=users)
    alice, bob = access.cookie("alice").split("."), access.cookie("bob").split(".")
    for parts in ([bob[0], *alice[1:]], [*bob[:2], alice[2]], [*alice[:2], ""], ["", *alice[1:]]):
        assert access.visitor(cookie(".".join(parts)), NOBODY) is None
    for value in (
        "",
        "x",
        "..",
        "é.1.2",
        "YWxpY2U=.99999999999.",
        "YWxpY2U=.9e9.x",
        f"YWxpY2U=.{'9' * 5000}.x",
    ):
        assert access.visitor(cookie(value), NOBODY) is None


def test_a_cookie_of_the_owner_is_worthless_without_a_token(users: Users) -> None:
    """With no key there is nothing that an empty one could sign."""
    made = Access(users=users)
    assert made.visitor(cookie(made.cookie("")), NOBODY) is None
    assert made.visitor(cookie(made.cookie("carol")), NOBODY) is None


def test_a_new_password_and_a_removal_end_all_logins(users: Users) -> None:
    """At once, in a server that runs; a new user of the same name does not bring them back."""
    access = Access(users=users)
    alice, bob = access.cookie("alice"), access.cookie("bob")
    users.set("alice", PASSWORD)
    assert access.visitor(cookie(alice), NOBODY) is None
    assert access.visitor(cookie(bob), NOBODY) is not None
    users.remove("bob")
    assert access.visitor(cookie(bob), NOBODY) is None
    users.set("bob", PASSWORD + " too")
    assert access.visitor(cookie(bob), NOBODY) is None


def test_only_those_who_are_named_may_log_in(users: Users) -> None:
    """Where some are; a cookie from before counts for nothing."""
    both = Access(users=users)
    access = Access(users=users, named=["alice"])
    assert access.user_of("Alice ", PASSWORD) == "alice"
    assert both.user_of("bob", PASSWORD + " too") == "bob"
    assert access.user_of("bob", PASSWORD + " too") is None
    assert access.visitor(cookie(both.cookie("bob")), NOBODY) is None


def test_a_server_with_users_stays_closed_when_the_last_is_removed(users: Users) -> None:
    """It does not become one for everybody."""
    access = access_of(ServeSettings(), "0.0.0.0", users)  # noqa: S104 - nothing listens
    users.remove("alice")
    users.remove("bob")
    assert not access.is_open
    assert access.visitor(Headers({}), NOBODY) is None


# --- what starts -------------------------------------------------------------------------------------------------


def test_beyond_loopback_any_of_the_three_logins_will_do(users: Users, tmp_path: Path) -> None:
    """A token, users, or a proxy that names them."""
    with Users(tmp_path / "none") as none:
        with pytest.raises(ConfigError, match="--auth NAME"):
            access_of(ServeSettings(), "0.0.0.0", none)  # noqa: S104 - must be refused
        for settings in (
            ServeSettings(token=SecretStr(TOKEN)),
            ServeSettings(proxy_header="X-Forwarded-User", proxies=("10.0.0.2",)),
        ):
            assert not access_of(settings, "0.0.0.0", none).is_open  # noqa: S104 - nothing listens
    assert not access_of(ServeSettings(), "0.0.0.0", users).is_open  # noqa: S104 - nothing listens
    assert not access_of(ServeSettings(), "127.0.0.1", users).is_open


def test_a_user_without_a_password_is_named_with_the_remedy(users: Users) -> None:
    """One line, at the start."""
    settings = ServeSettings(users=("alice", "Car-ol"))
    with pytest.raises(ConfigError, match=r"car-ol has no password\. Set FOOTNOTES_PASSWORD_CAR_OL, or run"):
        access_of(settings, "127.0.0.1", users)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (ServeSettings(proxies=("proxy.example",)), "'proxy.example' is no address or network"),
        (ServeSettings(proxies=(), proxy_header="X-User"), "needs serve.proxies"),
        (ServeSettings(proxy_header="X User"), "'X User' is no header's name"),
    ],
)
def test_what_cannot_be_believed_is_told(settings: ServeSettings, line: str) -> None:
    """Before anything listens."""
    with pytest.raises(ConfigError, match=line):
        access_of(settings, "127.0.0.1")


# --- logging in --------------------------------------------------------------------------------------------------


def form(**fields: str) -> dict[str, str]:
    """A login as a browser sends it."""
    return {"body": urlencode(fields), "origin": "http://localhost"}


def test_a_login_gives_a_cookie_that_scripts_and_other_sites_cannot_use(users: Users) -> None:
    """Secure where the connection is; wrong ones of any kind get the same reply."""
    guard = Guard(inner, Access(users=users, proxies=Proxies(["127.0.0.1"])))
    status, headers, _ = reply(guard, "/login", "POST", **form(name="Alice", password=PASSWORD))
    assert (status, headers["location"]) == (303, "/")
    made = headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={KEPT_S}"} <= set(made.split("; "))
    assert "Secure" not in made
    assert reply(guard, "/state", cookie=made.partition(";")[0])[2].startswith("alice|")
    secure = reply(
        guard, "/login", "POST", x_forwarded_proto="https", **form(name="alice", password=PASSWORD)
    )
    assert "Secure" in secure[1]["set-cookie"].split("; ")
    wrong = [
        reply(guard, "/login", "POST", **form(**fields))
        for fields in (
            {"name": "alice", "password": "x"},
            {"name": "carol", "password": PASSWORD},
            {"name": "", "password": ""},
            {"token": ""},
        )
    ]
    assert {(one[0], one[2]) for one in wrong} == {(401, wrong[0][2])}


def test_guessing_is_slow_by_address_and_by_name(users: Users) -> None:
    """Ten tries a minute; many addresses do not make it faster for one name."""
    guard = Guard(inner, Access(TOKEN))
    tries = [reply(guard, "/login", "POST", **form(token=WRONG))[0] for _ in range(12)]
    assert tries == [401] * 10 + [429] * 2
    assert reply(guard, "/login", "POST", "10.0.0.9", **form(token=TOKEN))[0] == 303
    guard = Guard(inner, Access(users=users))
    tries = [
        reply(
            guard, "/login", "POST", f"10.0.0.{n}", **form(name=("alice", "ALICE ")[n % 2], password=WRONG)
        )[0]
        for n in range(12)
    ]
    assert tries == [401] * 10 + [429] * 2
    assert (
        reply(guard, "/login", "POST", "10.0.1.1", **form(name="bob", password=PASSWORD + " too"))[0] == 303
    )


def test_logging_out_is_a_form_of_our_own(users: Users) -> None:
    """A link or an image elsewhere does not do it."""
    guard = Guard(inner, Access(users=users))
    mine = {"cookie": f"{COOKIE}={Access(users=users).cookie('alice')}"}
    status, headers, page = reply(guard, "/logout", **mine)
    assert (status, "set-cookie" in headers) == (200, False)
    assert 'method="post" action="logout"' in page
    assert reply(guard, "/logout", "POST", origin="http://evil.example", **mine)[0] == 403
    assert reply(guard, "/logout", "POST", sec_fetch_site="cross-site", **mine)[0] == 403
    status, headers, _ = reply(guard, "/logout", "POST", origin="http://localhost", **mine)
    assert (status, headers["location"]) == (303, "/login")
    assert "Max-Age=0" in headers["set-cookie"]


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/logout",
        "/v1/ask",
        "/mcp",
        "/gradio_api/queue/join",
        "/gradio_api/cancel",
        "/gradio_api/reset",
        "/notes/do/sync",
        "/notes/upload",
        "/settings/do/set",
    ],
)
def test_nothing_is_changed_for_another_site(users: Users, path: str) -> None:
    """Though the browser sent the cookie along; whether it says the origin or only how far away it is."""
    guard = Guard(inner, Access(users=users))
    mine = {"cookie": f"{COOKIE}={Access(users=users).cookie('alice')}"}
    for said in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:81"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        assert reply(guard, path, "POST", **mine, **said)[0] == 403


@pytest.mark.parametrize(
    "asked",
    [
        ("/gradio_api/queue/join", "POST", {"body": '{"session_hash": "abc"}'}),
        ("/gradio_api/cancel", "POST", {"body": '{"session_hash": "abc"}'}),
        ("/gradio_api/queue/data", "GET", {"query": "session_hash=x&session_hash=abc"}),
        ("/gradio_api/heartbeat/abc", "GET", {}),
    ],
)
def test_what_a_tab_holds_is_its_users_alone(users: Users, asked: tuple[str, str, dict[str, str]]) -> None:
    """Who guesses its name is refused: what was asked there, and the answer, stay with whom they belong to."""
    access = Access(users=users)
    guard = Guard(inner, access)
    alice, bob = ({"cookie": f"{COOKIE}={access.cookie(name)}"} for name in ("alice", "bob"))
    path, method, more = asked
    first = {"body": '{"session_hash": "abc"}', **alice}
    assert reply(guard, "/gradio_api/queue/join", "POST", **first)[0] == 200
    assert reply(guard, path, method, **more, **alice)[0] == 200
    assert reply(guard, path, method, **more, **bob)[0] == 403
    for body in ("", "[]", "{", '{"session_hash": 1}', '{"session_hash": "of-bob"}'):
        assert reply(guard, "/gradio_api/queue/join", "POST", body=body, **bob)[0] == 200


# --- requests a minute -------------------------------------------------------------------------------------------


def test_an_address_waits_when_it_asked_too_much() -> None:
    """So many at once, then one at a time; others do not wait."""
    clock = Clock()
    rate = Rate(60, clock)
    assert [rate.wait_s("a") for _ in range(60)] == [0.0] * 60
    assert rate.wait_s("a") == pytest.approx(1.0)
    assert rate.wait_s("b") == 0
    clock.now += 0.5
    assert rate.wait_s("a") == pytest.approx(0.5)
    clock.now += 0.6
    assert rate.wait_s("a") == 0
    assert rate.wait_s("a") > 0
    clock.now += 3600
    assert [rate.wait_s("a") > 0 for _ in range(61)] == [False] * 60 + [True], (
        "no more than a minute's at once"
    )
    assert [Rate(0).wait_s("a") for _ in range(1000)] == [0.0] * 1000


def test_who_asks_too_much_is_told_when_to_come_again() -> None:
    """429 with Retry-After, whole seconds, as JSON to a program; another address is served."""
    guard = Guard(inner, Access(), per_minute=2)
    assert [reply(guard, "/v1/ask", "POST")[0] for _ in range(3)] == [200, 200, 429]
    status, headers, body = reply(guard, "/v1/ask", "POST")
    assert (status, headers["retry-after"], "too_many_requests" in body) == (429, "30", True)
    assert reply(guard, "/gradio_api/queue/join", "POST")[0] == 429
    assert reply(guard, "/state")[0] == 200
    assert reply(guard, "/v1/ask", "POST", "10.0.0.1")[0] == 200


# --- proxies -----------------------------------------------------------------------------------------------------

PROXY = Proxies(["10.0.0.2", "192.168.7.0/24"], "X-Forwarded-User")


@pytest.mark.parametrize(
    ("client", "headers", "user"),
    [
        ("10.0.0.2", {"x-forwarded-user": "Alice"}, "alice"),
        ("::ffff:10.0.0.2", {"x-forwarded-user": "alice"}, "alice"),
        ("192.168.7.9", {"x-forwarded-user": "alice@example.org"}, "alice@example.org"),
        ("10.0.0.3", {"x-forwarded-user": "alice"}, None),
        ("10.0.0.3", {"x-forwarded-user": "alice", "x-forwarded-for": "10.0.0.2"}, None),
        ("127.0.0.1", {"x-forwarded-user": "alice"}, None),
        ("10.0.0.2", {}, None),
        ("10.0.0.2", {"x-forwarded-user": ""}, None),
        ("10.0.0.2", {"x-forwarded-user": "alice, bob"}, None),
    ],
)
def test_a_user_is_believed_of_a_trusted_proxy_alone(
    client: str, headers: dict[str, str], user: str | None
) -> None:
    """What anybody else sends in that header is taken out and opens nothing."""
    guard = Guard(inner, Access(proxies=PROXY))
    status, _, line = reply(guard, "/state", client=client, **headers)
    assert status == (200 if user else 401)
    if user:
        assert line.startswith(f"{user}|")
        assert "x-forwarded-user" not in line


def test_a_header_that_comes_twice_names_nobody() -> None:
    """The proxy added its own to one that a browser had sent; and underscores are no hyphens."""
    names = [(b"x-forwarded-user", b"bob"), (b"x-forwarded-user", b"alice")]
    scope, caller = PROXY.read({"type": "http", "client": ("10.0.0.2", 1), "headers": names})
    assert (scope["headers"], caller.user) == ([], None)
    names = [(b"x_forwarded_user", b"alice")]
    assert PROXY.read({"type": "http", "client": ("10.0.0.2", 1), "headers": names})[1].user is None


def test_the_header_is_taken_out_when_it_is_not_the_one_that_counts(users: Users) -> None:
    """Who is logged in as Bob stays Bob, whatever else the browser says."""
    access = Access(users=users, proxies=PROXY)
    value = f"{COOKIE}={access.cookie('bob')}"
    line = reply(Guard(inner, access), "/state", cookie=value, **{"x-forwarded-user": "alice"})[2]
    assert line.startswith("bob|")
    assert "x-forwarded-user" not in line


def test_addresses_are_counted_as_the_proxy_saw_them() -> None:
    """Its last word counts: what stands before it may be invented. Nobody else may say where a request is from."""
    guard = Guard(inner, Access(proxies=PROXY))
    said = {"x-forwarded-user": "alice", "x-forwarded-for": "1.2.3.4, 9.9.9.9, 192.168.7.1"}
    assert reply(guard, "/state", client="10.0.0.2", **said)[2].split("|")[1] == "9.9.9.9"
    guard = Guard(inner, Access())
    assert (
        reply(guard, "/state", client="127.0.0.1", **{"x-forwarded-for": "9.9.9.9"})[2].split("|")[1]
        == "127.0.0.1"
    )
