"""Conversations pasted into notes: who speaks, from where on."""

from __future__ import annotations

import pytest

from ingest.chunk import chunk
from ingest.loaders import load
from ingest.loaders.turns import asked, find

REPLY = (
    "第一，先看看数据从哪里来，再决定用什么方法处理它，最后才谈工具。\n第二，每一步都留下记录，方便以后核对。\n"
    * 5
)


def turns(text: str) -> list[tuple[str, str, str]]:
    """First line, title and speaker of each section."""
    return [(text[s.start :].partition("\n")[0], s.title, s.speaker) for s in find(text, text)]


@pytest.mark.parametrize(
    ("user", "model"),
    [
        ("User: {}", "Assistant: {}"),
        ("Human: {}", "AI: {}"),
        ("**You**\n\n{}", "**ChatGPT**\n\n{}"),
        ("**User:** {}", "**Assistant:** {}"),
        ("**我**：{}", "**Claude**：{}"),
        ("## User\n{}", "## Assistant\n{}"),
        ("### 你\n\n{}", "### ChatGPT (GPT-4o)\n\n{}"),
        ("You said:\n{}", "ChatGPT said:\n{}"),
        ("你说：\n{}", "ChatGPT 说：\n{}"),
        ("你：{}", "ChatGPT：{}"),
        ("我：{}", "豆包：{}"),
        ("用户: {}", "DeepSeek-R1: {}"),
        ("You\n{}", "ChatGPT\n{}"),
        ("User (10:32): {}", "Assistant (10:33): {}"),
        ("[2024-05-01 10:32] me: {}", "[2024-05-01 10:33] Claude 3.5 Sonnet: {}"),
        ("2024-05-01 10:32 User：{}", "2024-05-01 10:33 Kimi：{}"),
        ("Prompt: {}", "Response: {}"),
        ("role::user\n\n{}", "role::assistant\n\n{}"),
    ],
)
def test_turns_are_told_by_their_marks(user: str, model: str) -> None:
    """Each shape of marks, in both languages; an answer carries its question."""
    said = ["why is it so?", "because", "and then?", "that"]
    pieces = [(user, model)[i % 2].format(words) for i, words in enumerate(said)]
    text = "\n\n".join(["Some words of my own.", *pieces])
    found = find(text, text)
    assert [s.speaker for s in found] == ["user", "model", "user", "model"]
    assert [s.title for s in found] == ["", "why is it so?", "", "and then?"]
    assert [s.start for s in found] == [text.index(piece) for piece in pieces]
    assert {s.level for s in found} == {0}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我：为什么天是蓝的？\n\nClaude：因为散射。", 2),  # a product's name
        ("You said:\nhi\n\nChatGPT said:\nhello", 2),
        ("User: root\nPassword: none\n", 0),
        ("## User\nreads notes\n\n## Assistant\nhelps with them\n", 0),  # roles, described
        ("AI: a field of study\nME: mechanical engineering\n", 0),
        ("我：早\n他：早\n我：走吧\n他：好", 0),  # two people
        ("- 我：a\n\nChatGPT：OpenAI 的模型\nClaude：Anthropic 的模型", 0),  # a list of products
        ("You\nhi\n\nChatGPT\nhello", 0),  # bare words need more
        ("**User** is a role, **Assistant** another, **User** again", 0),
        ("You: http://a.b\n**ChatGPT**\n## User", 0),  # three shapes
    ],
)
def test_one_name_proves_nothing(text: str, count: int) -> None:
    """Both sides must speak, under marks of one shape; twice, where the names are common words."""
    assert len(find(text, text)) == count


def test_questions_and_answers_of_nobody_known_claim_no_speaker() -> None:
    """An FAQ or an interview is split, and its answers carry their questions; whose words they are stays open."""
    faq = "Q: How much?\nA: Ten.\n\nQ: How long?\nA: A day.\n"
    assert [(title, who) for _, title, who in turns(faq)] == [
        ("", ""),
        ("How much?", ""),
        ("", ""),
        ("How long?", ""),
    ]
    assert [who for *_, who in turns(f"今天问了 ChatGPT：\n\n{faq}")] == ["user", "model", "user", "model"]
    assert [title for _, title, _ in turns("问：多少钱？\n答：十元。\n\n问：多久？\n答：一天。")] == [
        "",
        "多少钱？",
        "",
        "多久？",
    ]


