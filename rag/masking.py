"""Secrets in texts: keys, tokens, passwords. They are masked in prompts, and in what a model writes unless one is asked for.

Known forms of keys are found anywhere, other values beside a word that says what they are: ``password: ...``, ``密码是…``. What
looks like none of these is not found.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "‹masked›"

_FORMS: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_](?:ant-|proj-|live_|test_|or-)?[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bnpm_[A-Za-z0-9]{20,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}|\bAGE-SECRET-KEY-1\w{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}|\b\d{8,10}:[\w-]{30,}\b|\bdop_v1_\w{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|(?<=\b[Bb]earer )[\w.~+/-]{12,}=*",
    re.DOTALL,
)
_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)")  # user:password@host
_NAMED: Final = (
    r"(?:(?<![A-Za-z])(?:pass(?:word|wd|phrase|code)?|passwort|pwd|secret(?:[ _-]?(?:access[ _-]?)?key)?|token|(?:api|access|auth|private"
    r"|encryption|recovery|licen[cs]e)[ _-]?(?:key|token|code|secret)|client[ _-]?secret|credentials?|pin(?:[ _-]?code)?|seed phrase)s?(?![A-Za-z])"
    r"|密码|密碼|口令|密钥|密鑰|秘钥|私钥|令牌|助记词|授权码|恢复码|验证码)"
)
# In a line of its own, ``password: x``, all of the value goes; in a sentence only a word with a digit or a sign in it.
_LINE: Final = re.compile(
    rf"(?im)^([ \t]*\|?[^\n:：=|]{{0,30}}{_NAMED}[^\n:：=|]{{0,12}}[\"'`]?[ \t]*(?:[:：=|]|=>)[ \t]*[\"'`]?)(\S[^\n|]{{2,}}?)(?=[\"'`]?[ \t]*(?:\||$))"
)
_SAID: Final = re.compile(
    rf"(?i)({_NAMED}[\w \t]{{0,28}}?[\"'`]?(?:[ \t]*[:：=][ \t]*|[ \t]+(?:is|was|=)[ \t]+|[ \t]*[是为為][ \t]*)[\"'`“「]?)"
    r"((?=[^\s,，。；;\"'`”」]*[\d!@#$%^&*_+~?-])[!-~]{4,}?)(?=[\s,，。；;\"'`”」)]|[.!?](?:\s|$)|$)"
)
_ASKS: Final = re.compile(rf"(?i){_NAMED}|wi-?fi|\bkeys?\b|\blog ?in\b|登录|登錄|凭证|解锁")
_NO_VALUE: Final = re.compile(r"^[?？_*…. -]*$|^(?:see|参见|见|none|无|没有|todo|n/a)\b", re.IGNORECASE)


def mask(text: str) -> tuple[str, int]:
    """A text with its secrets masked, and how many they were; what is masked already is left."""
    count = 0

    def hidden(m: re.Match[str]) -> str:
        nonlocal count
        before, value = (m[1], m[2]) if m.re.groups else ("", m[0])
        if MASK in value or _NO_VALUE.match(value):
            return m[0]
        count += 1
        return f"{before}{MASK}"

    for pattern in (_FORMS, _ADDRESS, _LINE, _SAID):
        text = pattern.sub(hidden, text)
    return text, count


def asks_for_one(question: str) -> bool:
    """Whether a question is about a secret, so that its answer may hold one."""
    return _ASKS.search(question) is not None
