"""Secrets are found in their known forms and beside the words that name them, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.masking import MASK, asks_for_one, mask


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (
            "OPENAI_API_KEY=sk-proj-abcDEF1234567890abcDEF1234567890",
            "sk-proj-abcDEF1234567890abcDEF1234567890",
        ),
        ("pushed with ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
        ("AKIAIOSFODNN7EXAMPLE is in the config", "AKIAIOSFODNN7EXAMPLE"),
        ("xoxb-1234567890-abcdefghij", "xoxb-1234567890-abcdefghij"),
        ("hf_abcdefghijklmnopqrstuvwxyz012345", "hf_abcdefghijklmnopqrstuvwxyz012345"),
        ("curl -H 'Authorization: Bearer abcdef.123456-xyz'", "abcdef.123456-xyz"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN", "eyJzdWIiOiIxIn0"),
        ("postgres://zhou:tomato99@db.local/notes", "tomato99"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXk",
        ),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA", "MIIEowIBAAKCAQEA"),
        ("password: correct horse battery", "correct horse battery"),
        ("- Wi-Fi password: `tomato-99`", "tomato-99"),
        ("密码：番茄炒蛋九九", "番茄炒蛋九九"),
        ("厨房无线网的密码是 tomate-2022。", "tomate-2022"),
        ("The PIN of the card is 4471.", "4471"),
        ("PIN: 4471", "4471"),
        ('"api_key": "abc123def"', "abc123def"),
        ("| password | hunter2 |", "hunter2"),
        ("the admin password is hunter2, of course", "hunter2"),
    ],
)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    """And counted; a second time there is nothing left to mask."""
    masked, count = mask(text)
    assert secret not in masked
    assert MASK in masked
    assert count == 1
    assert mask(masked) == (masked, 0)


@pytest.mark.parametrize(
    "text",
    [
        "The password is stored in the safe.",
        "密码忘了，去柜台重置。",
        "Change the password every year.",
        "密码是什么？",
        "password:",
        "A token is a piece of a word; the tokenizer has 125000 tokens.",
        "I pinned the note: 3 of 4 pages.",
        "The key is under the mat.",
        "https://example.org/a:b@c",
        "会议 10:30，房间 204",
        "The secret of good bread is time.",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """Words about secrets, times, addresses."""
    assert mask(text) == (text, 0)


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What is the Wi-Fi password?", True),
        ("厨房密码是多少？", True),
        ("屋顶怎么了？", False),
        ("Who is Mira?", False),
    ],
)
def test_a_question_may_ask_for_one(question: str, asks: bool) -> None:
    """Then its answer may hold one."""
    assert asks_for_one(question) is asks


@given(st.text(alphabet='passwordPIN密码是: =\n|`"sk-AKIA12345@/ ', max_size=80))
def test_masking_twice_is_masking_once(text: str) -> None:
    """For any text."""
    masked, _ = mask(text)
    assert mask(masked)[0] == masked
