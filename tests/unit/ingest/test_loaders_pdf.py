"""PDF files, made on the spot."""

from __future__ import annotations

import io
from datetime import date
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import pypdf
import pytest

from ingest import ocr
from ingest.chunk import chunk
from ingest.loaders import load
from ingest.loaders import pdf as reading
from ingest.loaders.pdf import _clean
from ingest.loaders.source import Options
from rag.errors import LoadError
from rag.types import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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
    document = load("v/scan.pdf", pdf([page(""), page("")]), options=Options(ocr=False))
    assert document.text.strip() == ""
    assert "has no text layer" in document.warnings[-1]
    assert "pip install 'footnotes[ocr]'" in document.warnings[-1]
    assert [(c.start, c.end, c.title) for c in chunk(document)] == [(0, 0, "scan")]


@pytest.mark.parametrize("words", ["", "These words stand in the text layer of the first page, in full."])
def test_too_little_memory_for_a_scan(
    words: str, monkeypatch: pytest.MonkeyPatch, require: Callable[[bool, str, str], None]
) -> None:
    """A scan without any text fails, to be read again with more memory; pages that can be read are kept."""
    require(ocr.available(), "the extra `ocr`", "pip install 'footnotes[ocr]'")

    def starve(*_: object) -> str:
        raise MemoryError

    monkeypatch.setattr(reading, "_shown", starve)
    data = pdf([page(words), page("")])
    if words:
        document = load("v/scan.pdf", data)
        assert words in document.text
        assert "page 2 cannot be recognised in so little memory" in document.warnings[-1]
    else:
        with pytest.raises(MemoryError):
            load("v/scan.pdf", data)


@pytest.fixture
def only_pypdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if pypdfium2 were not installed."""
    monkeypatch.setattr(reading, "find_spec", lambda _: None)


@pytest.mark.usefixtures("only_pypdf")
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
    assert _clean("服务器\ufa38 不\uf967同 人人") == "服务器 不同 人人"


def test_a_file_without_pages_keeps_its_title() -> None:
    """No page is like no text: one empty chunk."""
    document = load("v/none.pdf", pdf([]))
    assert document.pages == ()
    assert [(c.start, c.end, c.page) for c in chunk(document)] == [(0, 0, None)]


def written(streams: Sequence[bytes], change: Callable[[pypdf.PdfWriter], None]) -> bytes:
    """A PDF with what ``change`` adds to it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(streams)))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def lines(*texts: str) -> bytes:
    """A content stream that shows lines, one below the other."""
    shown = b" T* ".join(b"(%s) Tj" % text.encode("latin-1") for text in texts)
    body = b"BT /F1 12 Tf 14 TL 20 280 Td %s ET" % shown
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)


def test_the_outline_becomes_headings() -> None:
    """An entry stands where its title does, else where its page begins; depth is level, at most 6."""

    def outline(writer: pypdf.PdfWriter) -> None:
        parent = writer.add_outline_item(title="Not on the page", page_number=0)
        for depth in range(7):
            parent = writer.add_outline_item(
                title="Second" if depth else "Lemons", page_number=1, parent=parent
            )

    data = written([lines("One."), lines("Plums.", "Lemons", "Yellow ones.")], outline)
    document = load("v/a.pdf", data)
    second = document.pages[1]
    assert Section(0, "Not on the page", 1) in document.sections
    assert Section(document.text.index("Lemons"), "Lemons", 2) in document.sections
    assert [s.level for s in document.sections if s.title == "Second"] == [3, 4, 5, 6, 6, 6]
    assert {s.start for s in document.sections if s.title == "Second"} == {second}
    assert list(document.sections) == sorted(document.sections, key=lambda s: s.start)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("How to grow lemons", "How to grow lemons"),
        ("阳台菜园", "阳台菜园"),
        ("Microsoft Word - plan.docx", "file name"),
        ("plan.indd", "file name"),
        ("untitled", "file name"),
        ("无标题文档", "file name"),
        ("2023-04-01", "file name"),
        ("ÑôÌ¨²ËÔ°", "file name"),
        ("  ", "file name"),
    ],
)
def test_a_title_counts_if_a_person_gave_it(title: str, shown: str) -> None:
    """Programs write their own names there, or a Chinese title in an encoding that nobody reads."""
    data = written([page("text")], lambda writer: writer.add_metadata({"/Title": title}))
    assert load("v/file name.pdf", data).title == shown


