"""Answers as HTML."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from rag.store.sessions import Session
from rag.types import Answer, Citation, Document, SentenceSupport, Stage, Trace
from ui import text, view
from ui.frame import examples, header_html, welcome_html
from ui.prose import Doubt, Prose, doubts
from ui.source import Source, heading_path, page_window, passage_window, source_html, where

if TYPE_CHECKING:
    from rag.types import Format, Speaker

EN, ZH = text.load("en"), text.load("zh")
TURN = view.Turn(1, "Why?")
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "[click](javascript:alert(1))",
    "![x](http://192.0.2.1/pixel.png)",
    "</article></aside><iframe src=//192.0.2.1>",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "<style>*{background:url(//192.0.2.1)}</style>",
    "&lt;b&gt; &#60;b&#62;",
)
ALLOWED = {
    *(
        "article",
        "h1",
        "h2",
        "h3",
        "div",
        "p",
        "section",
        "ol",
        "ul",
        "li",
        "button",
        "span",
        "bdi",
        "b",
        "em",
    ),
    *("small", "strong", "code", "pre", "aside", "nav", "header", "mark", "wbr", "sup"),
    *("details", "summary", "a"),
}
PLACES = {"./", "search", "notes", "graph", "evals", "settings"}


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "wbr":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words += data


def parsed(html: str) -> _Elements:
    """Parse, and insist on balanced tags, on our elements only, and on attributes that run nothing."""
    elements = _Elements()
    elements.feed(html)
    elements.close()
    assert elements.open == []
    assert {tag for tag, _ in elements.seen} <= ALLOWED
    names = {name for _, attributes in elements.seen for name in attributes}
    assert not {n for n in names if n.startswith("on")} | names & {"src", "style", "srcdoc", "action"}
    assert {attributes["href"] for _, attributes in elements.seen if "href" in attributes} <= PLACES
    return elements


def citation(marker: int = 1, **changes: object) -> Citation:
    """A citation of line 3 of NOTE."""
    start = NOTE.text.index("The third")
    quote = "The third line."
    made = Citation(
        marker, NOTE.id, "Plan", start, start + len(quote), quote, (3, 3), heading=("Plan", "Week 2")
    )
    return replace(made, **changes)  # type: ignore[arg-type]


NOTE = Document(
    "notes/a/plan.md", "# Plan\nsecond\nThe third line. And more.\nfourth\n", "0", "Plan", "markdown"
)


def answer(written: str = "Because. [1]", **changes: object) -> Answer:
    """An answer with one citation."""
    return replace(Answer("Why?", written, (citation(),)), **changes)  # type: ignore[arg-type]


def html_of(given: Answer, words: text.Text = EN, document: Document | None = NOTE) -> str:
    """The answer's HTML, every citation with the same source."""
    return view.answer_html(
        TURN, given, {c.marker: Source(document, "/n/a/plan.md") for c in given.citations}, words
    )


# --- safety ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_from_a_note_becomes_markup(payload: str) -> None:
    """Script, attribute and Markdown payloads in every field of an answer come out as the text they are."""
    note = replace(
        NOTE, id=f"notes/{payload}", title=payload, text=f"# {payload}\n{payload}\nmore {payload}\n"
    )
    start = note.text.index("\n") + 1
    cited = citation(
        doc_id=note.id,
        title=payload,
        start=start,
        end=start + len(payload),
        quote=payload,
        lines=(2, 2),
        heading=(payload,),
        uri=f"javascript:{payload}",
    )
    given = Answer(
        payload,
        f"{payload} [1]\n- **{payload}** `{payload}`",
        (cited, replace(cited, marker=2, quote="no longer there")),
        support=(SentenceSupport(payload, (1,), False),),
        trace=Trace(notes=(payload,)),
        writer=payload,
    )
    sources = {n: Source(note, f"/notes/{payload}") for n in (1, 2)}
    words = parsed(view.answer_html(view.Turn(1, payload), given, sources, EN)).words
    assert words.count(payload) >= 6
    for html in (
        view.failed_html(TURN, payload, EN),
        welcome_html(1, [payload], [Session(payload, payload, payload, payload, 1)], EN),
    ):
        assert payload in parsed(html).words
    parsed(view.live_html(TURN, payload, EN))  # a link in it is its words only


# --- the answer --------------------------------------------------------------------------------------------------


def test_a_marker_becomes_a_button_that_says_where_it_leads() -> None:
    """A screen reader hears path and line, not only a number."""
    buttons = [a for tag, a in parsed(html_of(answer())).seen if tag == "button" and a.get("class") == "fn"]
    assert [(b["data-n"], b["aria-label"]) for b in buttons] == [("1", "Footnote 1: notes/a/plan.md, line 3")]


