"""Check that the default install needs no compiler: each package has a wheel for each platform.

    python tools/check_wheels.py SITE_PACKAGES

Takes the default install in SITE_PACKAGES, follows its requirements as each platform would (markers included) and
lets pip resolve those versions for that platform, wheels only, without installing or, where the index serves
metadata files, downloading them. Needs the network and pip >= 25.
"""
# ruff: noqa: INP001, T201 - a script that prints, not a package

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

PYTHON = "3.11"
MANYLINUX = ("_2_28", "_2_27", "_2_26", "_2_24", "_2_17", "2014", "_2_12", "2010", "_2_5", "1")


@dataclass(frozen=True, slots=True)
class Platform:
    """A machine to install on: the wheel tags it takes, and what requirement markers see there."""

    name: str
    tags: tuple[str, ...]
    sys_platform: str
    system: str
    os_name: str
    machine: str

    @property
    def markers(self) -> dict[str, str]:
        """Values of the marker variables of PEP 508."""
        return {
            "sys_platform": self.sys_platform,
            "platform_system": self.system,
            "os_name": self.os_name,
            "platform_machine": self.machine,
            "python_version": PYTHON,
            "python_full_version": f"{PYTHON}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }


PLATFORMS = (
    Platform(
        "Linux x86-64", tuple(f"manylinux{v}_x86_64" for v in MANYLINUX), "linux", "Linux", "posix", "x86_64"
    ),
    Platform(
        "Linux aarch64",
        tuple(f"manylinux{v}_aarch64" for v in MANYLINUX),
        "linux",
        "Linux",
        "posix",
        "aarch64",
    ),
    Platform("macOS arm64", ("macosx_14_0_arm64",), "darwin", "Darwin", "posix", "arm64"),
    Platform("Windows amd64", ("win_amd64",), "win32", "Windows", "nt", "AMD64"),
)


def requirements(installed: dict[str, Distribution], platform: Platform) -> list[str]:
    """Everything that footnotes needs on a platform, at the installed versions.

    What another platform needs and this one has not installed is left at its own range.
    """
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = [("footnotes", "")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in installed[name].requires or ():
            need = Requirement(line)
            if need.marker and not need.marker.evaluate({**platform.markers, "extra": extra}):
                continue
            key = canonicalize_name(need.name)
            if key in installed:
                found[key] = f"{key}=={installed[key].version}"
                todo += [(key, wanted) for wanted in ("", *need.extras)]
            else:
                found[key] = f"{need.name}{need.specifier}"
    return sorted(found.values())


def resolve(needs: list[str], platform: Platform) -> tuple[list[str], str]:
    """The file names that pip would install on a platform, and pip's complaint, empty if there is none."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--dry-run",
            "--ignore-installed",
            "--no-deps",
        ]
        command += ["--only-binary=:all:", f"--python-version={PYTHON}", "--implementation=cp"]
        command += [f"--platform={tag}" for tag in platform.tags]
        command += [f"--target={folder}/target", f"--report={report}", *needs]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            return [], "\n".join(line for line in run.stderr.splitlines() if line.startswith("ERROR"))
        urls = [item["download_info"]["url"] for item in json.loads(report.read_text("utf-8"))["install"]]
    return sorted(url.rpartition("/")[2] for url in urls), ""


def fits(file: str, platform: Platform) -> bool:
    """Whether a wheel is pure Python or for this machine; a second look at pip's own choice."""
    tags = {tag.platform for tag in parse_wheel_filename(file)[3]}
    machine = platform.tags[0].rpartition("_")[2] if platform.os_name == "nt" else platform.machine
    return "any" in tags or any(tag.endswith((machine, "universal2")) for tag in tags)


def check(installed: dict[str, Distribution], platform: Platform) -> tuple[str, str]:
    """One line on what a platform would install, and what is wrong with it, empty if nothing is."""
    needs = requirements(installed, platform)
    files, complaint = resolve(needs, platform)
    native = [file.partition("-")[0] for file in files if not file.endswith("-any.whl")]
    wrong = [file for file in files if not fits(file, platform)]
    line = f"{platform.name}: {len(files)} of {len(needs)} packages; {len(native)} native: {' '.join(native)}"
    return line, complaint or " ".join(wrong) or ("" if len(files) == len(needs) else "some have no wheel")


def main(site_packages: Path) -> int:
    """Print one line a platform and one for each fault; return the exit code."""
    installed: dict[str, Distribution] = {
        canonicalize_name(d.name): d for d in distributions(path=[str(site_packages)])
    }
    failed = False
    with ThreadPoolExecutor() as pool:
        for line, fault in pool.map(partial(check, installed), PLATFORMS):
            print(line)
            if fault:
                failed = True
                print(f"error: {fault}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
