"""Exports of chatbots: conversations by turn and speaker; nothing in them is lost."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from ingest.chunk import chunk
from ingest.loaders.chat import load
from ingest.loaders.source import Source
from rag.errors import LoadError

if TYPE_CHECKING:
    from rag.types import Document

DAY = 1714525200.0  # 2024-05-01 01:00 UTC


def read(data: object, name: str = "v/conversations.json") -> Document:
    """An export as a document."""
    return load(Source(name, json.dumps(data, ensure_ascii=False).encode()))


def cut(data: object) -> list[tuple[str, str, tuple[str, ...]]]:
    """Text, speaker and heading path of its passages."""
    return [(c.text, c.speaker, c.heading) for c in chunk(read(data))]


def node(key: str, parent: str | None, role: str, text: str, *children: str, **more: Any) -> dict[str, Any]:
    """A node of ChatGPT's tree."""
    content = more.pop("content", {"content_type": "text", "parts": [text]})
    message = {"author": {"role": role}, "content": content, "create_time": DAY, **more}
    return {"id": key, "parent": parent, "children": list(children), "message": message}


def chatgpt(*nodes: dict[str, Any], current: str | None = None, title: str = "Backups") -> dict[str, Any]:
    """A conversation of ChatGPT's export."""
    return {
        "title": title,
        "create_time": DAY,
        "mapping": {one["id"]: one for one in nodes},
        "current_node": current or nodes[-1]["id"],
    }


def test_a_chatgpt_export_is_read_by_turn() -> None:
    """The path of an answer says when, in which conversation, and what was asked."""
    root = {"id": "r", "parent": None, "children": ["q"], "message": None}
    question = node("q", "r", "user", "How do I back up?", "a")
    answer = node("a", "q", "assistant", "Copy it twice.", metadata={"model_slug": "gpt-4o"})
    found = read([chatgpt(root, question, answer)])
    assert [(c.text, c.speaker, c.heading) for c in chunk(found)] == [
        ("How do I back up?", "user", ("2024-05-01 Backups",)),
        ("Copy it twice.", "model", ("2024-05-01 Backups", "How do I back up?")),
    ]
    assert found.format == "chat"
    assert found.title == "Backups"
    assert found.dates[0].first == found.dates[0].last == date(2024, 5, 1)
    assert "Assistant · gpt-4o · 2024-05-01 01:00 UTC" in found.text
    assert {m.reason for m in found.masks} == {"markup"}


def test_versions_left_behind_follow_the_conversation() -> None:
    """The branch shown last is the conversation; the others are kept, under a heading that says so."""
    tree = chatgpt(
        node("q", None, "user", "Why?", "a", "b"),
        node("a", "q", "assistant", "Old."),
        node("b", "q", "assistant", "New."),
        current="b",
    )
    assert cut([tree]) == [
        ("Why?", "user", ("2024-05-01 Backups",)),
        ("New.", "model", ("2024-05-01 Backups", "Why?")),
        ("Old.", "model", ("2024-05-01 Backups", "Other versions")),
    ]


def test_without_a_current_node_the_last_version_counts() -> None:
    """And a tree that runs in a circle ends."""
    tree = chatgpt(
        node("q", None, "user", "Why?", "a", "b"),
        node("a", "q", "assistant", "Old."),
        node("b", "q", "assistant", "New.", "q"),
        current="gone",
    )
    assert [text for text, *_ in cut([tree])] == ["Why?", "New.", "Old."]
    loop = {
        "title": "t",
        "mapping": {"a": node("a", "b", "user", "x", "b"), "b": node("b", "a", "user", "y", "a")},
    }
    assert {"x", "y"} <= set("".join(text for text, *_ in cut(loop)))


@pytest.mark.parametrize(
    "aside",
    [
        {"role": "system", "text": "You are helpful."},
        {"role": "tool", "text": "42 results"},
        {"role": "assistant", "text": "search('x')", "recipient": "browser"},
        {
            "role": "assistant",
            "text": "",
            "content": {"content_type": "thoughts", "thoughts": [{"content": "Hm."}]},
        },
        {
            "role": "user",
            "text": "",
            "content": {"content_type": "user_editable_context", "user_profile": "I am."},
        },
    ],
)
def test_what_neither_side_said_is_kept_and_not_indexed(aside: dict[str, Any]) -> None:
    """System prompts, tools, thoughts, standing instructions: masked with their reason."""
    found = read([chatgpt(node("s", None, text=aside.pop("text"), role=aside.pop("role"), **aside))])
    masked = [found.text[m.start : m.end] for m in found.masks if m.reason == "boilerplate"]
    assert len(masked) == 1
    assert masked[0] in {"You are helpful.", "42 results", "search('x')", "Hm.", "I am."}
    assert not any(masked[0] in c.body for c in chunk(found))