def test_brackets_that_are_no_marker_stay_text() -> None:
    """Only numbers that have a citation become buttons."""
    words = parsed(html_of(answer("See [7] and [x]. [1]"))).words
    assert "See [7] and [x]." in words


def test_the_list_names_quote_path_line_and_heading_without_repeating_the_title() -> None:
    """One entry a citation, as it would stand under a page."""
    words = parsed(html_of(answer())).words
    assert "The third line.notes/a/plan.mdline 3Week 2" in words
    assert heading_path(citation(heading=("Other", "Week 2"))) == "Other › Week 2"


def test_a_quote_is_listed_as_it_reads_and_opened_as_it_was_written() -> None:
    """A link's address is noise in the list and proof in the panel."""
    quote = "See [GCP](https://cloud.example.com) ."
    html = html_of(answer(citations=(citation(start=0, end=len(quote), quote=quote),)), document=None)
    assert '<span class="q" dir="auto">See GCP.</span>' in html
    assert f"<mark>{quote}</mark>" in html


def test_a_page_takes_the_place_of_lines() -> None:
    """A PDF's lines are nobody's lines."""
    html = html_of(answer(citations=(citation(page=4),)))
    assert "page 4" in html
    assert "line 3" not in html
    assert 'class="lines paged"' in html


def test_a_changed_file_says_so_in_list_and_panel() -> None:
    """What was shown equals what was used, also when the file has moved on."""
    words = parsed(html_of(answer(citations=(citation(changed=True),)))).words
    assert "changed since indexed" in words
    assert "You see the text that the answer used" in words
    assert "changed" not in parsed(html_of(answer())).words


def test_a_note_that_is_gone_says_so_in_list_and_panel() -> None:
    """Its quote is all that is left."""
    words = parsed(html_of(answer(), document=None)).words
    assert "This note is gone" in words
    assert "only its quote is left" in words


def test_a_panel_carries_what_the_page_asks_about_and_what_it_may_have_to_say() -> None:
    """The note's id and hash as the answer saw them, and the words for each fate, in the reader's language."""
    for words, changed, gone in (
        (EN, "This note has changed since this answer", "This note is gone"),
        (ZH, "回答之后，这篇笔记有改动", "这篇笔记已经不在了"),
    ):
        elements = parsed(html_of(answer(), words)).seen
        aside = next(attributes for tag, attributes in elements if tag == "aside")
        assert (aside["data-id"], aside["data-sha256"]) == (NOTE.id, NOTE.sha256)
        badges = [a for tag, a in elements if tag == "em" and "fate" in (a["class"] or "")]
        assert len(badges) == 2
        assert all(
            (a["data-changed"] or "").startswith(changed) and (a["data-gone"] or "").startswith(gone)
            for a in badges
        )


def test_a_note_that_was_indexed_anew_meanwhile_has_no_hash_to_compare() -> None:
    """Its new hash would call the old quote up to date."""
    moved_on = replace(NOTE, text="Entirely other words.", sha256="1")
    aside = next(a for tag, a in parsed(html_of(answer(), document=moved_on)).seen if tag == "aside")
    assert aside["data-sha256"] == ""


def test_a_long_question_is_folded_and_complete() -> None:
    """Nothing is refused and nothing is lost; the page shows the first lines until it is opened."""
    short, long = view.Turn(1, "Why? " * 20), view.Turn(1, "Why? " * 2400)
    assert "<details" not in view.live_html(short, "", EN)
    html = view.live_html(long, "", EN)
    assert '<details class="asked"><summary><h2 dir="auto">' in html
    assert long.question in parsed(html).words
    assert "<details" in view.live_html(view.Turn(1, "a\n" * 6), "", EN)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("We use [GCP](https://cloud.example.com/a_(b)). [1]", "We use GCP.1"),
        ("See [[plans/2024|the plan]] and [[Mira]].", "See the plan and Mira."),
        ("A ![cat](http://192.0.2.1/cat.png) sat.", "A cat sat."),
    ],
)
def test_a_link_in_an_answer_is_its_words(written: str, expected: str) -> None:
    """As it is in an extracted answer: an address is not for reading."""
    assert parsed(Prose(written, EN, {1: citation()}).html()).words == expected