def test_the_first_question_of_the_plugin_that_marks_roles_has_no_mark() -> None:
    """It is all that stands before the first answer."""
    text = "What is it?\n\nrole::assistant\n\nA thing.\n\nrole::user\n\n"
    assert turns(text) == [
        ("What is it?", "", "user"),
        ("role::assistant", "What is it?", "model"),
        ("role::user", "", "user"),
    ]


def test_headings_and_quotes_in_an_answer_belong_to_it() -> None:
    """Only the marks' own shape splits."""
    text = "User: a\nAssistant: b\n## Steps\n> User: quoted\n**Assistant:** bold\nUser: c\nAssistant: d"
    assert [line for line, *_ in turns(text)] == ["User: a", "Assistant: b", "User: c", "Assistant: d"]


def test_nothing_begins_in_code() -> None:
    """The loader's view has code blanked."""
    text = "```\nUser: a\nAssistant: b\nUser: c\n```\n"
    assert find(text, " " * len(text)) == ()


@pytest.mark.parametrize(
    ("after", "back"),
    [
        ("\n\n\nMy own thoughts.", True),  # a gap wider than any before
        ("\n\nStill the answer.", False),
        ("\n\n## Own\n\nMine.", True),  # a heading beside the conversation's
        ("\n\n### Part\n\nAnybody's.", True),  # any heading: it may be
    ],
)
def test_where_a_conversation_ends(after: str, back: bool) -> None:
    """After the last turn the note goes on."""
    text = f"## Talk\n\nUser: a\n\nAssistant: b\n\nUser: c\n\nAssistant: d{after}"
    last = find(text, text)[-1]
    assert (last.speaker == "") is back
    if back:
        assert text[last.start :].strip() == after.strip()


def test_two_conversations_under_their_headings() -> None:
    """A heading that opens the next one belongs to no turn."""
    one = "User: a\n\nAssistant: b\n\n### Inner\n\nmore\n"
    text = f"# Note\n\n## First\n\n{one}\n## Second\n\n{one}"
    assert [(line, who) for line, _, who in turns(text)] == [
        ("User: a", "user"),
        ("Assistant: b", "model"),
        ("### Inner", ""),
        ("User: a", "user"),
        ("Assistant: b", "model"),
        ("### Inner", ""),
    ]


OWN_WORDS = [
    "---\n\n阳台朝北，换成了薄荷。",
    "------\n阳台朝北，换成了薄荷。",
    "***\n\nThe balcony faces north, so mint it is.",
    "_ _ _\nThe balcony faces north.",
    "## 我的总结\n\n阳台朝北。",
    "### 种植记录\n\n阳台朝北。",
    "What became of it\n=================\n\nMint.",
    "**2024-05-01 日记**\n\n阳台朝北。",
    "2024-05-01 日记\n阳台朝北。",
    "2024年5月1日：阳台朝北，罗勒死了，换成了薄荷。",
    "[2024-05-01] it died, and mint came in its place",
    "**5月1日 晴**\n罗勒死了。",
    "1 May\nIt died.",
    "昨天罗勒死了。",
    "我决定种薄荷。",
    "我决定按你说的种薄荷。",
    "- 我还是种薄荷。",
    "后来我种了薄荷。",
    "我们家阳台朝北。",
    "我自己的结论：种薄荷。",
    "总结：我种薄荷。",
    "> 我的想法：种薄荷。",
    "个人觉得薄荷更好。",
    "PS 薄荷也要水。",
    "P.S. Mint needs water, too.",
    "后记：薄荷活了。",
    "My own remark: mint is easier.",
    "**My take:** mint.",
    "I decided to grow mint.",
    "In the end I grew mint.",
    "We decided on mint.",
    "Note to self: water it.",
    "Conclusion: mint.",
    "[[薄荷]]",
    "- [ ] 买薄荷",
    "\n薄荷活了。",
    "\n\nMint lives.",
]


