"""CSV and TSV files: tables of numbers whose layout is declared.

The first line may name the columns. The separator is a tab, a semicolon, a comma or white space,
the first of these that stands in the first line; beside a tab or a semicolon a comma within a
number is a decimal comma. An empty cell is a sample that is missing.
"""

from __future__ import annotations

import csv
import re

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.declared_arrays import record_of_array
from physioclr.records import EcgRecord

__all__ = ["read_table"]

_SEPARATORS = ("\t", ";", ",")
_PLACE = re.compile(r"at row (\d+), column (\d+)")


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
        If the rows are not of one length, a cell is no number, or the layout is not declared.
    """
    lines = [line for line in _decoded(content).splitlines() if line.strip(" ")]
    lines = [line for line in lines if not line.startswith("#")]
    if not lines:
        raise RecordError(name, expected="a table of numbers", found="no line of it")
    separator = next((mark for mark in _SEPARATORS if mark in lines[0]), None)
    columns = _column_names(lines[0], separator)
    rows = lines if columns is None else lines[1:]
    values = _numbers(rows, separator, name)
    if columns is not None and len(columns) != values.shape[1]:
        raise RecordError(
            name,
            expected=f"{len(columns)} numbers a row, as its first line names them",
            found=f"{values.shape[1]}",
        )
    file_format = "TSV" if separator == "\t" else "CSV"
    return record_of_array(values, layout, name=name, file_format=file_format, columns=columns)


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _column_names(line: str, separator: str | None) -> list[str] | None:
    """Return the names of a first line that has one which is no number."""
    cells = next(csv.reader([line], delimiter=separator)) if separator else line.split()
    cells = [cell.strip() for cell in cells]
    return cells if any(cell and not _is_number(cell) for cell in cells) else None


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _numbers(rows: list[str], separator: str | None, name: str) -> NDArray[np.float64]:
    if not rows:
        raise RecordError(name, expected="a row of numbers", found="only names of columns")
    if separator is not None:
        n_marks = rows[0].count(separator)
        for number, row in enumerate(rows):
            if row.count(separator) != n_marks:
                raise RecordError(
                    name,
                    expected=f"{n_marks + 1} numbers in every row",
                    found=f"{row.count(separator) + 1} in row {number + 1}",
                )
        if separator != ",":
            rows = [row.replace(",", ".") for row in rows]
        if any(_has_empty_cell(row, separator) for row in rows):
            rows = [
                separator.join(cell.strip() or "nan" for cell in row.split(separator))
                for row in rows
            ]
    try:
        return np.loadtxt(rows, delimiter=separator, ndmin=2, comments=None, dtype=np.float64)
    except ValueError as error:
        place = _PLACE.search(str(error))
        where = f" in row {int(place[1]) + 1}, column {place[2]}" if place else ""
        raise RecordError(
            name, expected="nothing but numbers", found=f"something else{where}"
        ) from error


def _has_empty_cell(row: str, separator: str) -> bool:
    return (
        separator * 2 in row.replace(" ", "")
        or row.startswith(separator)
        or row.rstrip(" ").endswith(separator)
    )