def test_an_unsupported_sentence_is_marked_in_place() -> None:
    """The mark is a word, not a colour alone, and it covers that sentence only."""
    given = answer(
        "True. [1]\nMade up. Also true.",
        support=(
            SentenceSupport("True.", (1,), True),
            SentenceSupport("Made up.", (), False),
            SentenceSupport("Also true.", (), True),
        ),
    )
    html = html_of(given)
    why = "The footnotes do not support this sentence."
    assert f'<span class="doubt unsupported" title="{why}">Made up.</span>' in html
    assert html.count("not supported") == 1
    assert doubts(given.text, given.support) == (Doubt(10, 18),)


@pytest.mark.parametrize(
    ("words", "label", "why"),
    [
        (
            EN,
            "partly supported",
            "The footnotes support a part of this sentence. Not found in them: &lt;Mira&gt;, 7",
        ),
        (ZH, "部分有据", "脚注只支持这句话的一部分。 其中没有找到：&lt;Mira&gt;, 7"),
    ],
)
def test_a_partly_supported_sentence_says_what_is_missing(words: text.Text, label: str, why: str) -> None:
    """In a word, and in full where the pointer rests; what a model wrote is escaped there, too."""
    support = (SentenceSupport("Mira ran.", (1,), supported=False, partly=True, missing=("<Mira>", "7")),)
    html = html_of(answer("Mira ran. [1]", support=support), words)
    assert f'<span class="doubt partly" title="{why}">Mira ran.</span>' in html
    assert f'<small class="badge warn">{label}</small>' in html


def test_an_answer_in_chinese_is_framed_in_chinese() -> None:
    """The words around an answer follow the reader's language."""
    words = parsed(html_of(answer("因为。[1]"), ZH)).words
    assert "脚注" in words
    assert "第 3 行" in words


def test_the_colophon_tells_writer_time_and_what_was_removed() -> None:
    """Invented footnotes are counted, and the trace's remarks are shown."""
    trace = Trace((Stage("lexical", 1, 4.2), Stage("write", 1, 1800.0)), ("2 notes were held back",))
    words = parsed(html_of(answer(writer="qwen", removed_markers=1, trace=trace))).words
    assert "Written by qwen, checked against your notes · 1.8 s · 1 invented footnote was removed" in words
    assert words.split("2 notes were held back")[0].endswith(" · ")


def test_an_abstention_says_so_and_claims_no_quotation() -> None:
    """Not knowing is an answer, and not a quotation."""
    words = parsed(html_of(answer("Nothing here.", citations=(), abstained=True))).words
    assert "Your notes do not say" in words
    assert "Sentences from your notes" not in words


def test_an_answer_being_written_has_numbers_but_no_buttons() -> None:
    """Markers are not proven before the end."""
    html = view.live_html(TURN, "So far [1]", EN)
    assert '<span class="fn pending">1</span>' in html
    assert "<button" not in html
    assert 'aria-busy="true"' in html
    assert "Stopped" in view.live_html(TURN, "So far", EN, stopped=True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\n\ntwo", '<p dir="auto">one</p><p dir="auto">two</p>'),
        ("- a\n- b\nc", '<ul><li dir="auto">a</li><li dir="auto">b</li></ul><p dir="auto">c</p>'),
        ("## Head", '<p dir="auto">Head</p>'),
        ("**b** `c*`", '<p dir="auto"><strong>b</strong> <code>c*</code></p>'),
        ("```py\n- x < 1\n```\nend", '<pre>- x &lt; 1\n</pre><p dir="auto">end</p>'),
        ("```\nopen", "<pre>open\n</pre>"),
        ("1. first", '<p dir="auto">1. first</p>'),
    ],
)
def test_a_little_markdown_is_understood(written: str, expected: str) -> None:
    """Paragraphs, bullets, emphasis and code; all else stays as written."""
    assert Prose(written, EN).html() == f'<div class="prose-fn">{expected}</div>'


def test_a_marker_never_begins_a_line() -> None:
    """The last characters before it stay with it."""
    html = Prose("某某。” [1]", EN, {1: citation()}).html()
    assert '某<span class="keep">某。”<button' in html


def test_a_marker_after_a_code_block_is_kept() -> None:
    """An extracted code block carries its marker behind the closing fence."""
    html = Prose("```\nls\n``` [1]", EN, {1: citation()}).html()
    assert html.startswith('<div class="prose-fn"><pre>ls\n</pre><p dir="auto"><button')


# --- the panel ---------------------------------------------------------------------------------------------------


def panel(cited: Citation, document: Document | None = NOTE, position: tuple[int, int] = (1, 1)) -> str:
    """A source panel."""
    return source_html(cited, Source(document, "/n/a/plan.md"), position, EN)


