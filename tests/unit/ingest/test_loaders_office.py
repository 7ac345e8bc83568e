"""Office documents and books, made on the spot with the libraries that read them."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from ingest.loaders import LOADERS, load, missing
from rag.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rag.types import Chunk, Document

    Read = Callable[[str, bytes | str], tuple[Document, list[Chunk]]]

pytestmark = pytest.mark.skipif(
    any(missing(one) for one in LOADERS if one.extra == "formats"), reason="needs footnotes[formats]"
)
LONG = "正文写得足够长，好让它自己成为一段，不与前面的合在一起。" * 2
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def saved(document: Any) -> bytes:
    """The bytes of a library's document."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive(parts: dict[str, str]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return out.getvalue()


def word(*inner: str) -> bytes:
    """A Word document with these paragraphs' XML."""
    import docx
    from docx.oxml.parser import parse_xml

    document = docx.Document()
    for one in inner:
        document.element.body.insert(-1, parse_xml(f"<w:p {W}>{one}</w:p>"))
    return saved(document)


def epub(chapters: dict[str, str], package: str = "", **more: str) -> bytes:
    """A book of these chapters."""
    items = "".join(
        f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    return archive(
        {
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="O/c.opf"/></rootfiles></container>',
            "O/c.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<metadata>{package}</metadata><manifest>{items}"
            '<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
            f"<spine>{spine}</spine></package>",
            **{f"O/{name}": text for name, text in chapters.items()},
            **more,
        }
    )


def odf(kind: str, body: str, **more: str) -> bytes:
    """An OpenDocument file."""
    names = ("office", "text", "table", "drawing", "presentation", "meta")
    spaces = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in names)
    spaces += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    content = f"<office:document-content {spaces}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    meta = f"<office:document-meta {spaces}><office:meta>{more.pop('meta', '')}</office:meta></office:document-meta>"
    return archive({"content.xml": content, "meta.xml": meta, **more})


def test_word_headings_lists_tables_and_properties(read: Read) -> None:
    """In order; rows are lines; the file's own properties are taken."""
    import docx

    document = docx.Document()
    document.add_heading("Harbour 港", 1)
    document.add_paragraph("one", style="List Number")
    document.add_paragraph("dot", style="List Bullet")
    table = document.add_table(2, 2)
    for i, cell in enumerate(c for row in table.rows for c in row.cells):
        cell.text = f"c{i}"
    document.add_heading("Sub", 2)
    commented = document.add_paragraph(LONG)
    document.add_comment(commented.runs[0], text="a comment", author="me")
    core = document.core_properties
    core.title, core.keywords, core.author = "Report", "a, 鸟", "Lin"
    core.created = datetime(2023, 5, 3, tzinfo=UTC)
    found, chunks = read("a.docx", saved(document))
    assert found.text == f"Harbour 港\n- one\n- dot\n\nc0 | c1\nc2 | c3\n\nSub\n\n{LONG}[1]\n\n[1] a comment"
    assert (found.title, found.tags, found.meta) == ("Report", ("a", "鸟"), {"author": "Lin"})
    assert (found.dates[0].first, found.dates[0].source) == (date(2023, 5, 3), "docx:created")
    assert [(s.title, s.level) for s in found.sections] == [("Harbour 港", 1), ("Sub", 2)]
    assert chunks[-1].heading == ("Harbour 港", "Sub")


def test_word_reads_as_with_all_changes_accepted(read: Read) -> None:
    """Insertions count, deletions do not; codes of fields and alternatives are never text."""
    found, _ = read(
        "a.docx",
        word(
            "<w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:instrText>HYPERLINK x</w:instrText><w:tab/><w:t>end</w:t></w:r>",
            "<w:sdt><w:sdtContent><w:r><w:t>control</w:t></w:r></w:sdtContent></w:sdt>",
        ),
    )
    assert found.text == "kept new\tend\n\ncontrol"
    assert found.dates == ()  # those of the library's template are nobody's


