"""Reading and writing safetensors files with numpy alone.

The format: eight bytes with the header's length, a JSON header, the numbers. https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_TYPES = {"F32": "<f4", "F16": "<f2", "I8": "|i1", "U8": "|u1", "I32": "<i4", "I64": "<i8"}
_NAMES = {name: code for code, name in _TYPES.items()}
_LENGTH = 8
_METADATA = "__metadata__"


def read(path: Path) -> dict[str, NDArray[np.generic]]:
    """All tensors by name, read-only and mapped into memory: what is not looked at is not loaded.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no safetensors file, or holds other types of numbers.
    """
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    start = _LENGTH + int.from_bytes(raw[:_LENGTH].tobytes(), "little")
    header = json.loads(raw[_LENGTH:start].tobytes())
    tensors: dict[str, NDArray[np.generic]] = {}
    for name, entry in header.items():
        if name == _METADATA:
            continue
        if entry["dtype"] not in _TYPES:
            raise ValueError(f"{path}: {name} is {entry['dtype']}")
        first, last = (start + offset for offset in entry["data_offsets"])
        tensors[name] = raw[first:last].view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def write(path: Path, tensors: Mapping[str, NDArray[np.generic]]) -> None:
    """Write tensors, in the order given."""
    header: dict[str, object] = {_METADATA: {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        code = _NAMES[tensor.dtype.newbyteorder("<").str]
        header[name] = {"dtype": code, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH)  # numbers start at a multiple of eight
    with path.open("wb") as f:
        f.write(len(text).to_bytes(_LENGTH, "little") + text)
        for tensor in tensors.values():
            f.write(np.ascontiguousarray(tensor, dtype=tensor.dtype.newbyteorder("<")).tobytes())