def test_the_passage_is_highlighted_among_its_neighbours() -> None:
    """Only the quote is marked; lines carry their numbers in the file."""
    html = panel(citation())
    assert html.count("<mark>") == 1
    assert "<mark>The third line.</mark> And more." in html
    assert 'class="ln head"><span class="no" data-no="1"></span><span class="tx" dir="auto"># Plan<' in html
    assert 'class="ln cited"><span class="no" data-no="3">' in html
    assert 'data-copy="/n/a/plan.md:3"' in html


def test_a_quote_over_several_lines_is_marked_on_each() -> None:
    """A blank line inside belongs to the citation."""
    whole = "a\nbb\n\ncc\nd\n"
    html = panel(citation(start=3, end=7, quote="b\n\nc", lines=(2, 4)), replace(NOTE, text=whole))
    assert [part.split("</mark>")[0] for part in html.split("<mark>")[1:]] == ["b", "c"]
    assert html.count('class="ln cited"') == 3


def test_fifteen_lines_are_shown_on_each_side() -> None:
    """Enough to judge a sentence by its surroundings."""
    whole = "\n".join(f"line {n}" for n in range(1, 101))
    start = whole.index("line 50")
    window = passage_window(whole, (start, start + 7))
    assert whole[slice(*window)].split("\n") == [f"line {n}" for n in range(35, 66)]


def test_a_page_shows_that_page_and_no_other() -> None:
    """All of it, also where it is longer than a note's neighbourhood; its file's lines are nobody's lines."""
    parts = ["One.\n\n", "Two first.\n" + "x\n" * 30 + "Two last.\n\n", "Three."]
    whole = "".join(parts)
    note = replace(NOTE, text=whole, pages=(0, len(parts[0]), len(parts[0] + parts[1])), format="pdf")
    start = whole.index("Two last.")
    cited = citation(start=start, end=start + 9, quote="Two last.", page=2)
    html = panel(cited, note)
    assert "<mark>Two last.</mark>" in html
    assert "page 2" in html
    shown = parsed(html).words
    assert "Two first." in shown
    assert "One." not in shown
    assert "Three." not in shown
    assert whole[slice(*page_window(note, cited))] == parts[1].strip()
    across = replace(cited, end=len(whole) - 3, quote=whole[start:-3])
    assert whole[slice(*page_window(note, across))].endswith("Thr")
    assert "Two last." in panel(cited, replace(note, pages=()))


def test_the_window_ends_at_the_note_and_at_a_sane_length() -> None:
    """A short note is shown whole; a line of a megabyte is not."""
    assert passage_window("a\nb\nc", (2, 3)) == (0, 5)
    assert passage_window("", (0, 0)) == (0, 0)
    start, end = passage_window("x" * 1_000_000, (500_000, 500_010))
    assert (start, end) == (496_000, 504_010)


def test_a_note_that_is_gone_leaves_its_quote() -> None:
    """The panel never shows other text under a citation."""
    html = panel(citation(), None)
    assert "no longer in the index" in html
    assert "<mark>The third line.</mark>" in html
    moved_on = panel(citation(), replace(NOTE, text="Entirely other words."))
    assert "Entirely" not in moved_on


def test_steps_appear_between_several_footnotes_only() -> None:
    """The first has no previous, the last no next."""
    assert 'class="next"' not in panel(citation())
    first, last = panel(citation(), position=(1, 2)), panel(citation(), position=(2, 2))
    assert 'class="previous" aria-label="Previous footnote" title="Previous footnote" disabled' in first
    assert 'class="next" aria-label="Next footnote" title="Next footnote" disabled' in last


# --- the frame ---------------------------------------------------------------------------------------------------


def test_an_empty_home_teaches_how_to_add_notes() -> None:
    """Without notes there is nothing to ask; with notes the command is gone."""
    assert "footnotes sync ~/notes" in parsed(welcome_html(0, [], [], EN)).words
    assert "footnotes sync" not in parsed(welcome_html(2, ["What?"], [], EN)).words


def test_examples_ask_about_the_readers_own_notes() -> None:
    """One title a folder, the reader's language first; dates and file-name slugs make poor questions."""

    def note(doc_id: str, title: str) -> Document:
        return replace(NOTE, id=doc_id, title=title)

    notes = [
        note("n/d/2.md", "2024-01-02"),
        note("n/p/a.md", "Garden plan"),
        note("n/p/b.md", "Second plan"),
        note("n/q/c.md", "some-slug-title"),
        note("n/q/t.md", "{{title}}"),
        note("n/r/d.md", "外婆"),
    ]
    assert examples(notes, EN)[:2] == [
        "What did I write about “Garden plan”?",
        "What did I write about “外婆”?",
    ]
    assert examples(notes, ZH)[0] == "关于「外婆」，我写过什么？"
    assert len(examples([], EN)) == 3


