"""The two files of a bank of reference ECGs: numbers in safetensors, the rest in Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from physioclr.errors import CheckpointError
from physioclr.runtime.atomic_files import replace_file

__all__ = ["TENSORS", "read_reference_files", "write_reference_files"]

TENSORS, _TABLE = "reference_ecgs.safetensors", "reference_ecgs.parquet"
_FORMAT = "physioclr-reference-ecgs-1"


def write_reference_files(
    folder: Path,
    arrays: Mapping[str, NDArray[Any]],
    notes: Mapping[str, Any],
    table: pd.DataFrame,
) -> None:
    """Write both files.

    Parameters
    ----------
    folder : Path
    arrays : mapping of str to array
    notes : mapping of str to what JSON holds
        Kept beside the arrays.
    table : DataFrame

    Raises
    ------
    PhysioclrError
        If they cannot be written.
    """
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    replace_file(folder / _TABLE, content.getvalue())
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    metadata = {"format": _FORMAT, "notes": json.dumps(notes)}
    replace_file(folder / TENSORS, serialise(contiguous, metadata=metadata))


def read_reference_files(
    folder: Path,
) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Read what `write_reference_files` wrote; nothing is unpickled.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    arrays : dict of str to array
    notes : dict
    table : DataFrame

    Raises
    ------
    CheckpointError
        If a file is missing, damaged or of another format.
    """
    for name in (TENSORS, _TABLE):
        if not (folder / name).is_file():
            raise CheckpointError(str(folder), expected=f"a {name}", found="none")
    try:
        with safe_open(folder / TENSORS, framework="np") as stored:
            metadata = stored.metadata() or {}
            arrays = {name: stored.get_tensor(name) for name in sorted(stored.keys())}
    except (SafetensorError, OSError) as error:
        raise _damaged(folder / TENSORS, str(error)) from error
    notes = _notes(metadata.get("notes", ""))
    if metadata.get("format") != _FORMAT:
        raise _damaged(folder / TENSORS, f"the format {metadata.get('format')}")
    try:
        table = pd.read_parquet(folder / _TABLE)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(folder / _TABLE, str(error).partition("\n")[0]) from error
    if notes is None:
        raise _damaged(folder / TENSORS, "no notes that can be read")
    return arrays, notes, table


def _notes(text: str) -> dict[str, Any] | None:
    try:
        notes = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return notes if isinstance(notes, dict) else None


def _damaged(path: Path, found: str) -> CheckpointError:
    return CheckpointError(
        str(path), expected="reference ECGs as PhysioCLR writes them", found=found
    )
