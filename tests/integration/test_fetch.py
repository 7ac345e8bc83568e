"""Downloading one image: from whom, from where, how much. The servers are scripted, on loopback."""

from __future__ import annotations

import gzip
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from ingest.fetch import Limits, UnreachableError, allowed, fetch, host_of, is_public
from rag.errors import LoadError
from tests.integration.image_site import HERE, Site, picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def site() -> Iterator[Site]:
    """A running site."""
    with Site() as running:
        yield running


LOCAL = Limits(hosts=(HERE, "localhost"), max_bytes=1_000_000, timeout_s=10, local=True)
PUBLIC = Limits(
    hosts=("*.example.com", "example.com", HERE, "localhost", "::1"), max_bytes=1_000_000, timeout_s=10
)


@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        ("PNG", ".png"),
        ("JPEG", ".jpg"),
        ("GIF", ".gif"),
        ("WEBP", ".webp"),
        ("BMP", ".bmp"),
        ("TIFF", ".tif"),
    ],
)
def test_images_are_known_by_their_bytes(site: Site, form: str, suffix: str) -> None:
    """Whatever the address and the server call them."""
    got = fetch(site.show("/a.txt", picture(form), Content_Type="text/html"), LOCAL)
    assert (got.data, got.suffix) == (picture(form), suffix)


def test_nothing_of_the_user_is_sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookies, referrer, key or proxy; the fragment stays here."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    last = site.show("/b.png", picture())
    first = site.show("/a?x=1", b"", 302, Location=last + "#there", Set_Cookie="a=b")
    fetch(first + "#here", LOCAL)
    assert [path for path, _ in site.asked] == ["/a?x=1", "/b.png"]
    for _, headers in site.asked:
        assert set(headers) == {"host", "connection", "user-agent", "accept", "accept-encoding"}
        assert headers["host"] == site.url.removeprefix("http://")
        assert headers["user-agent"] == "footnotes"


