"""What the source panel is given beside text: only what is indexed, as it was indexed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from rag.engine import Engine
from rag.errors import LoadError
from rag.types import Citation, Document
from ui import panel, paths, pdf_page, text, views
from ui.paths import Paths
from ui.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

EN = text.load("en")
PDF = Path(__file__).parents[2] / "data" / "vault" / "文档" / "berlin-flat-handbook.pdf"


def png(colour: str = "red") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Notes, and beside them what nobody is to see."""
    notes = tmp_path / "notes"
    (notes / "sub dir").mkdir(parents=True)
    (notes / "a.md").write_text("# A\n\nsome words\n", "utf-8")
    (notes / "sub dir" / "pic & more.png").write_bytes(png())
    (notes / "flat.pdf").write_bytes(PDF.read_bytes())
    (notes / "drawing.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "utf-8"
    )
    (tmp_path / "secret.png").write_bytes(png("blue"))
    return notes


@pytest.fixture
def engine(folder: Path, footnotes_home: Path) -> Iterator[Engine]:
    """Their index."""
    with Engine.open(footnotes_home) as opened:
        opened.add_root(folder)
        opened.sync()
        yield opened


@pytest.fixture
def client(engine: Engine) -> TestClient:
    """The routes."""
    app = FastAPI()
    views.add(app, engine)
    return TestClient(app)


def test_a_picture_of_the_index_is_served(client: TestClient) -> None:
    """With the type that its bytes say."""
    found = client.get("/source/image", params={"id": "notes/sub dir/pic & more.png"})
    assert (found.status_code, found.content) == (200, png())
    assert found.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "asked",
    [
        *("notes/../secret.png", "notes/sub dir/../../../secret.png", "../secret.png", "/etc/passwd"),
        *("notes/..%2fsecret.png", "notes/%2e%2e/secret.png", "notes/..\\secret.png", "notes//../secret.png"),
        *(
            "notes/a.md",
            "notes/flat.pdf",
            "notes/drawing.svg",
            "notes",
            "",
            "notes/sub dir/pic & more.png\x00",
        ),
        *("notes/sub dir/PIC & MORE.PNG/.", "file:///etc/passwd", "notes/./sub dir/pic & more.png"),
    ],
)
def test_nothing_else_is_served_as_a_picture(client: TestClient, asked: str) -> None:
    """Neither another file nor a note; a name is an id or nothing."""
    assert client.get("/source/image", params={"id": asked}).status_code == 404
    page: dict[str, str | int] = {"id": asked.replace("flat.pdf", "a.md"), "page": 1, "start": 0, "end": 1}
    assert client.get("/source/page", params=page).status_code == 404
    if "\x00" not in asked:
        assert client.get(f"/source/image?id={asked}").status_code == 404  # encoded by the sender, or not