def test_slides_are_pages_with_notes(read: Read) -> None:
    """Titles are headings; an empty slide keeps its number."""
    import pptx

    deck = pptx.Presentation()
    for title in ("One", "", "第三"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = f"{title} body" if title else ""
    slide.notes_slide.notes_text_frame.text = "what to say"
    table = slide.shapes.add_table(1, 2, 0, 0, 9, 9).table
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    found, chunks = read("a.pptx", saved(deck))
    assert found.text == "One\n\nOne body\n\n第三\n\n第三 body\n\na | b\n\nwhat to say"
    assert (found.format, found.title, len(found.pages)) == ("slides", "a", 3)
    assert [(c.page, c.heading) for c in chunks] == [(1, ("One",)), (3, ("第三",))]


def test_sheets_are_pages_of_rows(read: Read) -> None:
    """Dates in ISO, no empty rows; each passage knows its sheet and its columns."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "鸟"
    book.active.append(["地点", "count", "day"])
    book.active.append([None])
    book.active.append(["lake", 3.0, datetime(2023, 5, 3)])  # noqa: DTZ001 - cells have no zone
    book.create_sheet("May").append(["turnstone", 3])
    found, chunks = read("a.xlsx", saved(book))
    assert found.text == "地点 | count | day\nlake | 3 | 2023-05-03\n\nturnstone | 3"
    assert found.format == "sheets"
    assert [(c.page, c.heading) for c in chunks] == [(1, ("鸟: 地点, count, day",)), (2, ("May",))]


def test_a_huge_sheet_is_bounded_and_says_so(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning names the sheet and what was left out."""
    import openpyxl

    monkeypatch.setattr("ingest.loaders.sheets._MOST_ROWS", 2)
    book = openpyxl.Workbook()
    for n in range(5):
        book.active.append([f"row {n}", "x"])
    found, _ = read("a.xlsx", saved(book))
    assert found.text == "row 0 | x\nrow 1 | x"
    assert found.warnings == (
        "notes/a.xlsx: sheet 'Sheet' is too large: its rows after number 2 were left out",
    )


def test_chapters_are_pages_in_reading_order(read: Read) -> None:
    """Titles come from the chapter, else from the table of contents; links within the book lead nowhere."""
    toc = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>First 一</text></navLabel>'
        '<content src="a%20b.xhtml#x"/></navPoint></navMap></ncx>'
    )
    book = epub(
        {
            "a b.xhtml": '<!DOCTYPE html><title>x</title><p>第一章 <a href="b.xhtml">there</a> <a href="https://a.b">web</a>',
            "b.xhtml": "<h1>Two</h1><p>text</p>",
        },
        "<dc:title>书 Book</dc:title><dc:creator>A B</dc:creator><dc:date>2001-02-03</dc:date><dc:subject>鸟</dc:subject>",
        **{"O/toc.ncx": toc},
    )
    found, chunks = read("a.epub", book)
    assert found.text == "第一章 there web\n\nTwo\n\ntext"
    assert (found.format, found.title, found.tags, found.meta) == (
        "book",
        "书 Book",
        ("鸟",),
        {"author": "A B"},
    )
    assert [(c.page, c.heading) for c in chunks] == [(1, ("First 一",)), (2, ("Two",))]
    assert [link.target for link in found.links] == ["https://a.b"]
    assert (found.dates[0].first, found.dates[0].source) == (date(2001, 2, 3), "epub:date")


def test_a_missing_chapter_is_a_warning(read: Read) -> None:
    """The others are read."""
    book = epub({"a.xhtml": "<p>kept</p>", "b.xhtml": "x"})
    broken = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            if name != "O/b.xhtml":
                new.writestr(name, old.read(name))
    found, _ = read("a.epub", broken.getvalue())
    assert (found.text, len(found.pages)) == ("kept", 2)
    assert found.warnings == ("notes/a.epub: chapter 'O/b.xhtml' is missing or cannot be read",)


