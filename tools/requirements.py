"""Prints what the package and some of its extras need, one requirement a line: ``requirements.py pyproject.toml ocr,formats``."""
# ruff: noqa: INP001, T201 - a script that prints, not a package

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text("utf-8"))["project"]
extras = project["optional-dependencies"]
wanted = [name for name in sys.argv[2].split(",") if name]
unknown = sorted(set(wanted) - extras.keys())
if unknown:
    sys.exit(f"There is no extra {', '.join(unknown)}: choose from {', '.join(sorted(extras))}.")
print(*project["dependencies"], *(line for name in wanted for line in extras[name]), sep="\n")
