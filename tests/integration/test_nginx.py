"""Behind a real nginx: streams pass, and it says who asks, from where."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.browser.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Require

HOST = "notes.example.org"
CONFIG = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-User $arg_as;
      proxy_buffering off;
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that believes the proxy."""
    folder: Path = tmp_path_factory.mktemp("behind") / "notes"
    folder.mkdir()
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced by Ms Aydin in May.\n", "utf-8")
    variables = {
        "FOOTNOTES_SERVE__HOSTS": HOST,
        "FOOTNOTES_SERVE__PROXY_HEADER": "X-Forwarded-User",
        "FOOTNOTES_PASSWORD_ALICE": "alice's own words",
    }
    options = ("serve", "--auth", "alice")
    with serving(folder, folder.parent / "home", variables=variables, options=options) as url:
        yield url.rstrip("/")


@pytest.fixture(scope="module")
def nginx(upstream: str, require: Require, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx before it."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    require(program is not None, "nginx", "install it (Debian: apt-get install nginx-light)")
    assert program is not None
    folder = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, upstream=upstream), "utf-8")
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def browser(nginx: str) -> Iterator[httpx.Client]:
    """Who comes through it, by the name that it is published under."""
    with httpx.Client(base_url=nginx, headers={"host": HOST}, timeout=60, trust_env=False) as client:
        yield client


def test_a_stream_passes_through(browser: httpx.Client) -> None:
    """Server-sent events, up to the last."""
    asked = {"question": "Who serviced the boiler?", "stream": True}
    with browser.stream("POST", "/v1/ask?as=alice", json=asked) as reply:
        assert reply.status_code == 200
        events = [line for line in reply.iter_lines() if line.startswith("event:")]
    assert events[-1] == "event: answer"


def test_its_word_for_the_user_counts_and_nobody_elses(browser: httpx.Client, upstream: str) -> None:
    """A browser's own header is replaced by nginx; a login by password is there, too, its cookie for https."""
    assert browser.get("/config", params={"as": "alice"}).status_code == 200
    assert browser.get("/config", headers={"x-forwarded-user": "alice"}).status_code == 401
    form = {"name": "alice", "password": "alice's own words"}
    entered = browser.post("/login", data=form, headers={"origin": f"https://{HOST}"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "Secure" in entered.headers["set-cookie"].split("; ")
    assert httpx.get(f"{upstream}/config", trust_env=False).status_code == 401
    assert browser.get("/", headers={"host": f"evil.{HOST}"}).status_code == 421
