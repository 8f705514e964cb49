"""The numbers of a table, in single precision, whatever decimal mark its country uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.decimals import is_ambiguous
from physioclr.io.limits import check_samples, check_time
from physioclr.io.table_text import TableShape, is_missing, split_row, table_rows

__all__ = ["TimeColumn", "read_numbers"]


class TimeColumn:
    """What a column of times says, kept in double precision without its values.

    Parameters
    ----------
    column : int
    """

    def __init__(self, column: int) -> None:
        self.column = column
        self.first = self.last = np.nan
        self.n_steps = 0
        self.shortest = np.inf
        self.longest = -np.inf

    @property
    def step(self) -> float:
        """The mean step; NaN where times are missing or do not rise evenly."""
        mean = (self.last - self.first) / self.n_steps if self.n_steps else np.nan
        is_even = self.shortest > 0 and self.longest <= 2 * mean
        return float(mean) if is_even else float("nan")

    def add(self, times: NDArray[np.float64]) -> None:
        """Take in the next times.

        Parameters
        ----------
        times : (n,) float64
        """
        steps = np.diff(times, prepend=self.last if self.n_steps or np.isfinite(self.last) else [])
        if not np.isfinite(self.first) and len(times):
            self.first = float(times[0])
        if len(steps):
            self.shortest = min(self.shortest, float(steps.min()))
            self.longest = max(self.longest, float(steps.max()))
            self.n_steps += len(steps)
        if len(times):
            self.last = float(times[-1])


class _Commas:
    """What the commas within numbers are, told by the whole file."""

    def __init__(self, declared: Literal[".", ","] | None) -> None:
        self.declared = declared
        self.ambiguous = ""
        self.is_decimal = self.is_thousands = False

    def number(self, cell: str) -> float:
        """Return a cell's number; ValueError where it is none."""
        text = cell.strip()
        if is_missing(text):
            return float("nan")
        if "_" in text or not text.isascii():
            raise ValueError("no number")
        if self.declared == ".":
            return float(text.replace(",", ""))
        if self.declared == ",":
            return float(text.replace(".", "").replace(",", "."))
        if "," not in text:
            return float(text)
        if is_ambiguous(text):
            self.ambiguous = self.ambiguous or text
        elif text.count(",") > 1 or "." in text:
            self.is_thousands = True
            return float(text.replace(",", ""))
        else:
            self.is_decimal = True
        return float(text.replace(",", "."))

    def check(self, name: str) -> None:
        """Ask where no number of the file tells."""
        mixed = self.is_thousands and self.is_decimal
        if mixed or (self.ambiguous and not self.is_decimal):
            example = (self.ambiguous or "1,234")[:20]
            raise RecordError(
                name,
                expected="its decimal mark declared, as decimal=',' or decimal='.' in the layout",
                found=f"numbers like {example}, whose comma may be a decimal one or part thousands",
            )


def read_numbers(
    content: bytes,
    shape: TableShape,
    name: str,
    *,
    times: Sequence[TimeColumn] = (),
    decimal: Literal[".", ","] | None = None,
) -> NDArray[np.float32]:
    """Read the rows of numbers.

    Parameters
    ----------
    content : bytes
    shape : TableShape
    name : str
        The file's name.
    times : sequence of TimeColumn
        Filled with what their columns say.
    decimal : {".", ","}, optional
        The decimal mark, where it is declared.

    Returns
    -------
    (n_rows, n_columns) float32
        NaN where a sample is missing and in columns of text.

    Raises
    ------
    RecordError
        If the rows are not of one length, a cell is no number, or a comma is ambiguous.
    """
    most_rows = content.count(b"\n") + content.count(b"\r") + 1
    check_samples(content.count(b"\n") * shape.n_columns, name)
    values = np.empty((min(most_rows, _rows_left(content, shape)), shape.n_columns), np.float32)
    commas = _Commas(decimal)
    numbers = [i for i in range(shape.n_columns) if i not in shape.text_columns]
    to_skip, at = shape.first_row, 0
    for piece in table_rows(content):
        check_time(name)
        rows, to_skip = piece[to_skip:], max(0, to_skip - len(piece))
        if not rows:
            continue
        found = _piece(rows, shape, numbers, commas, at, name)
        for time in times:
            time.add(found[:, time.column])
        with np.errstate(over="ignore"):  # refused with the record: amplitudes without bound
            values[at : at + len(rows)] = found
        at += len(rows)
    if commas.is_thousands and commas.ambiguous and not commas.is_decimal:
        again = [TimeColumn(time.column) for time in times]
        values = read_numbers(content, shape, name, times=again, decimal=".")
        for time, found_again in zip(times, again, strict=True):
            time.__dict__.update(found_again.__dict__)
        return values
    commas.check(name)
    return values[:at]


def _rows_left(content: bytes, shape: TableShape) -> int:
    """Return the most rows there can be: a row has at least a byte and an end for each number."""
    return len(content) // max(1, 2 * shape.n_columns - 1) + 2


def _piece(
    rows: list[str],
    shape: TableShape,
    numbers: Sequence[int],
    commas: _Commas,
    at: int,
    name: str,
) -> NDArray[np.float64]:
    n_columns = shape.n_columns
    flat = _cells(rows, shape, at, name)
    found = np.full((len(rows), n_columns), np.nan)
    plain = commas.declared is None and not any("_" in row or not row.isascii() for row in rows)
    if plain:
        try:
            if len(numbers) == n_columns:
                found[:] = np.array(flat, dtype=np.float64).reshape(len(rows), n_columns)
            else:
                for column in numbers:
                    found[:, column] = np.array(flat[column::n_columns], dtype=np.float64)
        except ValueError:
            plain = False  # a missing sample, a decimal comma, or what is no number
    if not plain:
        for number in range(len(rows)):
            row = flat[number * n_columns : (number + 1) * n_columns]
            found[number, list(numbers)] = _row(row, numbers, commas, at + number + 1, name)
    return found


def _cells(rows: list[str], shape: TableShape, at: int, name: str) -> list[str]:
    """Return the cells of all rows, one after another."""
    separator, n_columns = shape.separator, shape.n_columns
    quoted = any('"' in row for row in rows)
    if n_columns == 1 and separator is None and not quoted:
        return rows  # two numbers in a row are none
    if separator is not None and not quoted:
        counts = [row.count(separator) + 1 for row in rows]
        parted = separator.join(rows).split(separator) if n_columns > 1 else rows
    else:
        split = [split_row(row, separator) for row in rows]
        counts = [len(row) for row in split]
        parted = [cell for row in split for cell in row]
    for number, count in enumerate(counts):
        if count != n_columns:
            raise RecordError(
                name,
                expected=f"{n_columns} numbers in every row",
                found=f"{count} in row {at + number + 1}",
            )
    return parted


def _row(
    row: list[str], numbers: Iterable[int], commas: _Commas, number: int, name: str
) -> list[float]:
    values = []
    for column in numbers:
        try:
            values.append(commas.number(row[column]))
        except ValueError:
            raise RecordError(
                name,
                expected="nothing but numbers",
                found=f"something else in row {number}, column {column + 1}",
            ) from None
    return values
