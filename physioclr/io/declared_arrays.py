"""From an array of numbers and its declared layout to a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.channels import FileSignal, join_signals
from physioclr.io.ecg_records import ecg_record
from physioclr.io.units import millivolts_per
from physioclr.leads import STANDARD_LEADS, canonical_lead
from physioclr.records import EcgRecord

__all__ = ["record_of_array"]


def record_of_array(
    values: NDArray[np.generic],
    layout: ArrayLayout | None,
    *,
    name: str,
    file_format: str,
    columns: Sequence[str] | None = None,
    warnings: Sequence[str] = (),
) -> EcgRecord:
    """Make a record of an array as its owner declares it.

    Parameters
    ----------
    values : array of numbers
        Of one or two dimensions.
    layout : ArrayLayout or None
    name : str
        The file's name.
    file_format : str
    columns : sequence of str, optional
        The names in a table's first line.
    warnings : sequence of str
        What the reader remarks.

    Returns
    -------
    EcgRecord
        NaN stays NaN. Named columns that are no standard lead are left out, unless
        `layout.leads` names the columns.

    Raises
    ------
    RecordError
        If the layout is not declared, or does not fit the array.
    """
    is_number = np.issubdtype(values.dtype, np.integer) or np.issubdtype(values.dtype, np.floating)
    if not is_number or values.ndim not in (1, 2) or not values.size:
        raise RecordError(
            name,
            expected="numbers in one or two dimensions",
            found=f"{values.dtype} of shape {values.shape}",
        )
    if layout is None:
        raise _undeclared(values, name, columns)
    leads, samples = _leads_and_samples(np.atleast_2d(values), layout, name, columns)
    signals, left_out = [], {}
    for lead, row in zip(leads, samples, strict=True):
        if layout.leads is None and not _is_lead(lead):
            left_out[lead or "a column without a name"] = "it is not named like a lead"
            continue
        signals.append(FileSignal(lead, _in_mv(row, layout), "mV", layout.fs_hz))
    if not signals:
        raise RecordError(
            name, expected="columns named like leads, or leads= in the layout", found="none"
        )
    return ecg_record(
        join_signals(signals, name, left_out=left_out, warnings=warnings),
        source=name,
        file_format=file_format,
        record_id=PurePosixPath(name).stem,
    )


def _is_lead(column: str) -> bool:
    """Whether a column is a standard lead, or one that is named ECG and no more."""
    return canonical_lead(column) in STANDARD_LEADS or column.strip().upper() in ("ECG", "EKG")


def _in_mv(row: NDArray[np.generic], layout: ArrayLayout) -> NDArray[np.float32]:
    """Scale in double precision, piece by piece: a whole row of it would be the largest array."""
    factor = layout.scale * (millivolts_per(layout.unit) or np.nan)
    is_own = row.dtype == np.float32 and row.flags.writeable  # a table's, which nobody else holds
    scaled = row.view(np.float32) if is_own else np.empty(len(row), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # refused with the record, or NaN
        np.multiply(row, factor, out=scaled, dtype=np.float64, casting="same_kind")
    return scaled


def _undeclared(
    values: NDArray[np.generic], name: str, columns: Sequence[str] | None
) -> RecordError:
    missing = "fs_hz and unit" if columns else "fs_hz, unit, leads and orientation"
    shape = " × ".join(str(n) for n in values.shape)
    return RecordError(
        name,
        expected=f"its layout declared, as layout=ArrayLayout(...) with {missing}",
        found=f"an array of {shape} numbers, which does not say them",
    )


def _leads_and_samples(
    values: NDArray[np.generic], layout: ArrayLayout, name: str, columns: Sequence[str] | None
) -> tuple[Sequence[str], NDArray[np.generic]]:
    """Return lead names and a (n_leads, n_samples) array."""
    orientation = layout.orientation
    if len(values) == 1 and layout.leads is not None and len(layout.leads) == 1:
        orientation = orientation or "leads_first"
    if columns is not None:
        if orientation == "leads_first":
            raise RecordError(
                name,
                expected="leads in rows, as the layout declares",
                found="a first line that names columns",
            )
        orientation = "samples_first"
    leads = layout.leads if layout.leads is not None else columns
    if leads is None or orientation is None:
        lacking = "leads" if leads is None else "orientation"
        raise RecordError(name, expected=f"{lacking}= in its layout", found="none")
    samples = values.T if orientation == "samples_first" else values
    if values.shape[0] == 1 and len(leads) == 1:
        samples = values
    if len(samples) != len(leads):
        where = "columns" if orientation == "samples_first" else "rows"
        raise RecordError(
            name, expected=f"{len(leads)} leads in {where}", found=f"{len(samples)} {where}"
        )
    return leads, samples