@pytest.mark.parametrize(
    ("body", "status", "headers", "reason"),
    [
        (b"<html>" + b" " * 100, 200, {}, "is not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 200, {}, "is not an image"),
        (b"", 200, {}, "is not an image"),
        (b"no", 404, {}, "HTTP 404"),
        (b"", 304, {}, "HTTP 304"),
        (gzip.compress(picture()), 200, {"Content_Encoding": "gzip"}, "is not an image"),
        (picture() + b"0" * 1_000_000, 200, {}, "is larger than 1 MB"),
    ],
)
def test_what_is_not_wanted_is_refused(
    site: Site, body: bytes, status: int, headers: dict[str, str], reason: str
) -> None:
    """In one line."""
    with pytest.raises(LoadError, match=reason):
        fetch(site.show("/a.png", body, status, **headers), LOCAL)


def test_redirects_are_followed_so_far_and_no_further(site: Site) -> None:
    """Five; each is checked like the first address."""
    site.show("/0", picture())
    for n in range(1, 8):
        site.show(f"/{n}", b"", 301, Location=f"/{n - 1}")
    assert fetch(site.url + "/5", LOCAL).suffix == ".png"
    with pytest.raises(LoadError, match="more than 5 redirects"):
        fetch(site.url + "/6", LOCAL)
    for target, reason in (
        ("http://evil.example/a.png", "evil.example is not in images.hosts"),
        ("file:///etc/passwd", "is no web address"),
        ("gopher://127.0.0.1/", "is no web address"),
        (site.url.replace("//", "//user:word@") + "/0", "holds a user name"),
    ):
        with pytest.raises(LoadError, match=reason):
            fetch(site.show("/away", b"", 302, Location=target), LOCAL)


def test_a_server_that_drips_is_cut_off(site: Site) -> None:
    """Each letter in time, the whole never."""
    site.drips.add("/slow.png")
    started = time.monotonic()
    with pytest.raises(UnreachableError, match=r"took longer than 0\.5 s"):
        fetch(site.url + "/slow.png", Limits((HERE,), 1000, 0.5, local=True))
    assert time.monotonic() - started < 5


def test_nobody_listens() -> None:
    """A closed port is an error in one line."""
    with socket.socket() as free:
        free.bind((HERE, 0))
        url = f"http://{HERE}:{free.getsockname()[1]}/a.png"
        with pytest.raises(UnreachableError, match="cannot be fetched"):
            fetch(url, LOCAL)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - never bound to
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2001:db8::1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "64:ff9b:1::a00:1",
        "nonsense",
        "",
    ],
)
def test_addresses_that_are_never_asked(address: str, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """This machine, its network, the cloud's own services, reserved ones, and all of them in disguise."""
    assert not is_public(address)
    monkeypatch.setattr(socket, "getaddrinfo", names({"example.com": ["93.184.216.34", address]}))
    with pytest.raises(LoadError, match="has an address that is not public"):
        fetch("http://example.com/a.png", PUBLIC)
    assert not site.asked


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::6810:84e5", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_public_addresses(address: str) -> None:
    """What the rule lets through."""
    assert is_public(address)


def names(known: dict[str, list[str]]) -> Callable[..., list[tuple[Any, ...]]]:
    """A name server."""

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    return look_up


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://localhost/a.png", "not public"),
        ("http://127.0.0.1/a.png", "not public"),
        ("http://[::1]/a.png", "not public"),
        ("https://unknown.example.com/a.png", "is not known"),
        ("http://example.com:8080/a.png", "port 8080"),
        ("https://example.com:80/a.png", "port 80"),
        ("http://example.com:99999/a.png", "no web address"),
        ("http://user@example.com/a.png", "user name"),
        ("http://example.com@evil.example/a.png", "user name"),
        ("http://evil.example/example.com/a.png", "evil.example is not in images.hosts"),
        ("http://notexample.com/a.png", "not in images.hosts"),
        ("http://2130706433/a.png", "not in images.hosts"),
        ("http://0x7f000001/a.png", "not in images.hosts"),
        ("ftp://example.com/a.png", "no web address"),
        ("file:///etc/passwd", "no web address"),
        ("http:///a.png", "no web address"),
        ("http://[::1/a.png", "no web address"),
        ("//example.com/a.png", "no web address"),
        ("", "no web address"),
    ],
)
def test_urls_that_are_never_asked(url: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is contacted for any of them."""
    known = {"localhost": [HERE], HERE: [HERE], "::1": ["::1"], "example.com": ["93.184.216.34"]}
    monkeypatch.setattr(socket, "getaddrinfo", names(known))
    with pytest.raises(LoadError, match=reason):
        fetch(url, PUBLIC)


def test_a_name_is_looked_up_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was checked, whatever the name means a moment later."""
    answers = iter([[HERE], ["203.0.113.9"], ["203.0.113.9"]])
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host == HERE:
            return real(host, port, *args, **options)
        asked.append(host)
        return names({"rebind.example": next(answers)})(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    port = site.url.rpartition(":")[2]
    site.show("/a.png", picture())
    limits = Limits(("rebind.example",), 1_000_000, 10, local=True)
    assert fetch(f"http://rebind.example:{port}/a.png", limits).suffix == ".png"
    assert asked == ["rebind.example"]
    assert site.asked[0][1]["host"] == f"rebind.example:{port}"


@pytest.mark.parametrize(
    ("host", "patterns", "expected"),
    [
        ("i.imgur.com", ("i.imgur.com",), True),
        ("I.Imgur.com.", ("i.imgur.COM",), True),
        ("wx1.sinaimg.cn", ("*.sinaimg.cn",), True),
        ("a.b.sinaimg.cn", ("*.sinaimg.cn",), True),
        ("sinaimg.cn", ("*.sinaimg.cn",), False),
        ("evilsinaimg.cn", ("*.sinaimg.cn",), False),
        ("sinaimg.cn.evil.example", ("*.sinaimg.cn", "sinaimg.cn"), False),
        ("imgur.com", (), False),
        ("imgur.com", ("",), False),
        ("", ("", "imgur.com"), False),
    ],
)
def test_hosts_are_matched_whole(host: str, patterns: tuple[str, ...], *, expected: bool) -> None:
    """A star stands for what is below a name, never for a part of it."""
    assert allowed(host, patterns) is expected


def test_hosts_of_addresses() -> None:
    """As DNS knows them."""
    assert host_of("https://图片.例子.com/a.png") == "xn--wcsw84d.xn--fsqu00a.com"
    assert host_of("https://I.IMGUR.com/a") == "i.imgur.com"
    assert host_of("no address") == ""
