"""Check that the default install stays light: its size, and the packages that must not be in it.

    python tools/check_install.py SITE_PACKAGES

Sizes are what the files occupy on disk, in MB of 10^6 bytes.
"""
# ruff: noqa: INP001, T201 - a script that prints, not a package

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

LIMIT_MB = 900
HEAVY = re.compile(r"torch|transformers|sentence-transformers|onnxruntime.*|tensorflow.*|nvidia-.*|jax")
DISK_BLOCK = 512  # st_blocks counts these, whatever the file system's own block size


def occupied(path: Path) -> int:
    """Bytes on disk; on Windows, which does not say, the file's length."""
    stat = path.lstat()
    return getattr(stat, "st_blocks", 0) * DISK_BLOCK or stat.st_size


def megabytes(paths: list[Path]) -> float:
    """Total of the files among ``paths``."""
    return sum(occupied(path) for path in paths if path.is_file()) / 1e6


def files_of(dist: Distribution) -> list[Path]:
    """The files that a distribution's record lists."""
    return [Path(str(dist.locate_file(file))) for file in dist.files or ()]


def main(site_packages: Path) -> int:
    """Print one line about the size and one for each fault; return the exit code."""
    dists = list(distributions(path=[str(site_packages)]))
    names = sorted(dist.name.lower().replace("_", "-") for dist in dists)
    faults = [f"{name} must not be in the default install" for name in names if HEAVY.fullmatch(name)]
    if "footnotes" not in names:
        faults.append(f"{site_packages} has no footnotes")
    total = megabytes(list(site_packages.rglob("*")))
    if total > LIMIT_MB:
        faults.append(f"the default install has {total:.0f} MB, the limit is {LIMIT_MB} MB")
    sizes = sorted(((megabytes(files_of(dist)), dist.name) for dist in dists), reverse=True)
    largest = ", ".join(f"{name} {size:.0f}" for size, name in sizes[:6])
    print(f"{len(dists)} packages, {total:.0f} MB of {LIMIT_MB} MB; largest: {largest}")
    for fault in faults:
        print(f"error: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
