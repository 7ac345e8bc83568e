"""Run checks one after the other, each with its time; all run, and the exit code is 1 if any failed.

python tools/gates.py GATE...        the gates are named in GATES; --site names the default install to judge
"""
# ruff: noqa: INP001, T201 - a script that prints, not a package

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

TOOLS = Path(__file__).parent
PYTHON = sys.executable
TYPED = ["footnotes", "rag", "ingest", "graph", "ui", "tests", "tools", "benchmarks"]
GATES: dict[str, list[str]] = {
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "types": [PYTHON, "-m", "mypy", "--explicit-package-bases", *TYPED],
    "layers": [str(Path(PYTHON).with_name("lint-imports")), "--no-logo"],
    "install": [PYTHON, str(TOOLS / "check_install.py"), "{site}"],
    "wheels": [PYTHON, str(TOOLS / "check_wheels.py"), "{site}"],
    "unit": [PYTHON, "-m", "pytest", "tests/unit"],
    "soak": [PYTHON, "-m", "pytest", "-m", "not browser", "-rP"],
    "tests": [PYTHON, "-m", "pytest"],
}


def run(name: str, site: str) -> bool:
    """Run one gate, with its output passed through; whether it passed."""
    print(f"== {name}", flush=True)
    begin = time.perf_counter()
    code = subprocess.run([part.format(site=site) for part in GATES[name]], check=False).returncode
    # pytest ends with a line of its own, which says the same: it stays the last.
    if "pytest" not in GATES[name]:
        print(
            f"== {name}: {'FAILED' if code else 'passed'} in {time.perf_counter() - begin:.1f} s", flush=True
        )
    return code == 0


def main() -> int:
    """Run the gates named on the command line and name those that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gates", nargs="+", choices=GATES, metavar="GATE", help=", ".join(GATES))
    parser.add_argument("--site", default="", help="site-packages of the default install")
    options = parser.parse_args()
    failed = [name for name in options.gates if not run(name, options.site)]
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
