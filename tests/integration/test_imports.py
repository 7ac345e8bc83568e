"""What importing the packages costs, and that the import contract speaks of every module."""

from __future__ import annotations

import configparser
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("footnotes", "rag", "ingest", "graph", "ui")
HEAVY = {
    "faiss",
    "gradio",
    "llama_index",
    "neo4j",
    "pandas",
    "scipy",
    "sentence_transformers",
    "tantivy",
    "torch",
}
HEAVY |= {"transformers"}


def python(code: str, *arguments: str) -> str:
    """Output of a fresh interpreter that runs ``code`` with the checkout's packages."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUTF8": "1"}
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def loaded_after(code: str, *arguments: str) -> set[str]:
    """Top-level names in ``sys.modules`` after a fresh interpreter ran ``code``."""
    report = "\nimport sys; print('\\nloaded:', *{name.partition('.')[0] for name in sys.modules})"
    return set(python(code + report, *arguments).rpartition("loaded:")[2].split())


HELP = """
import sys
from rag.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("import footnotes", ()),
        ("import rag.cli", ()),
        ("import rag.engine, ingest.pipeline, ui.server", ()),
        (HELP, ("--help",)),
        (HELP, ("ask", "--help")),
    ],
)
def test_light_imports(code: str, arguments: tuple[str, ...]) -> None:
    """Starting up, and printing help, loads none of the large libraries."""
    loaded = loaded_after(code, *arguments)
    assert {"rag"} <= loaded
    assert loaded & HEAVY == set()


def test_measuring_loads_its_libraries_late() -> None:
    """The help of ``footnotes eval`` needs neither numbers nor metrics nor templates, and no other command does."""
    assert loaded_after(HELP, "eval", "run", "--help") & {"numpy", "ir_measures", "jinja2", "pandas"} == set()
    assert not loaded_after("import rag.cli; import sys; assert 'rag.evals' not in sys.modules") & {"numpy"}


def modules_of(package: str) -> list[str]:
    """Names of a package and of all modules below it."""
    found = pkgutil.walk_packages([str(REPOSITORY / package)], f"{package}.")
    return [package, *(module.name for module in found if not module.ispkg)]


@pytest.mark.parametrize("module", [name for package in PACKAGES for name in modules_of(package)])
def test_each_module_imports_by_itself(module: str) -> None:
    """No module needs another to have been imported before it, so there is no hidden cycle."""
    assert module in python(f"import {module}, sys; print(sys.modules[{module!r}].__name__)")


def test_the_layers_name_every_module() -> None:
    """A new module must be given its layer in the import contract, or it would be free to import anything."""
    contract = configparser.ConfigParser()
    contract.read(REPOSITORY / ".importlinter", encoding="utf-8")
    layers = contract["importlinter:contract:layers"]["layers"]
    placed = {name.strip(" ()") for line in layers.splitlines() for name in line.replace(":", "|").split("|")}
    modules = {name for package in PACKAGES for name in modules_of(package)} - {"rag", "ingest", "graph"}
    homeless = {
        name for name in modules if not any(f"{name}.".startswith(f"{layer}.") for layer in placed if layer)
    }
    assert homeless == set()
