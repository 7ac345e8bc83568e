"""Coverage-guided fuzzing of the loaders and the chunker. Needs atheris (Linux): ``pip install atheris``.

    python tests/fuzz/run.py [--seconds 60] [--keep FOLDER] [SUFFIX ...]

Each suffix gets its seconds in a process of its own; inputs mix real fragments with raw bytes. A finding prints
its traceback and the input, and the exit status is 1. Inputs that found something new stay in FOLDER.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4000


def targets() -> list[str]:
    """Suffixes of the loaders that can run here; images and PDFs leave the machine's own libraries to their tests."""
    from ingest.loaders import LOADERS, missing

    return [
        x.suffixes[0] for x in LOADERS if not missing(x) and x.module not in {"pdf", "image"} and not x.extra
    ]


def fuzz(suffix: str, arguments: list[str]) -> None:
    """Fuzz one loader in this process; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["ingest", "rag"]):
        from ingest.loaders import load
        from rag.errors import LoadError
        from tests.property.fragments import PIECES, check_chunks, check_document, wrapped

        with contextlib.suppress(LoadError):
            load(f"v/a{suffix}", b"a")  # loaders are imported late

    def one(data: bytes) -> None:
        source = atheris.FuzzedDataProvider(data)
        size = source.PickValueInList([20, 60, 400])
        whole = source.ConsumeBool()
        parts: list[bytes] = []
        while source.remaining_bytes() and len(parts) < LONGEST:
            choice = source.ConsumeIntInRange(0, len(PIECES) + 3)
            if choice < len(PIECES):
                parts.append(PIECES[choice].encode())
            elif choice == len(PIECES):
                parts.append(source.ConsumeBytes(8))
            else:
                parts.append(source.ConsumeUnicodeNoSurrogates(8).encode())
        content = b"".join(parts)
        if whole:
            content = wrapped(content.decode("utf-8", "replace"), suffix).encode()
        try:
            document = load(f"v/a{suffix}", content)
        except LoadError:
            return
        try:
            check_document(document)
            check_chunks(document, size)
        except AssertionError:
            sys.stderr.write(f"INPUT {content!r} SIZE {size}\n")
            raise

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def main() -> int:
    """Run each target for its time; 0 if nothing was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suffixes", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "footnotes-fuzz")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    corpus = options.keep / (options.one or "").lstrip(".")
    if options.one:
        corpus.mkdir(parents=True, exist_ok=True)
        fuzz(
            options.one,
            [
                f"-max_total_time={options.seconds}",
                "-timeout=20",
                "-verbosity=0",
                f"-artifact_prefix={options.keep}/",
                str(corpus),
            ],
        )
    failed = []
    for suffix in options.suffixes or targets():
        command = [
            sys.executable,
            __file__,
            "--one",
            suffix,
            "--seconds",
            str(options.seconds),
            "--keep",
            str(options.keep),
        ]
        done = subprocess.run(command, check=False)
        sys.stderr.write(f"{suffix}: {'nothing found' if done.returncode == 0 else 'FAILED'}\n")
        failed += [suffix] if done.returncode else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
