"""The safetensors files that we write are safetensors files, and those of others are read."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.models import tensors

if TYPE_CHECKING:
    from pathlib import Path

VALUES: dict[str, Any] = {
    "embeddings": np.arange(-6, 6, dtype=np.int8).reshape(4, 3),
    "scale": np.array([0.5, 1, 2, -4], dtype=np.float32),
    "ids": np.array([[2**40]], dtype=np.int64),
    "empty": np.zeros((0, 3), dtype=np.float16),
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Names, types, shapes and values; the numbers start at a multiple of eight."""
    path = tmp_path / "a.safetensors"
    tensors.write(path, VALUES)
    found = tensors.read(path)
    assert list(found) == list(VALUES)
    for name, value in VALUES.items():
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)
        assert found[name].shape == value.shape
    assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0
    assert not found["scale"].flags.writeable


def test_columns_are_written_row_by_row(tmp_path: Path) -> None:
    """Whatever their order in memory."""
    value = np.arange(6, dtype=np.float32).reshape(2, 3).T
    tensors.write(tmp_path / "a", {"x": value})
    assert np.array_equal(tensors.read(tmp_path / "a")["x"], value)


@pytest.mark.parametrize(
    "content", [b"", b"\x02\0\0\0\0\0\0\0", b"\x08\0\0\0\0\0\0\0{nothing", b"\xff" * 100]
)
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    """With an error of the kinds that are named."""
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        tensors.read(path)


def test_other_numbers_are_refused(tmp_path: Path) -> None:
    """Those that numpy has no type for."""
    header = b'{"x":{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}} '
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 8)
    with pytest.raises(ValueError, match="BF16"):
        tensors.read(tmp_path / "a")


@pytest.mark.models
@pytest.mark.skipif(importlib.util.find_spec("safetensors") is None, reason="comes with the models extra")
def test_the_reference_implementation_agrees(tmp_path: Path) -> None:
    """Both ways."""
    from safetensors.numpy import load_file, save_file

    tensors.write(tmp_path / "ours", VALUES)
    assert all(np.array_equal(load_file(tmp_path / "ours")[name], value) for name, value in VALUES.items())
    save_file(VALUES, tmp_path / "theirs")
    found = tensors.read(tmp_path / "theirs")
    assert all(np.array_equal(found[name], value) for name, value in VALUES.items())