def test_opendocument_text(read: Read) -> None:
    """Headings, lists, tables, notes, links and meant spaces; earlier states of the text are left out."""
    found, _ = read(
        "a.odt",
        odf(
            "text",
            "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
            '<text:h text:outline-level="1">Shore 岸</text:h>'
            '<text:p>see <text:a xlink:href="https://a.b">the\n link</text:a><text:s text:c="2"/>now'
            "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>a note</text:p></text:note-body></text:note></text:p>"
            "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
            "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
            "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>",
            meta="<dc:title>Title</dc:title><meta:creation-date>2023-05-03T10:00:00</meta:creation-date><meta:keyword>鸟</meta:keyword>",
        ),
    )
    assert found.text == "Shore 岸\n\nsee the link  now[1]\n- one\n\na | b\n\n[1] a note"
    assert (found.title, found.tags, found.dates[0].source) == ("Title", ("鸟",), "odf:created")
    assert [(link.target, found.text[link.start : link.end]) for link in found.links] == [
        ("https://a.b", "the link")
    ]


def test_opendocument_slides_and_sheets(read: Read) -> None:
    """They are pages as in the other office's formats; cells that repeat do so within reason."""
    slides, chunks = read(
        "a.odp",
        odf(
            "presentation",
            '<drawing:page><drawing:frame presentation:class="title"><drawing:text-box><text:p>题</text:p></drawing:text-box></drawing:frame>'
            "<drawing:frame><drawing:text-box><text:p>body</text:p></drawing:text-box></drawing:frame></drawing:page>",
        ),
    )
    assert (slides.text, slides.format, chunks[0].page, chunks[0].heading) == (
        "题\n\nbody",
        "slides",
        1,
        ("题",),
    )
    sheets, _ = read(
        "a.ods",
        odf(
            "spreadsheet",
            '<table:table table:name="S"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>'
            '<table:table-cell table:number-columns-repeated="99999999"/></table:table-row></table:table>',
        ),
    )
    assert (sheets.text, sheets.format, sheets.sections[0].title) == ("a", "sheets", "S")


SUFFIXES = [s for one in LOADERS if one.extra == "formats" for s in one.suffixes]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is damaged"),
        (b"PK\x03\x04 not an archive", "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is protected by a password"),
        (archive({"x": "y"}), ""),
        (archive({"x": "0" * 30_000_000}), "would unpack to 1 parts of 30 MB"),
    ],
)
def test_bad_files_are_refused_in_one_line(suffix: str, data: bytes, reason: str) -> None:
    """By name, reason and remedy; bombs before anything of them is unpacked."""
    with pytest.raises(LoadError, match=rf"^notes/a\{suffix}: {reason}[^\n]*\.$"):
        load(f"notes/a{suffix}", data)


def test_entities_are_never_expanded(read: Read) -> None:
    """A billion laughs are none, and no file is read by one."""
    laughs = (
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
        '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        "<o:body><o:text><t:p>x&b;&f;y</t:p></o:text></o:body></o:document-content>"
    )
    found, _ = read("a.odt", archive({"content.xml": laughs}))
    assert "ha" not in found.text
    assert found.text.startswith("x")


def test_protected_books_and_documents_say_so() -> None:
    """DRM, and OpenDocument's own encryption."""
    locked = '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData/></encryption>'
    with pytest.raises(LoadError, match="is protected"):
        load("notes/a.epub", epub({"a.xhtml": "x"}, **{"META-INF/encryption.xml": locked}))
    manifest = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:encryption-data/></m:manifest>'
    with pytest.raises(LoadError, match="is encrypted"):
        load("notes/a.odt", odf("text", "", **{"META-INF/manifest.xml": manifest}))


def test_headers_and_footers_of_word_are_read_once(read: Read) -> None:
    """A letter's head may be its only date; page numbers are no words."""
    import docx

    file = docx.Document()
    file.add_paragraph("Body.")
    section = file.sections[0]
    section.different_first_page_header_footer = True
    for place, text in (
        (section.header, "Shore survey 2023"),
        (section.first_page_header, "Shore survey 2023"),
        (section.footer, "7"),
        (section.first_page_footer, "Confidential"),
    ):
        place.paragraphs[0].text = text
    found, _ = read("a.docx", saved(file))
    assert found.text == "Body.\n\nShore survey 2023\n\nConfidential"


