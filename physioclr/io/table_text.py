"""The text of a table, row by row in bounded pieces, and what its first rows look like."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from physioclr.io.decimals import is_ambiguous
from physioclr.io.units import millivolts_per

__all__ = ["TableShape", "is_missing", "is_number", "split_row", "table_rows", "table_shape"]

_SEPARATORS = ("\t", ";", ",")
_MISSING = frozenset(
    ("", "nan", "na", "n/a", "null", "none", "nil", "missing", "-", "--", ".", "?", "#n/a", "#nv")
)
_SPREADSHEET_ERRORS = ("#n/a", "#nv")
_MOST_HEAD_ROWS = 60
_MOST_CELLS_TOLD = 200
_PIECE_BYTES = 2**18


@dataclass(frozen=True)
class TableShape:
    """What the first rows of a table say.

    Parameters
    ----------
    separator : str or None
        None for white space.
    preamble : tuple of tuple of str
        Rows of text before the names of the columns.
    columns : tuple of str or None
        The names of the columns.
    first_row : int
        The first row of numbers, among the rows that are not empty.
    n_columns : int
        Numbers in it.
    text_columns : tuple of int
        Columns of dates and times.
    """

    separator: str | None
    preamble: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] | None
    first_row: int
    n_columns: int
    text_columns: tuple[int, ...]


def table_rows(content: bytes) -> Iterator[list[str]]:
    """Yield the rows of a text that are neither empty nor a comment, some at a time.

    Parameters
    ----------
    content : bytes
        Text in UTF-8, UTF-16 with its mark, or Latin-1.

    Yields
    ------
    list of str
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", errors="replace").encode()
    at = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    while at < len(content):
        end = content.find(b"\n", at + _PIECE_BYTES)
        end = len(content) if end < 0 else end + 1
        rows = [row for row in _decoded(content[at:end]).splitlines() if row.strip(" ")]
        has_comments = content.find(b"#", at, end) >= 0
        yield [row for row in rows if not _is_comment(row)] if has_comments else rows
        at = end


def _is_comment(row: str) -> bool:
    return row.startswith("#") and not row.lower().startswith(_SPREADSHEET_ERRORS)


def _decoded(piece: bytes) -> str:
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return piece.decode("latin-1")


def table_shape(rows: list[str]) -> TableShape | None:
    """Tell what the first rows of a text are.

    Parameters
    ----------
    rows : list of str
        Neither empty nor comments.

    Returns
    -------
    TableShape or None
        None where no row holds numbers.
    """
    rows = rows[:_MOST_HEAD_ROWS]
    skipped = 0
    if rows and rows[0].lower().startswith("sep=") and len(rows[0].strip()) == 5:  # Excel
        rows, skipped = rows[1:], 1
    for separator in (*_SEPARATORS, None):
        for number, row in enumerate(rows):
            if separator is not None and separator not in row:
                continue
            cells = split_row(row, separator)
            if _is_data(cells) and _goes_on(rows[number + 1 :], separator, len(cells)):
                return _shape(rows, number, separator, skipped)
    return None


def _shape(rows: list[str], number: int, separator: str | None, skipped: int) -> TableShape:
    cells = split_row(rows[number], separator)
    before = [tuple(_split_text(row, separator)) for row in rows[:number]]
    columns = None
    if before and (len(before[-1]) == len(cells) or number == 1) and not _is_pair(before, cells):
        columns = before.pop()
    text = [i for i, cell in enumerate(cells) if not is_number(cell) and not is_missing(cell)]
    return TableShape(
        separator=separator,
        preamble=tuple(before),
        columns=columns,
        first_row=number + skipped,
        n_columns=len(cells),
        text_columns=tuple(text),
    )


def _split_text(row: str, separator: str | None) -> list[str]:
    """Split a row before the numbers; a single column of them has no separator to go by."""
    own = separator or next((mark for mark in _SEPARATORS if mark in row), None)
    return split_row(row, own)


def _is_pair(before: list[tuple[str, ...]], cells: list[str]) -> bool:
    """Whether the row before the numbers is a key and its value, after others of this kind."""
    if len(before) < 2 or len(before[-1]) != 2:
        return False
    return len(cells) < 2 or millivolts_per(before[-1][1]) is not None


def _goes_on(rows: list[str], separator: str | None, n_cells: int) -> bool:
    """Whether the next row, if any, holds a number or as many missing samples."""
    if not rows:
        return True
    cells = split_row(rows[0], separator)
    return any(map(is_number, cells)) or (
        len(cells) == n_cells and _is_data(cells, any_number=False)
    )


def _is_data(cells: list[str], *, any_number: bool = True) -> bool:
    told = cells[:_MOST_CELLS_TOLD]
    if len(cells) > 1 and len(cells) <= _MOST_CELLS_TOLD:
        told = cells
    numbers = [is_number(cell) for cell in told]
    explicit = any(numbers) or any(is_missing(cell) and cell.strip() for cell in told)
    return (explicit or not any_number) and all(
        number or is_missing(cell) or (any(numbers) and _is_moment(cell))
        for number, cell in zip(numbers, told, strict=True)
    )


def _is_moment(cell: str) -> bool:
    """Whether a cell is a date or a time of day."""
    text = cell.strip()
    return 8 <= len(text) <= 40 and text[:1].isdigit() and (":" in text or text.count("-") == 2)


def split_row(row: str, separator: str | None) -> list[str]:
    """Split a row into cells, without the quotes of RFC 4180.

    Parameters
    ----------
    row : str
    separator : str or None
        None for white space.

    Returns
    -------
    list of str
    """
    if separator is None:
        return [cell.strip('"') for cell in row.split()]
    if '"' not in row:
        return row.split(separator)
    try:
        return next(csv.reader([row], delimiter=separator, strict=False))
    except (csv.Error, StopIteration):
        return row.split(separator)


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for a sample that is missing.

    Parameters
    ----------
    cell : str

    Returns
    -------
    bool
    """
    return cell.strip().lower() in _MISSING


def is_number(cell: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma.

    Parameters
    ----------
    cell : str

    Returns
    -------
    bool
    """
    text = cell.strip()
    if is_ambiguous(text):
        return True
    if not text or not text.isascii() or "_" in text or len(text) > 400:
        return False
    try:
        is_decimal = text.count(",") == 1 and "." not in text
        float(text.replace(",", "." if is_decimal else ""))
    except ValueError:
        return False
    return not text.lower().lstrip("+-").startswith("nan")
