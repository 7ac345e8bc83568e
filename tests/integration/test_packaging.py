"""The wheel: what is in it, what is not, and that outsiders see its types."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("footnotes", "graph", "ingest", "rag", "ui")
SOURCES = (*PACKAGES, "pyproject.toml", "README.md", "LICENSE")
CLIENT = """\
import footnotes

def first_quote(notes: footnotes.Engine, question: str) -> str:
    return notes.ask(question).citations[0].quote

reveal_type(first_quote(footnotes.open(), "?"))
footnotes.Answer(question=1, text="")
"""
MESSAGES = [
    'note: Revealed type is "str"',
    'error: Argument "question" to "Answer" has incompatible type "int"; expected "str"  [arg-type]',
]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A finished command with its output."""
    line = [str(part) for part in command]
    return subprocess.run(line, cwd=cwd, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, built from a copy of the sources by the setuptools at hand: no network, no leftovers."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    done = run(sys.executable, "-c", build, copy / "dist", cwd=copy)
    assert done.returncode == 0, done.stderr
    return copy / "dist" / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def members(wheel: Path) -> set[str]:
    """Names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_top_levels_are_ours(members: set[str]) -> None:
    """The wheel puts the five packages and its own metadata at the top of site-packages, nothing else."""
    tops = {name.partition("/")[0] for name in members}
    metadata = {name for name in tops if name.endswith(".dist-info")}
    assert tops - metadata == set(PACKAGES)
    assert len(metadata) == 1


def test_every_source_file_is_packaged(members: set[str]) -> None:
    """Modules, type markers, texts, styles, prompts and weights: each file of the packages is in the wheel."""
    files = [path for name in PACKAGES for path in (REPOSITORY / name).rglob("*") if path.is_file()]
    wanted = {path.relative_to(REPOSITORY).as_posix() for path in files if path.suffix != ".pyc"}
    assert {f"{name}/py.typed" for name in PACKAGES} <= wanted
    assert wanted - members == set()


def test_no_tests_or_settings_are_packaged(members: set[str]) -> None:
    """Tests, benchmarks and example settings stay in the repository."""
    parts = {part for name in members for part in Path(name).parts}
    assert parts & {"tests", "configs", "benchmarks", "docs", "tools", "conftest.py"} == set()


def test_the_command_is_declared(wheel: Path) -> None:
    """Installing the wheel gives the command ``footnotes``, and its target exists."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (it for it in archive.namelist() if it.endswith(".dist-info/entry_points.txt"))
        declared = ConfigParser()
        declared.read_string(archive.read(name).decode())
    assert dict(declared["console_scripts"]) == {"footnotes": "rag.cli:main"}
    done = run(sys.executable, "-c", "from rag.cli import main; assert callable(main)", cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def stranger(wheel: Path, tmp_path: Path) -> Path:
    """The interpreter of a new environment with the wheel, and this environment's packages as dependencies."""
    venv.create(tmp_path / "venv", with_pip=False)
    base = {"base": str(tmp_path / "venv"), "platbase": str(tmp_path / "venv")}
    site = Path(sysconfig.get_path("purelib", "venv", base))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return Path(sysconfig.get_path("scripts", "venv", base), "python")


def test_a_client_sees_types(stranger: Path, tmp_path: Path) -> None:
    """A stranger's mypy, with the installed wheel only, knows the public types and refuses a wrong argument."""
    (tmp_path / "client.py").write_text(CLIENT, "utf-8")
    options = (
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        tmp_path / "cache",
        "--python-executable",
        stranger,
    )
    done = run(sys.executable, "-m", "mypy", *options, "client.py", cwd=tmp_path)
    messages = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert messages == MESSAGES