def test_powers_in_word_are_not_digits(read: Read) -> None:
    """10 to the sixth is not 106."""
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>%s</w:t></w:r>'
    found, _ = read("a.docx", word("<w:r><w:t>10</w:t></w:r>" + raised % "6" + raised % "th"))
    assert found.text == "10^6th"


def deck() -> tuple[Any, Any]:
    """A presentation and its only slide, which has a title."""
    import pptx

    file = pptx.Presentation()
    slide = file.slides.add_slide(file.slide_layouts[5])
    slide.shapes.title.text = "Shore"
    return file, slide


def test_shapes_of_the_same_number_are_all_read(read: Read) -> None:
    """Copied slides repeat them, the title's too."""
    file, slide = deck()
    box = slide.shapes.add_textbox(0, 0, 1000, 1000)
    box.text_frame.text = "A curlew."
    box._element.nvSpPr.cNvPr.set("id", str(slide.shapes.title.shape_id))
    assert read("a.pptx", saved(file))[0].text == "Shore\n\nA curlew."


def test_shapes_with_formulas_are_read(read: Read) -> None:
    """They come in two forms, of which the library sees none."""
    from lxml import etree

    file, slide = deck()
    a, m = (
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/math",
    )
    shape = (
        f'<p:sp><p:txBody><a:p><a:r><a:t>%s</a:t></a:r><m:t xmlns:m="{m}">E=mc</m:t></a:p></p:txBody></p:sp>'
    )
    slide.shapes._spTree.append(
        etree.fromstring(
            '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
            f' xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="{a}">'
            f'<mc:Choice Requires="a14">{shape % "Energy: "}</mc:Choice>'
            f"<mc:Fallback>{shape % 'picture'}</mc:Fallback></mc:AlternateContent>"
        )
    )
    assert read("a.pptx", saved(file))[0].text == "Shore\n\nEnergy: E=mc"


def test_numbers_of_charts_are_exact_and_odd_charts_cost_nothing_else(read: Read) -> None:
    """1234567 is not 1.23457e+06; a chart of a kind that the library does not know leaves the deck readable."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    file, slide = deck()
    data = CategoryChartData()
    data.categories = ["q1"]
    data.add_series("birds", [1234567])
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 1000, 1000, data)
    known = saved(file)
    assert read("a.pptx", known)[0].text == "Shore\n\nq1\nbirds | 1234567"
    with zipfile.ZipFile(io.BytesIO(known)) as parts:
        odd = {i.filename: parts.read(i).replace(b"c:barChart", b"c:surfaceChart") for i in parts.infolist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        for name, part in odd.items():
            parts.writestr(name, part)
    assert read("a.pptx", out.getvalue())[0].text == "Shore"


def test_formulas_without_values_are_told(read: Read) -> None:
    """A program wrote them, and nobody opened the file since: their cells are empty."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["a", "=A1"])
    found, _ = read("a.xlsx", saved(book))
    assert found.text == "a"
    assert found.warnings == (
        "notes/a.xlsx: some formulas have no value yet; open it in its application and save it again",
    )


def test_sheets_of_one_name_are_both_read(read: Read) -> None:
    """Or of none."""
    sheet = "<table:table><table:table-row><table:table-cell><text:p>%s</text:p></table:table-cell></table:table-row></table:table>"
    found, _ = read("a.ods", odf("spreadsheet", sheet % "one" + sheet % "two"))
    assert (found.text, len(found.pages)) == ("one\n\ntwo", 2)


def test_alternative_texts_of_opendocument_are_read(read: Read) -> None:
    """What the author said of a picture, and not what a program named it."""
    said = '<svg:desc xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">%s</svg:desc>'
    frames = "".join(f"<drawing:frame>{said % text}</drawing:frame>" for text in ("A curlew", "IMG_2031.png"))
    assert read("a.odt", odf("text", f"<text:p>x{frames}</text:p>"))[0].text == "x\n\nA curlew"
