"""PDF files, made on the spot."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING

import pypdf
import pytest

from ingest.chunk import chunk
from ingest.loaders import load
from ingest.loaders.pdf import _clean
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Sequence


def pdf(streams: Sequence[bytes], shift: int = 0) -> bytes:
    """A PDF with one page for each content stream; ``shift`` makes its table of offsets wrong."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, stream in enumerate(streams):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents {5 + 2 * i} 0 R "
        objects.append(page.encode() + b"/Resources << /Font << /F1 3 0 R >> >> >>")
        objects.append(stream)
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    xref = out.tell() + shift
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref))
    return out.getvalue()


def page(text: str) -> bytes:
    """A content stream that shows one line."""
    body = b"BT /F1 12 Tf 20 200 Td (%s) Tj ET" % text.encode("latin-1") if text else b""
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)


BROKEN = b"<< /Length 9 /Filter /FlateDecode >>\nstream\nnot zlib!\nendstream"


def test_pages_begin_at_their_offsets() -> None:
    """The text is that of all pages, and each page's offset finds its own."""
    document = load("v/two pages.pdf", pdf([page("First page."), page("Second page.")]))
    assert (document.format, document.title, document.warnings) == ("pdf", "two pages", ())
    first, second = document.pages
    assert document.text[first:second].strip() == "First page."
    assert document.text[second:] == "Second page."


def test_chunks_know_their_page_and_never_cross_it() -> None:
    """A passage of a PDF can be cited by its page; an empty page between others is counted."""
    document = load("v/a.pdf", pdf([page("One."), page(""), page("Three.")]))
    assert [(c.page, c.text) for c in chunk(document)] == [(1, "One."), (3, "Three.")]
    assert all(a <= b for a, b in pairwise(document.pages))


def test_a_scanned_file_keeps_its_title() -> None:
    """Without a text layer there is a warning with the remedy, and one empty chunk."""
    document = load("v/scan.pdf", pdf([page(""), page("")]))
    assert document.text.strip() == ""
    assert [w for w in document.warnings if "no text layer" in w] == [document.warnings[-1]]
    assert [(c.start, c.end, c.title) for c in chunk(document)] == [(0, 0, "scan")]


def test_one_bad_page_does_not_lose_the_others(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that raises is left empty and named; pypdf says nothing on the terminal."""
    real = pypdf.PageObject.extract_text

    def extract(self: pypdf.PageObject) -> str:
        text = real(self)
        if "bad" in text:
            raise RuntimeError("broken\nfont.")
        return text

    monkeypatch.setattr(pypdf.PageObject, "extract_text", extract)
    document = load("v/a.pdf", pdf([page("good"), page("bad"), page("also good")]))
    assert [c.text for c in chunk(document)] == ["good", "also good"]
    assert document.warnings == ("v/a.pdf: page 2 cannot be read: broken font",)
    assert capfd.readouterr() == ("", "")


def test_damage_is_repaired_quietly(capfd: pytest.CaptureFixture[str]) -> None:
    """A wrong table of offsets or a broken stream costs at most its page, and leaks no message."""
    document = load("v/a.pdf", pdf([page("still here"), BROKEN], shift=7))
    assert "still here" in document.text
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("data", [b"", b"no pdf at all", b"%PDF-1.7\n" + b"\0" * 100])
def test_a_broken_file_is_an_error_in_one_line(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """The message names the file."""
    with pytest.raises(LoadError, match=r"^v/a\.pdf: is not a readable PDF: [^\n]+$"):
        load("v/a.pdf", data)
    assert capfd.readouterr() == ("", "")


def test_an_encrypted_file_is_an_error_unless_its_password_is_empty() -> None:
    """A file that any reader opens is read; one that asks for a password is refused with the remedy."""
    for password, opens in (("", True), ("secret", False)):
        writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf([page("hidden words")])))
        writer.encrypt(password, "owner", algorithm="RC4-128")
        out = io.BytesIO()
        writer.write(out)
        if opens:
            assert load("v/a.pdf", out.getvalue()).text == "hidden words"
        else:
            with pytest.raises(LoadError, match=r"^v/a\.pdf: is encrypted; save a copy"):
                load("v/a.pdf", out.getvalue())


def test_presentation_forms_become_characters() -> None:
    """Radicals and ligatures that PDF fonts use are searchable as what they show, once."""
    assert _clean("使⽤用⼯作 ⻚页⾯面 ⻓度 o\ufb03ce\x00\r\n") == "使用工作 页面 长度 office"


def test_a_file_without_pages_keeps_its_title() -> None:
    """No page is like no text: one empty chunk."""
    document = load("v/none.pdf", pdf([]))
    assert document.pages == ()
    assert [(c.start, c.end, c.page) for c in chunk(document)] == [(0, 0, None)]
