"""HDF5 files: arrays whose layout is declared, as in the SPH cohort. Needs the extra ``hdf5``.

Liu H et al. Sci Data 2022;9:272 (SPH) stores one (12, n) array of mV in 16-bit floats a record.
Only what lies in the file itself is read: links to other files and virtual arrays are not followed.
"""

from __future__ import annotations

import importlib
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.declared_arrays import record_of_array
from physioclr.io.limits import check_samples, current_limits
from physioclr.records import EcgRecord

__all__ = ["read_hdf5"]

_DAMAGE = (
    AttributeError,
    ArithmeticError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_hdf5(content: bytes, name: str, layout: ArrayLayout | None) -> EcgRecord:
    """Read an array of an HDF5 file.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    layout : ArrayLayout or None
        `layout.array` names the array, as a path within the file, where there are several.

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If h5py is not installed, the file is damaged, the array cannot be told, or its layout is
        not declared.
    """
    try:
        h5py = importlib.import_module("h5py")
    except ImportError as error:
        raise RecordError(
            name,
            expected="h5py, which reads HDF5: pip install 'physioclr[hdf5]'",
            found="it is not installed",
        ) from error
    wanted = layout.array if layout is not None else None
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            arrays = dict(_arrays(h5py, file, ""))
            values = _values(arrays, wanted, name)
    except _DAMAGE as error:
        raise RecordError(
            name, expected="a whole HDF5 file", found="one that is damaged or cut short"
        ) from error
    return record_of_array(values, layout, name=name, file_format="HDF5")


def _arrays(h5py: Any, group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of numbers in a group and, one level down, in its groups."""
    for key in group:
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            continue
        member = group[key]
        if isinstance(member, h5py.Dataset):
            if member.dtype.kind in "iuf" and member.ndim in (1, 2):
                yield f"{prefix}{key}", member
        elif not prefix:
            yield from _arrays(h5py, member, f"{key}/")


def _values(arrays: dict[str, Any], wanted: str | None, name: str) -> NDArray[np.generic]:
    if wanted is None and len(arrays) == 1:
        wanted = next(iter(arrays))
    if wanted is None or wanted not in arrays:
        raise RecordError(
            name,
            expected=f"an array named {wanted}" if wanted else "array= in its layout, to name one",
            found=f"the arrays {', '.join(arrays)}" if arrays else "no array of numbers",
        )
    array = arrays[wanted]
    held = array.id.get_storage_size()
    # A chunk is opened whole, however little of it the array uses.
    chunk = math.prod(array.chunks or ()) * array.dtype.itemsize if array.chunks else 0
    most = current_limits().most_unpacked(held) if held else 0
    if array.is_virtual or array.external or max(array.nbytes, chunk) > most:
        raise RecordError(
            name,
            expected=f"{max(array.nbytes, chunk)} bytes of samples in it",
            found=f"{held} bytes",
        )
    check_samples(array.size, name)
    values: NDArray[np.generic] = array[()]
    return values
