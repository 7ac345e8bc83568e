"""Images of the web, from the notes that show them to the files; the site is on loopback."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ingest.fetch import Fetched, Limits, fetch
from rag import images
from rag.engine import Engine
from rag.images import fetch_all, notes_of, placeholders, status, tidy
from tests.integration.image_site import HERE, Site, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTED = {"images.hosts": (HERE,), "embedding.model": "none", "ocr.enabled": False}
fetch_here = partial(fetch_all, local=True)


@pytest.fixture
def site() -> Iterator[Site]:
    """A running site."""
    with Site() as running:
        yield running


@pytest.fixture
def engine(tmp_path: Path, site: Site) -> Iterator[Engine]:
    """Three notes that show four images of the site and one of another host."""
    vault = tmp_path / "v"
    vault.mkdir()
    for name, color in (("red", "red"), ("same", "red"), ("blue", "blue")):
        site.show(f"/{name}.png", picture(color=color))
    (vault / "a.md").write_text(
        f"One ![red]({site.url}/red.png) and ![](http://other.example/x.png).", "utf-8"
    )
    (vault / "b.md").write_text(f"![red again]({site.url}/red.png)\n\n![s]({site.url}/same.png)", "utf-8")
    (vault / "c.md").write_text(
        f"![blue]({site.url}/blue.png) [a link]({site.url}/x) ![gone]({site.url}/gone.png)"
    )
    with Engine.open(tmp_path / "home", settings=LISTED) as opened:
        opened.add_root(vault)
        opened.sync()
        yield opened


def files(engine: Engine) -> set[str]:
    """What lies in the folder of fetched images."""
    return {p.relative_to(engine.home / "images").as_posix() for p in (engine.home / "images").glob("*/*")}


def test_nothing_is_fetched_unasked(engine: Engine, site: Site) -> None:
    """A sync counts; it does not fetch. Hosts that are not listed are never asked."""
    found = status(engine)
    assert (found.images, found.notes) == (5, 3)
    assert [(h.host, h.allowed, h.fetched, h.failed, h.waiting) for h in found.hosts] == [
        ("127.0.0.1", True, 0, 0, 4),
        ("other.example", False, 0, 0, 1),
    ]
    assert site.asked == []
    assert tidy(engine) == 0
    assert not (engine.home / "images").exists()


def test_images_become_files_of_a_root(engine: Engine) -> None:
    """Once by their bytes, for their owner alone; failures are told and not tried again unless asked."""
    report = fetch_here(engine)
    assert (report.fetched, report.waiting, report.not_allowed, report.removed) == (3, 0, 1, 0)
    assert [reason for _, reason in report.failed] == ["HTTP 404"]
    assert len(files(engine)) == 2
    assert {(engine.home / "images" / f).stat().st_mode & 0o077 for f in files(engine)} == {0}
    (root,) = (r for r in engine.roots() if r.name == "web-images")
    assert root.path == engine.home / "images"
    assert len(engine.catalogue.records("web-images")) == 2
    again = fetch_here(engine)
    assert (again.fetched, again.failed) == (0, [])
    assert len(fetch_here(engine, retry=True).failed) == 1
    host = status(engine).hosts[0]
    assert (host.fetched, host.failed, host.waiting, host.reasons) == (3, 1, 0, (("HTTP 404", 1),))


def test_a_run_goes_on_where_it_stopped(engine: Engine, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched before an interruption is not fetched again."""
    assert fetch_here(engine, limit=1).waiting == 3

    def interrupted(url: str, limits: Limits) -> Fetched:
        if "red" in url:
            raise KeyboardInterrupt
        return fetch(url, limits)

    monkeypatch.setattr(images, "fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch_here(engine)
    monkeypatch.undo()
    asked = {path for path, _ in site.asked}
    site.asked.clear()
    fetch_here(engine)
    assert asked & {path for path, _ in site.asked} == set()
    assert status(engine).hosts[0].waiting == 0


def test_a_host_that_does_not_answer_is_left_alone(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few failures in a row; its other images wait for another run."""
    shown = "\n".join(f"![]({n})" for n in (f"http://127.0.0.1:9/{n}.png" for n in range(9)))
    (tmp_path / "v" / "many.md").write_text(shown, "utf-8")
    engine.sync()
    monkeypatch.setattr(images, "_PATIENCE", 2)
    report = fetch_here(engine)
    assert len(report.failed) == 1 + 2
    assert report.waiting == 7


def test_images_know_their_notes(engine: Engine) -> None:
    """Also after the root was renamed; an image that two addresses give has the notes of both."""
    fetch_here(engine)
    shown = {notes_of(engine.catalogue, doc_id) for doc_id in engine.catalogue.records("web-images")}
    assert shown == {("v/a.md", "v/b.md"), ("v/c.md",)}
    engine.rename_root("web-images", "pictures")
    shown = {notes_of(engine.catalogue, doc_id) for doc_id in engine.catalogue.records("pictures")}
    assert shown == {("v/a.md", "v/b.md"), ("v/c.md",)}
    assert fetch_here(engine).fetched == 0
    assert notes_of(engine.catalogue, "v/a.md") == ()


def test_placeholders_stand_for_what_was_not_fetched(engine: Engine) -> None:
    """With their place in the text and, where it was tried, the reason."""
    fetch_here(engine)
    (other,) = placeholders(engine.catalogue, "v/a.md")
    document = engine.document("v/a.md")
    assert document is not None
    assert document.text[other.start : other.end] == "![](http://other.example/x.png)"
    assert (other.host, other.reason) == ("other.example", "")
    (gone,) = placeholders(engine.catalogue, "v/c.md")
    assert (gone.label, gone.reason) == ("gone", "HTTP 404")
    assert placeholders(engine.catalogue, "v/b.md") == ()


def test_what_no_note_shows_is_removed(engine: Engine, tmp_path: Path) -> None:
    """From the folder and from the index, the last image too."""
    fetch_here(engine)
    (tmp_path / "v" / "c.md").write_text("no image")
    engine.sync()
    tidy(engine)
    assert len(files(engine)) == 1
    assert len(engine.catalogue.records("web-images")) == 1
    for name in ("a.md", "b.md"):
        (tmp_path / "v" / name).unlink()
    engine.sync(accept_deletions=True)
    tidy(engine)
    assert files(engine) == set()
    assert engine.catalogue.records("web-images") == {}
    assert tidy(engine) == 0
    with engine.catalogue.database.reading() as db:
        assert db.execute("SELECT count(*) FROM images").fetchone() == (0,)


def test_addresses_as_notes_write_them() -> None:
    """Without a scheme, or with what HTML escapes."""
    assert images.address_of("//a.example/x.png") == "https://a.example/x.png"
    assert images.address_of("https://a.example/x?a=1&amp;b=2") == "https://a.example/x?a=1&b=2"


@pytest.mark.usefixtures("engine")
def test_the_commands(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Status says what there is and what to set; fetch without a listed host asks nobody."""
    from rag.cli import images as command

    home = tmp_path / "home"
    command.status(home=home)
    told = capsys.readouterr().out
    assert told.startswith("5 images of the web in 3 notes\n  127.0.0.1: 0 fetched, 0 failed, 4 not fetched")
    assert "hosts: [127.0.0.1, other.example]" in told
    command.status(home=home, as_json=True)
    assert json.loads(capsys.readouterr().out)["images"] == 5
    command.fetch(home=home)
    told = capsys.readouterr().out
    assert "No host is listed in images.hosts" in told
    assert "0 fetched, 0 failed, 0 left, 5 of hosts that are not listed" in told
