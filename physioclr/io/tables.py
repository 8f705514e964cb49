"""CSV and TSV files: tables of numbers, declared by their owner or by their own first lines.

The first line may name the columns. The separator is a tab, a semicolon, a comma or white space,
the first of these that parts the numbers. An empty cell, ``NaN``, ``NA``, ``null`` is a sample that
is missing; cells may be quoted (RFC 4180). The exports of watches and chest straps state rate and
unit in lines of their own or in the names of their columns, and need no layout.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.declared_arrays import record_of_array
from physioclr.io.self_described_tables import (
    described_layout,
    is_waveform_cell_table,
    time_remark,
    time_unit,
    waveform_cells,
)
from physioclr.io.table_numbers import TimeColumn, read_numbers
from physioclr.io.table_text import TableShape, table_rows, table_shape
from physioclr.records import EcgRecord

__all__ = ["describes_itself", "read_table"]

_HEAD_BYTES = 65536


def read_table(content: bytes, name: str, layout: ArrayLayout | None) -> EcgRecord:
    """Read a table of numbers.

    Parameters
    ----------
    content : bytes
        Text in UTF-8, UTF-16 with its mark, or Latin-1.
    name : str
        The file's name.
    layout : ArrayLayout or None

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If the rows are not of one length, a cell is no number, a comma is ambiguous, or the layout
        is neither declared nor stated.
    """
    first = next(iter(table_rows(content)), [])
    if is_waveform_cell_table(first):
        return waveform_cells(content, name)
    shape = table_shape(first)
    if shape is None:
        raise RecordError(name, expected="a table of numbers", found="no line of it")
    if shape.columns is not None and len(shape.columns) != shape.n_columns:
        raise RecordError(
            name,
            expected=f"{len(shape.columns)} numbers a row, as its first line names them",
            found=f"{shape.n_columns}",
        )
    shape = _one_column(shape)
    times = _time_columns(shape)
    decimal = layout.decimal if layout is not None else None
    values = read_numbers(content, shape, name, times=times, decimal=decimal)
    return _record(values, shape, times, layout, name)


def describes_itself(content: bytes) -> bool:
    """Return whether a table states rate and unit, so that it needs no layout.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    bool
    """
    head = content[:_HEAD_BYTES]
    if len(head) == _HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1]
    rows = next(iter(table_rows(head)), [])
    if is_waveform_cell_table(rows):
        return True
    shape = table_shape(rows)
    if shape is None or (shape.columns and len(shape.columns) != shape.n_columns):
        return False
    shape = _one_column(shape)
    times = _time_columns(shape)
    try:
        read_numbers(head, shape, "table", times=times)
    except RecordError:
        return False
    return described_layout(shape, times) is not None


def _time_columns(shape: TableShape) -> list[TimeColumn]:
    return [
        TimeColumn(column)
        for column, title in enumerate(shape.columns or ())
        if time_unit(title) is not None and column not in shape.text_columns
    ]


def _record(
    values: NDArray[np.float32],
    shape: TableShape,
    times: list[TimeColumn],
    layout: ArrayLayout | None,
    name: str,
) -> EcgRecord:
    described = described_layout(shape, times)
    file_format = "TSV" if shape.separator == "\t" else "CSV"
    columns = shape.columns
    remarks: tuple[str, ...] = ()
    if layout is None and described is not None:
        layout, columns, file_format, remarks = (
            described.layout,
            described.columns,
            described.file_format or file_format,
            described.remarks,
        )
    elif layout is not None:
        remarks = time_remark(shape, times, layout.fs_hz)
        if described is not None and described.fs_hz_stated not in (None, layout.fs_hz):
            remarks = (
                *remarks,
                f"The file states {described.fs_hz_stated:g} Hz, the declared rate is "
                f"{layout.fs_hz:g} Hz.",
            )
    return record_of_array(
        values, layout, name=name, file_format=file_format, columns=columns, warnings=remarks
    )


def _one_column(shape: TableShape) -> TableShape:
    """Return the shape of one column with decimal commas after lines of keys and values."""
    if shape.columns or not shape.preamble or (shape.separator, shape.n_columns) != (",", 2):
        return shape
    return replace(shape, separator="\t", n_columns=1, text_columns=())