def test_dates_are_read_with_their_zone_and_little_trust() -> None:
    """A PDF is made when it is printed; a date that no clock has shown is none."""
    written_at = {"/CreationDate": "D:20230405233000+08'00'", "/ModDate": "D:20240102"}
    data = written([page("text")], lambda writer: writer.add_metadata(written_at))
    made, changed = load("v/a.pdf", data).dates
    assert (made.first, made.last, made.source, made.zone) == (
        date(2023, 4, 5),
        date(2023, 4, 5),
        "pdf:CreationDate",
        "+08:00",
    )
    assert (changed.first, changed.source, changed.zone) == (date(2024, 1, 2), "pdf:ModDate", "")
    assert changed.confidence < made.confidence < 0.5
    for wrong in ("D:20231305", "D:20000101000000", "yesterday", ""):
        data = written([page("text")], partial(pypdf.PdfWriter.add_metadata, infos={"/CreationDate": wrong}))
        assert load("v/a.pdf", data).dates == ()


@pytest.mark.parametrize("without", [False, True])
def test_headers_and_footers_are_masked(without: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stay in the text and out of the passages; the words of a header are indexed once."""
    if without:
        monkeypatch.setattr(reading, "find_spec", lambda _: None)
    document = load(
        "v/a.pdf",
        pdf(
            [lines("Balcony Quarterly", f"Story number {n * n} ends.", f"Page {n} of 4") for n in range(1, 5)]
        ),
    )
    masked = [document.text[m.start : m.end] for m in document.masks]
    assert masked.count("Balcony Quarterly") == 3
    assert [text for text in masked if "Page" in text] == [f"Page {n} of 4" for n in range(1, 5)]
    assert {m.reason for m in document.masks} == {"boilerplate"}
    found = chunk(document)
    assert [c.page for c in found] == [1, 2, 3, 4]
    assert [c.body.split() for c in found[1:]] == [
        ["Story", "number", str(n * n), "ends."] for n in (2, 3, 4)
    ]


def test_words_are_kept_together_by_pdfium() -> None:
    """Words that are placed one by one, and words cut at a line end, read as they were meant."""
    pytest.importorskip("pypdfium2")
    body = b"BT /F1 12 Tf 20 200 Td (Placed) Tj ET BT /F1 12 Tf 61 200 Td (apart and demon-) Tj ET "
    body += b"BT /F1 12 Tf 20 186 Td (stration ends here.) Tj ET"
    data = pdf([b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)])
    assert " ".join(load("v/a.pdf", data).text.split()) == "Placed apart and demonstration ends here."


def test_comments_and_filled_forms_are_read() -> None:
    """They stand on their page, once; check boxes and marked words that the page holds anyway say nothing more."""
    from pypdf.annotations import FreeText, Highlight, Text
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

    def annotate(writer: pypdf.PdfWriter) -> None:
        box = (10, 10, 90, 50)
        quads = ArrayObject(map(FloatObject, (1, 1, 2, 1, 1, 2, 2, 2)))
        marked = Highlight(rect=box, quad_points=quads)
        marked[NameObject("/Contents")] = TextStringObject("curlew")
        for note in (Text(text="Check this date!", rect=box), FreeText(text="See p. 3", rect=box), marked):
            writer.add_annotation(0, note)
        for kind, value in (("/Tx", TextStringObject("Lin")), ("/Btn", NameObject("/Yes"))):
            names = {"/Type": "/Annot", "/Subtype": "/Widget", "/FT": kind}
            field = DictionaryObject({NameObject(k): NameObject(v) for k, v in names.items()})
            field[NameObject("/V")] = value
            field[NameObject("/Rect")] = ArrayObject(map(FloatObject, box))
            cast("ArrayObject", writer.pages[0]["/Annots"]).append(field)

    document = load("a.pdf", written([page("A curlew at the shore"), page("Second page")], annotate))
    assert document.text == "A curlew at the shore\n\nCheck this date!\n\nSee p. 3\n\nLin\n\nSecond page"
    assert document.text[document.pages[1] :] == "Second page"
