"""NPY and NPZ files: arrays whose layout is declared. Nothing is unpickled.

The format is that of NEP 1 (numpy.lib.format). The shape a header claims is checked against the
bytes that follow before anything is allocated.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.archives import unpack_zip
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.declared_arrays import record_of_array
from physioclr.records import EcgRecord

__all__ = ["is_npz", "read_npy", "read_npz"]

_LONGEST_HEADER = 10_000
_HEADER_READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
_DAMAGE = (KeyError, ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError)


def read_npy(content: bytes, name: str, layout: ArrayLayout | None) -> EcgRecord:
    """Read an NPY file.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    layout : ArrayLayout or None

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If the file is damaged, holds anything but numbers, or its layout is not declared.
    """
    return record_of_array(_array(content, name), layout, name=name, file_format="NPY")


def read_npz(content: bytes, name: str, layout: ArrayLayout | None) -> EcgRecord:
    """Read an array of an NPZ file.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    layout : ArrayLayout or None
        `layout.array` names the array where there are several.

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If the file is damaged, the array cannot be told, or its layout is not declared.
    """
    members = unpack_zip(content, name)
    arrays = {member.removesuffix(".npy"): packed for member, packed in members.items()}
    wanted = layout.array if layout is not None else None
    if wanted is None and len(arrays) > 1:
        raise RecordError(
            name,
            expected="array= in its layout, to name one of several",
            found=f"the arrays {', '.join(arrays)}",
        )
    if wanted is None:
        wanted = next(iter(arrays))
    if wanted not in arrays:
        raise RecordError(
            name, expected=f"an array named {wanted}", found=f"only {', '.join(arrays)}"
        )
    return record_of_array(_array(arrays[wanted], name), layout, name=name, file_format="NPZ")


def is_npz(names: tuple[str, ...]) -> bool:
    """Return whether the files of a zip are arrays and nothing else."""
    return bool(names) and all(name.endswith(".npy") for name in names)


def _array(content: bytes, name: str) -> NDArray[np.generic]:
    file = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy remarks on headers written by Python 2
            read_header = _HEADER_READERS[npy_format.read_magic(file)]
            shape, in_fortran_order, dtype = read_header(file, _LONGEST_HEADER)
    except _DAMAGE as error:
        raise RecordError(
            name, expected="an NPY header that says shape and type", found="a damaged one"
        ) from error
    if dtype.hasobject:
        raise RecordError(name, expected="numbers", found="Python objects, which stay unread")
    if dtype.kind not in "iuf" or dtype.subdtype is not None or not dtype.itemsize:
        raise RecordError(
            name,
            expected="numbers in one or two dimensions",
            found=f"{str(dtype)[:80]} of shape {str(shape)[:80]}",
        )
    if not 1 <= len(shape) <= 2:
        raise RecordError(
            name,
            expected="numbers in one or two dimensions",
            found=f"{dtype} of shape {str(shape)[:80]}",
        )
    claimed = math.prod(shape) * dtype.itemsize
    found = len(content) - file.tell()
    if claimed != found or min(shape, default=0) < 0:
        raise RecordError(
            name,
            expected=f"{claimed} bytes for shape {shape} of {dtype}",
            found=f"{found} bytes",
        )
    values = np.frombuffer(content, dtype=dtype, offset=file.tell())
    return values.reshape(shape, order="F" if in_fortran_order else "C")