def test_a_link_that_took_a_pictures_place_leads_nowhere(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    """Only the bytes that were indexed are given out."""
    picture = folder / "sub dir" / "pic & more.png"
    picture.unlink()
    picture.symlink_to(tmp_path / "secret.png")
    assert client.get("/source/image", params={"id": "notes/sub dir/pic & more.png"}).status_code == 404


def test_a_note_is_shown_only_as_it_was_cited(client: TestClient, engine: Engine) -> None:
    """As text for our own script, never as a page to be opened."""
    note = engine.document("notes/a.md")
    assert note is not None
    asked: dict[str, str | int] = {"id": note.id, "start": 5, "end": 9, "sha256": note.sha256}
    found = client.get("/source/view", params=asked)
    assert "<mark>some</mark> words" in found.text
    assert found.headers["content-type"].startswith("text/plain")
    assert client.get("/source/view", params=asked | {"sha256": "0"}).status_code == 404
    assert client.get("/source/view", params=asked | {"id": "notes/b.md"}).status_code == 404


def test_a_page_of_a_pdf_is_drawn(client: TestClient, engine: Engine, folder: Path) -> None:
    """With boxes where the passage stands; no page that is not there, and no other file."""
    pytest.importorskip("pypdfium2")
    note = engine.document("notes/flat.pdf")
    assert note is not None
    start = note.text.index("Landlady")
    asked: dict[str, str | int] = {"id": note.id, "page": 1, "start": start, "end": start + 30}
    assert _marked(client.get("/source/page", params=asked).content) > 1000
    assert _marked(client.get("/source/page", params=asked | {"end": start}).content) == 0
    assert client.get("/source/page", params=asked | {"page": 9}).status_code == 404
    (folder / "flat.pdf").write_bytes(PDF.read_bytes() + b"\n")
    assert client.get("/source/page", params=asked).status_code == 404


def _marked(drawn: bytes) -> int:
    """Pixels of the marker's colour."""
    with Image.open(io.BytesIO(drawn)) as image:
        pixels = np.asarray(image)
    return int(((pixels[..., 0] > 240) & (pixels[..., 2] < 225)).sum())


def test_a_broken_pdf_is_an_error_and_no_end_of_the_server() -> None:
    """It is read in a process of its own."""
    pytest.importorskip("pypdfium2")
    with pytest.raises(LoadError, match="page 1 cannot be drawn"):
        pdf_page.picture("a.pdf", b"%PDF-1.7\n" + b"\xff" * 1000, 1, "x")


@pytest.mark.parametrize(
    ("shown", "passage", "place"),
    [
        ("one two three", "two", (4, 3)),
        ("one t\r\nwo three", "two", (4, 5)),
        ("the hyphen-\nation ends", "hyphenation", (4, 13)),
        ("中 文\n字", "中文字", (0, 5)),
        ("one", "two", None),
        ("one", " ", None),
    ],
)
def test_a_passage_is_found_in_a_pages_text(shown: str, passage: str, place: tuple[int, int] | None) -> None:
    """White space and cut words aside."""
    assert pdf_page.found(shown, passage) == place


def test_links_to_programs_hold_nothing_but_a_path() -> None:
    """Whatever the file is called."""
    assert paths.editor("/n/a b\"<'>#?&.md", 3) == "vscode://file/n/a%20b%22%3C%27%3E%23%3F%26.md:3"
    assert paths.editor("C:\\n\\a.md", None) == "vscode://file/C:/n/a.md"
    assert paths.obsidian('/n/a&vault=x".md') == "obsidian://open?path=%2Fn%2Fa%26vault%3Dx%22.md"


def test_obsidian_is_offered_where_there_is_a_vault(tmp_path: Path) -> None:
    """The folder of notes, one inside it, or one around it."""
    root = tmp_path / "vault" / "notes"
    (root / "sub").mkdir(parents=True)
    assert not paths.in_vault(root / "sub" / "a.md", root)
    (tmp_path / "vault" / ".obsidian").mkdir()
    assert paths.in_vault(root / "sub" / "a.md", root)


@pytest.mark.parametrize("is_local", [True, False])
def test_only_on_this_machine_a_file_is_opened(engine: Engine, *, is_local: bool) -> None:
    """Elsewhere the server's paths mean nothing to the reader."""
    source = views.source_of(engine, "notes/a.md", Paths(is_local=is_local))
    cited = Citation(1, "notes/a.md", "A", 5, 9, "some", (3, 3), format="markdown")
    shown = panel.tools_html(cited, source, EN)
    assert ("vscode://" in shown) == is_local
    assert 'data-view="page"' in shown


def test_a_source_that_is_gone_or_has_no_looks_has_no_switch() -> None:
    """Plain text is shown as it is; a note that was changed is not the one that was cited."""
    cited = Citation(1, "n/a.md", "A", 0, 4, "some", (1, 1), format="markdown")
    other = Document("n/a.md", "else", "0", "A", "markdown")
    assert panel.tools_html(cited, Source(other), EN) == ""
    assert panel.tools_html(cited, Source(None), EN) == ""
    plain = Citation(1, "n/a.txt", "A", 0, 4, "some", (1, 1), format="text")
    assert panel.tools_html(plain, Source(Document("n/a.txt", "some", "0", "A", "text")), EN) == ""