@pytest.mark.parametrize("own", OWN_WORDS)
@pytest.mark.parametrize("marks", [("User", "ChatGPT"), ("**我**", "**豆包**")])
def test_a_persons_words_below_a_conversation_are_never_a_models(own: str, marks: tuple[str, str]) -> None:
    """Whatever sets them off, from file to passages, and they stand under none of its questions."""
    user, model = marks
    reply = "给它阳光。\n\n```\npot\n\n\n\nsoil\n```\n\n- 每天浇水。"
    text = f"# 阳台\n\n{user}：罗勒怎么种？\n\n{model}：{reply}\n\n{own}\n"
    cut = chunk(load("v/阳台.md", text.encode("utf-8")))
    told = [c for c in cut if c.speaker == "model"]
    assert "".join(c.text for c in told) == f"{model}：{reply}"
    assert cut[-1].text in f"\n{own}"
    assert cut[-1].speaker == ""
    assert "罗勒怎么种？" not in cut[-1].heading


def test_a_heading_below_a_conversation_stands_under_the_notes_own() -> None:
    """Not under what was asked last."""
    text = "# 聊\n\nUser：多少钱？\n\nChatGPT：大约五百元。\n\n## 我的总结\n\n硬盘更好。\n"
    last = chunk(load("v/聊.md", text.encode("utf-8")))[-1]
    assert (last.heading, last.speaker) == (("聊", "我的总结"), "")


def test_what_stands_within_a_conversation_is_the_models_but_for_personal_remarks() -> None:
    """Rulers, headings and gaps of a reply that a mark ends are its own; a remark in the first person is not."""
    reply = (
        "Assistant: b\n\n---\n\n## Steps\n\n\n\n1. mix\n\n**Summary:** mix\n\n如果是夏天，我会用冰水。\n\n"
    )
    ends = "User: c\n\nAssistant: d"
    assert turns(f"User: a\n\n{reply}{ends}") == [
        ("User: a", "", "user"),
        ("Assistant: b", "a", "model"),
        ("User: c", "", "user"),
        ("Assistant: d", "c", "model"),
    ]
    for own in ("我觉得它错了。", "**2024-05-02 日记**", "My remark: wrong."):
        assert turns(f"User: a\n\n{reply}{own}\n\n{ends}")[2] == (own, "", "")


@pytest.mark.parametrize(
    "words",
    [
        "我建议你先买硬盘。",
        "如果需要，我可以为您列一个清单。",
        "我们来看第二点。",
        "I recommend you buy a disk.",
        "If you want, I can help you choose.",
        "I hope this helps!",
        "让我再举一个例子。",
    ],
)
def test_what_a_model_offers_stays_its_own(words: str) -> None:
    """It speaks in the first person too, to somebody."""
    assert [who for *_, who in turns(f"User: a\n\nChatGPT: b\n\n{words}")] == ["user", "model"]


def test_between_two_conversations_the_note_speaks() -> None:
    """A heading that opens the second does not make the first one's end a matter of course."""
    one = "User: a\n\nAssistant: b\n\n"
    text = f"# Note\n\n## First\n\n{one}## Own\n\nMine.\n\n## Second\n\n{one}"
    assert [(line, who) for line, _, who in turns(text)][1:4] == [
        ("Assistant: b", "model"),
        ("## Own", ""),
        ("User: a", "user"),
    ]


@pytest.mark.parametrize("own", ["---\n今天试了。", "## 试验\n\n成功。", "我决定试试。"])
def test_a_reply_without_marks_ends_likewise(own: str) -> None:
    """Nothing bounds it either."""
    text = f"您提出了一个很好的问题。\n\n{REPLY}\n\n{own}"
    assert turns(text)[1] == (own.partition("\n")[0], "", "")