def test_the_header_counts_notes_and_names_the_writer() -> None:
    """A reader sees at once what is searched and who answers."""
    from rag.settings import LLMSettings, Settings

    plain = Settings()
    written = plain.model_copy(
        update={"llm": LLMSettings.model_validate({"url": "http://127.0.0.1:1", "model": "<b>"})}
    )
    assert (
        "1,204 notes · 1 folder · answers in your own words"
        in parsed(header_html(1204, 1, plain, EN, "ask")).words
    )
    assert "answers by <b>" in parsed(header_html(2, 2, written, EN, "ask")).words


@pytest.mark.parametrize(
    ("fmt", "page", "en", "zh"),
    [
        ("pdf", 7, "page 7", "第 7 页"),
        ("slides", 3, "slide 3", "第 3 张幻灯片"),
        ("sheets", 2, "sheet 2", "第 2 张工作表"),
        ("book", 4, "chapter 4", "第 4 章"),
        ("notebook", 5, "cell 5", "第 5 个单元格"),
        ("table", None, "line 1", "第 1 行"),
        ("prose", None, "", ""),
        ("chat", None, "", ""),
        ("image", None, "", ""),
    ],
)
def test_a_place_is_told_in_the_words_of_its_format(fmt: Format, page: int | None, en: str, zh: str) -> None:
    """An extract has no lines that a reader could count: there the headings have to do, and no number is copied."""
    cited = Citation(1, "n/a", "A", 0, 4, "text", (1, 1), page, ("Part",), format=fmt)
    assert (where(cited, EN), where(cited, ZH)) == (en, zh)
    source = Source(Document("n/a", "text\nmore", "", "A", fmt, pages=(0,) * (page or 0)))
    panel = source_html(cited, source, (1, 1), EN)
    assert "<mark>text</mark>" in panel
    assert "Part" in panel
    assert ('class="lines paged"' in panel) is (fmt != "table")
    at = "" if fmt in {"prose", "chat", "image"} else f":{page or 1}"
    assert f'data-copy="n/a{at}"' in panel
    listed = view.answer_html(TURN, Answer("?", "It is. [1]", (cited,)), {1: source}, EN)
    assert listed.count('class="where"') == (2 if en else 0)  # with its separator, or not at all


@pytest.mark.parametrize(
    ("speaker", "en", "zh"),
    [
        ("user", "you wrote", "你写的"),
        ("model", "a model told you", "模型告诉你的"),
        ("person", "somebody else wrote", "别人写的"),
        ("machine", "written by a machine", "机器写的"),
    ],
)
def test_a_footnote_says_whose_words_it_quotes(speaker: Speaker, en: str, zh: str) -> None:
    """In the list, in the panel, and for a screen reader; nothing where they are simply the note's."""
    said = Citation(1, "n/a.md", "A", 0, 4, "text", (1, 1), speaker=speaker)
    for words, language in ((en, EN), (zh, ZH)):
        shown = view.answer_html(TURN, Answer("?", "It is. [1]", (said,)), {1: Source(None)}, language)
        assert shown.count(f'<em class="badge">{words}</em>') == 2
        assert f'{words}"' in shown
    plain = view.answer_html(
        TURN, Answer("?", "It is. [1]", (replace(said, speaker=""),)), {1: Source(None)}, EN
    )
    assert en not in plain


def test_an_image_names_the_notes_that_show_it() -> None:
    """Their names are escaped like everything of a note."""
    cited = Citation(1, "n/a.png", "a", 0, 4, "EXIT", (1, 1), format="image", notes=("n/<b>.md", "n/c.md"))
    panel = source_html(cited, Source(None), (1, 1), EN)
    assert "shown in n/&lt;b&gt;.md, n/c.md" in panel


def test_a_doubtful_sentence_is_found_whether_its_marker_stands_before_the_full_stop_or_behind() -> None:
    """The verifier tells sentences without their markers."""
    support = (
        SentenceSupport("It was in May.", (1,), supported=True),
        SentenceSupport("It was in 1999.", (1, 2), supported=False, missing=("1999",)),
    )
    for written in (
        "It was in May [1]. It was in 1999 [1][2]. More.",
        "It was in May. [1] It was in 1999. [1] [2] More.",
    ):
        (doubt,) = doubts(written, support)
        assert written[doubt.start : doubt.end].startswith("It was in 1999")
        assert written[doubt.start : doubt.end].endswith(".")
