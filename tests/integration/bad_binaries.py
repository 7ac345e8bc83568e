"""Bad PDFs, office files and images, made by hand: bombs, loops, lies and ruins. Standard library only, but for one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pypdf

if TYPE_CHECKING:
    from collections.abc import Mapping

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OOXML = "application/vnd.openxmlformats-officedocument"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)
FOREIGN = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def _squeezed(size: int, filler: bytes = b" ") -> bytes:
    """What inflates to ``size`` bytes."""
    packer = zlib.compressobj(1)
    block = filler * (1_000_000 // len(filler))
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


# PDF


def pdf(objects: Mapping[int, bytes], extra: bytes = b"", *, loop: bool = False) -> bytes:
    """A PDF of these objects; number 1 is the catalogue. With ``loop``, its table refers back to itself."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    back = b" /Prev %d" % start if loop else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s%s >>\nstartxref\n%d\n%%%%EOF\n" % (
        max(objects) + 1,
        back,
        extra,
        start,
    )
    return bytes(out)


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def _page(
    contents: bytes, resources: bytes = b"<< /Font << /F 9 0 R >> >>", count: int = 1
) -> dict[int, bytes]:
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count,
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources %s >>"
        % resources,
        4: contents,
        9: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }


def pdfs() -> dict[str, bytes]:
    """PDFs that cannot be read, or only with a remark."""
    hello = _page(_stream(b"BT /F 12 Tf (hello) Tj ET"))
    good = pdf(hello)
    loop = {1: hello[1], 2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"}
    two = loop | {
        2: b"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
        5: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
    }
    bomb = zlib.compress(_squeezed(300_000_000))
    twice = _stream(bomb, b"/Filter [/FlateDecode /FlateDecode]")
    form = _stream(
        b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
    )
    outline = b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>"
    item = b"<< /Title (again) /Parent 6 0 R /Next 7 0 R /First 7 0 R /Last 7 0 R >>"
    return {
        "truncated.pdf": good[: len(good) // 2],
        "rubbish.pdf": b"%PDF-1.4\nnot really",
        "no-header.pdf": b"hello, I am a text",
        "zeros.pdf": bytes(4000),
        "encrypted.pdf": _encrypted(good),
        "pages-loop.pdf": pdf(loop),
        "pages-cycle.pdf": pdf(two),
        "huge-count.pdf": pdf(_page(hello[4], count=2_000_000_000)),
        "negative-count.pdf": pdf(_page(hello[4], count=-5)),
        "no-pages.pdf": pdf({1: b"<< /Type /Catalog >>"}),
        "self-root.pdf": pdf({1: b"1 0 R"}),
        "flate-bomb.pdf": pdf(_page(twice)),
        "flate-broken.pdf": pdf(_page(_stream(b"\x00\x01garbage" * 9, b"/Filter /FlateDecode"))),
        "length-loop.pdf": pdf(_page(b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream")),
        "length-lies.pdf": pdf(_page(b"<< /Length 99999999999 >>\nstream\nBT ET\nendstream")),
        "stream-loop.pdf": pdf(
            hello | {5: _stream(b"1 0 2 5 ", b"/Type /ObjStm /N 2 /First 8 /Extends 5 0 R")}, b" /Info 5 0 R"
        ),
        "prev-loop.pdf": pdf(hello, loop=True),
        "form-loop.pdf": pdf(_page(_stream(b"/X Do"), b"<< /XObject << /X 5 0 R >> >>") | {5: form}),
        "outline-loop.pdf": pdf(
            hello | {1: outline, 6: b"<< /Type /Outlines /First 7 0 R /Last 7 0 R >>", 7: item}
        ),
        "deep-array.pdf": pdf(_page(b"[" * 50_000 + b"]" * 50_000)),
        "deep-operands.pdf": pdf(_page(_stream(b"[" * 50_000))),
        "info-loop.pdf": pdf(hello | {8: b"8 0 R"}, b" /Info 8 0 R"),
    }


def _encrypted(data: bytes) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# Office formats


def zipped(entries: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def _relations(kind: str, target: str) -> str:
    return f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>'


def _types(part: str, kind: str) -> str:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="{part}" ContentType="{OOXML}.{kind}+xml"/></Types>'
    )


def _docx(body: str | bytes, **more: str | bytes) -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": _types("/word/document.xml", "wordprocessingml.document.main"),
        "_rels/.rels": _relations("officeDocument", "word/document.xml"),
        "word/document.xml": body,
        **more,
    }


def _xlsx(sheet: str | bytes) -> dict[str, str | bytes]:
    return {
        "[Content_Types].xml": _types("/xl/workbook.xml", "spreadsheetml.sheet.main").replace(
            "</Types>",
            f'<Override PartName="/xl/worksheets/s.xml" ContentType="{OOXML}.spreadsheetml.worksheet+xml"/></Types>',
        ),
        "_rels/.rels": _relations("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/s.xml"),
        "xl/worksheets/s.xml": sheet,
    }


def _epub(chapter: str | bytes, spine: str = '<itemref idref="c"/>') -> dict[str, str | bytes]:
    container = "urn:oasis:names:tc:opendocument:xmlns:container"
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'<container xmlns="{container}"><rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "b.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine>{spine}</spine></package>',
        "c.xhtml": chapter,
    }


def _odf(kind: str, body: str) -> dict[str, str | bytes]:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    text, table = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("text", "table"))
    content = f'<o:document-content xmlns:o="{office}" xmlns:t="{text}" xmlns:b="{table}"><o:body><o:{kind}>{body}</o:{kind}></o:body></o:document-content>'
    return {"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content}


def _word(text: str, head: str = "") -> str:
    return f'{head}<w:document xmlns:w="{WORD}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'


def _grid(inside: str, head: str = "") -> str:
    return f'{head}<worksheet xmlns="{SHEET}"><dimension ref="A1:XFD1048576"/><sheetData>{inside}</sheetData></worksheet>'


def _nested_tables(depth: int) -> str:
    return f'<w:document xmlns:w="{WORD}"><w:body>{"<w:tbl><w:tr><w:tc>" * depth}{"</w:tc></w:tr></w:tbl>" * depth}</w:body></w:document>'


def offices() -> dict[str, bytes]:
    """Zip-based formats: bombs, entities, lies, missing parts."""
    blank = b" " * 150_000_000
    good = zipped(_docx(_word("hello")))
    cell = '<c r="A1" t="s"><v>99999</v></c>'
    page = "<html><body>{}</body></html>"
    laughing = page.format("&j;")
    spaces = '<t:p><t:s t:c="2000000000"/></t:p>'
    cells = '<b:table><b:table-row b:number-rows-repeated="1048576"><b:table-cell b:number-columns-repeated="16384"><t:p>x</t:p></b:table-cell></b:table-row></b:table>'
    return {
        "truncated.docx": good[: len(good) // 2],
        "tail-only.docx": good[len(good) // 2 :],
        "bomb.docx": zipped(_docx(blank)),
        "laughs.docx": zipped(_docx(_word("&j;", LAUGHS))),
        "foreign.docx": zipped(_docx(_word("&j;", FOREIGN))),
        "no-document.docx": zipped({"[Content_Types].xml": "<Types/>"}),
        "not-xml.docx": zipped(_docx("<w:document")),
        "traversal.docx": zipped({"../../../evil.txt": "x", "/etc/evil": "x"}),
        "lying-size.docx": good.replace(struct.pack("<L", len(_word("hello"))), struct.pack("<L", 7)),
        "nested-tables.docx": zipped(_docx(_nested_tables(20_000))),
        "zip-in-zip.docx": zipped({"a.docx": zipped({"b.docx": good})}),
        "many-entries.docx": zipped({f"{n}.xml": "" for n in range(20_000)}),
        "ole-encrypted.docx": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000),
        "text.docx": b"only text",
        "bomb.xlsx": zipped(_xlsx(blank)),
        "laughs.xlsx": zipped(_xlsx(_grid('<row><c t="inlineStr"><is><t>&j;</t></is></c></row>', LAUGHS))),
        "missing-strings.xlsx": zipped(_xlsx(_grid(f'<row r="1">{cell}</row>'))),
        "far-cell.xlsx": zipped(_xlsx(_grid('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))),
        "bad-cell.xlsx": zipped(_xlsx(_grid('<row r="x"><c r="??" t="n"><v>not a number</v></c></row>'))),
        "no-workbook.xlsx": zipped({"a": "b"}),
        "bomb.pptx": zipped({"[Content_Types].xml": blank, "ppt/presentation.xml": blank}),
        "no-presentation.pptx": zipped({"[Content_Types].xml": _types("/ppt/p.xml", "x")}),
        "is-a.pptx": good,
        "laughs.epub": zipped(_epub(LAUGHS + laughing)),
        "bomb.epub": zipped(_epub(blank)),
        "deep.epub": zipped(_epub("<div>" * 50_000)),
        "no-container.epub": zipped({"mimetype": "application/epub+zip"}),
        "missing-chapter.epub": zipped({k: v for k, v in _epub("").items() if k != "c.xhtml"}),
        "endless-spine.epub": zipped(_epub(page.format("again"), '<itemref idref="c"/>' * 20_000)),
        "spaces.odt": zipped(_odf("text", spaces)),
        "cells.ods": zipped(_odf("spreadsheet", cells)),
        "laughs.odt": zipped({"content.xml": f"{LAUGHS}<x>&j;</x>"}),
        "deep.odt": zipped(
            _odf("text", "<t:list><t:list-item>" * 20_000 + "</t:list-item></t:list>" * 20_000)
        ),
        "empty-archive.odp": zipped({}),
    }


# Images


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG of one bit a pixel."""
    head = struct.pack(">LLBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def images() -> dict[str, bytes]:
    """Bombs, lies and ruins."""
    small = png(8, 8, zlib.compress(bytes(16)))
    gif = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x00\x00\x00;"
    tiff = b"II*\x00" + struct.pack("<LHHHLLL", 8, 1, 256, 3, 1, 1, 8)  # the next directory is this one
    return {
        "bomb.png": png(50_000, 50_000, _squeezed(312_000_000, b"\0")),
        "truncated.png": small[:-20],
        "rubbish.png": b"\x89PNG\r\n\x1a\n" + b"rubbish" * 20,
        "nothing.png": png(0, 0, b""),
        "text-chunk.png": small[:-12] + _chunk(b"zTXt", b"k\0\0" + _squeezed(100_000_000)) + small[-12:],
        "vector.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "huge.gif": gif,
        "gif-as.jpg": gif,
        "huge.jpg": bytes.fromhex("ffd8ffc0000b08ffffffff01011100ffd9"),
        "loop.tiff": tiff,
        "huge.bmp": b"BM"
        + struct.pack("<LLLLllHHLLLLLL", 60, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0),
        "rubbish.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X" + bytes(40),
    }