@pytest.mark.parametrize(
    "opening",
    [
        "您提出了一个很好的问题。让我们逐一来看：",
        "根据您提供的代码，我认为有几种可能：",
        "好的，我会为您制定一个计划：",
        "我理解您的困惑。",
        "Great question! There are several ways.",
        "As an AI language model, I cannot visit it.",
    ],
)
def test_a_reply_without_marks_is_told_by_how_it_opens(opening: str) -> None:
    """It ends at two empty lines: what stands below may be the note's own."""
    text = f"我的想法\n\n{opening}\n\n{REPLY}\n\n\n自己写的话"
    assert [who for *_, who in turns(text)] == ["model", ""]
    assert text[find(text, text)[1].start :] == "自己写的话"


@pytest.mark.parametrize("ending", ["如果需要更多信息，请随时告诉我。", "I hope this helps!"])
def test_a_closing_phrase_ends_a_reply_without_marks(ending: str) -> None:
    """So does a shell's prompt."""
    reply = f"您提出了一个很好的问题。\n\n{REPLY}"
    assert [line for line, *_ in turns(f"{reply}\n{ending}\n\n自己写的话")][1:] == [""]
    prompt = "me@host:~$ ls"
    assert [line for line, *_ in turns(f"{reply}\n{prompt}\n")][1:] == [prompt]


def test_a_short_line_that_opens_like_a_reply_is_anybodys() -> None:
    """A letter may thank for a question too."""
    assert turns("您提出了一个很好的问题。谢谢！\n") == []


@pytest.mark.parametrize(
    "words",
    [
        f"好的，我会想你的。\n{REPLY}",
        f"Of course, I was wrong all that summer.\n{REPLY}",
        f"尊敬的客户：\n\n根据您的要求，我们改了合同。\n{REPLY}\n此致",
    ],
)
def test_what_people_write_themselves_is_no_reply(words: str) -> None:
    """Diaries and letters open likewise; to call them a model's would be the worst mistake."""
    assert turns(f"我的信\n\n{words}") == []


def test_a_model_that_is_only_the_topic_answers_nothing() -> None:
    """Questions and answers about it are somebody's own."""
    faq = "Q: How much?\nA: Ten.\n\nQ: How long?\nA: A day.\n"
    assert {who for *_, who in turns(f"# LLM and ChatGPT interview questions\n\n{faq}")} == {""}
    assert {who for *_, who in turns(f"I asked Claude about it:\n\n{faq}")} == {"user", "model"}


def test_a_bots_picture_stands_between_question_and_reply() -> None:
    """As copied from Poe."""
    text = f"旧的话\n\n它是怎么做到的？\n\nClaude-3.5-Sonnet的机器人图片\nClaude-3.5-Sonnet\n\nPoe\n\n您的观察非常正确。\n{REPLY}"
    assert turns(text) == [
        ("它是怎么做到的？", "", "user"),
        ("Claude-3.5-Sonnet的机器人图片", "它是怎么做到的？", "model"),
    ]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("  how\n do I  **do** it?\n", "how do I do it?"),
        ("word " * 30, "word " * 11 + "word…"),
        ("字" * 80, "字" * 60 + "…"),
    ],
)
def test_a_question_becomes_a_short_title(question: str, title: str) -> None:
    """Its beginning, on one line, without Markdown's signs."""
    assert asked(question) == title


def test_a_pasted_conversation_is_cut_by_speaker() -> None:
    """From file to passages: the answer's path says what was asked, and lines are the file's."""
    text = "我和 AI 聊\n\n我：怎么备份照片？\n\nChatGPT：可以用硬盘。\n也可以用网盘。\n\n\n\n决定买硬盘。\n"
    cut = [(c.text, c.speaker, c.heading, c.lines) for c in chunk(load("v/聊天.txt", text.encode("utf-8")))]
    assert cut == [
        ("我和 AI 聊", "", (), (1, 1)),
        ("我：怎么备份照片？", "user", (), (3, 3)),
        ("ChatGPT：可以用硬盘。\n也可以用网盘。", "model", ("怎么备份照片？",), (5, 6)),
        ("决定买硬盘。", "", (), (10, 10)),
    ]
