"""The API is as its description says, also for requests that nobody would think of (schemathesis)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.serving import serving

VAULT = Path(__file__).parents[1] / "data" / "vault"
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of a server that the test starts
# A question that holds a filter which cannot be read fits the schema and gets 400, as described.
SETTINGS = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "404", "409"]
"""


@pytest.mark.slow
def test_random_requests_find_nothing(tmp_path: Path, *, soak: bool) -> None:
    """No crash, no undocumented status, no reply that is not as described, no way in without the token."""
    shutil.copytree(VAULT, tmp_path / "notes")
    (tmp_path / "schemathesis.toml").write_text(SETTINGS, "utf-8")
    variables = {"FOOTNOTES_SERVE__REQUESTS_PER_MINUTE": "0", "FOOTNOTES_TOKEN": TOKEN}
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    options = [
        "--max-examples",
        "200" if soak else "8",
        "--seed",
        "7",
        "--phases",
        "examples,coverage,fuzzing",
    ]
    with serving(tmp_path / "notes", tmp_path / "home", options=["serve"], variables=variables) as url:
        done = subprocess.run(
            [*command, f"{url}v1/openapi.json", "-H", f"Authorization: Bearer {TOKEN}", *options],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