def test_a_claude_export_is_read_by_turn() -> None:
    """Attached files are nobody's words; thoughts are aside; an artifact is part of the answer."""
    talk = {
        "uuid": "1",
        "name": "旅行",
        "created_at": "2024-05-02T23:30:00.123456Z",
        "chat_messages": [
            {
                "sender": "human",
                "text": "看看这个",
                "content": [{"type": "text", "text": "看看这个"}],
                "created_at": "2024-05-02T23:31:00Z",
                "attachments": [{"file_name": "计划.txt", "extracted_content": "第一天去山里。"}],
                "files": [{"file_name": "地图.png"}],
            },
            {
                "sender": "assistant",
                "text": "",
                "content": [
                    {"type": "thinking", "thinking": "嗯"},
                    {"type": "text", "text": "很好。"},
                    {
                        "type": "tool_use",
                        "name": "artifacts",
                        "input": {"content": "完整的计划", "title": "计划"},
                    },
                ],
            },
        ],
    }
    assert cut([talk]) == [
        ("看看这个", "user", ("2024-05-02 旅行",)),
        ("计划.txt\n\n第一天去山里。\n\n地图.png", "", ("2024-05-02 旅行",)),
        ("很好。\n\n完整的计划", "model", ("2024-05-02 旅行", "看看这个")),
    ]
    assert "嗯" in read([talk]).text


@pytest.mark.parametrize(
    "data",
    [
        {"messages": [{"role": "user", "content": "hi?"}, {"role": "assistant", "content": "hello"}]},
        [
            {"role": "user", "content": "hi?"},
            {"role": "assistant", "content": [{"type": "text", "text": "hello"}]},
        ],
        {
            "conversations": [
                {"messages": [{"role": "user", "content": "hi?"}, {"role": "model", "content": "hello"}]}
            ]
        },
    ],
)
def test_plain_messages_are_read(data: object) -> None:
    """As APIs and many tools write them."""
    assert cut(data) == [("hi?", "user", ()), ("hello", "model", ("hi?",))]


def test_one_value_a_line() -> None:
    """Messages, or conversations."""
    lines = ['{"role": "user", "content": "hi?"}', "", '{"role": "assistant", "content": "hello"}']
    found = load(Source("v/a.jsonl", "\n".join(lines).encode()))
    assert [c.speaker for c in chunk(found)] == ["user", "model"]
    talk = '{"title": "T", "messages": [{"role": "user", "content": "x"}]}'
    found = load(Source("v/a.jsonl", f"{talk}\n{talk}\n".encode()))
    assert [c.heading for c in chunk(found)] == [("T",), ("T",)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"name": "package", "version": 1}', "no export"),
        (b"[1, 2, 3]", "no export"),
        (b'{"messages": [{"id": 1}]}', "no export"),
        (b"[]", "no export"),
        (b'"text"', "no export"),
        (b'{"a": ', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"role": "user", "content": "a"} {', "not valid JSON"),
    ],
)
def test_other_json_is_refused_with_its_reason(data: bytes, why: str) -> None:
    """Whatever it is, the run goes on."""
    with pytest.raises(LoadError, match=why):
        load(Source("v/a.json", data))


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": None},
        {"role": "user", "content": {"content_type": 1, "parts": None}},
        {"role": "user", "content": [1, None, {"type": 3}, {"text": 4}]},
        {"role": "user", "content": "x", "create_time": 1e300, "attachments": [1], "metadata": []},
        {"author": {"role": "assistant"}, "content": {"parts": [{"content_type": "image_asset_pointer"}]}},
    ],
)
def test_odd_shapes_are_passed_over(message: dict[str, Any]) -> None:
    """Formats change; what cannot be read says nothing."""
    found = read({"title": "T", "messages": [message, {"role": "assistant", "content": "so"}]})
    assert any(c.text.endswith("so") for c in chunk(found))


def test_a_conversation_without_words_is_found_by_its_title() -> None:
    """Its title is the only thing to index."""
    assert [text for text, *_ in cut({"title": "Empty one", "messages": []})] == ["Empty one"]
