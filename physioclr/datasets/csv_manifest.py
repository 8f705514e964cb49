"""A cohort of one's own: a CSV that lists files, patients and labels.

Its first line names the columns. ``path`` is the one that must be there, relative to the CSV;
``patient``, ``record``, ``age``, ``sex`` and ``fold`` are known by name, and so are ``fs_hz``,
``unit``, ``leads``, ``orientation``, ``scale`` and ``array`` of an `ArrayLayout`. A column whose
name begins with ``#`` is not read. Every other column is a label: 1, 0, or empty for unknown.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import leaves_folder, number_of
from physioclr.errors import DatasetError
from physioclr.io import ArrayLayout, read_ecg

__all__ = ["LABEL_SET", "LAYOUT_COLUMNS", "ROLES", "read_csv_manifest"]

ROLES = ("path", "record", "patient", "age", "sex", "fold")
"""What a column can be beside a label."""

LAYOUT_COLUMNS = ("fs_hz", "unit", "leads", "orientation", "scale", "array")
"""Columns that declare the `ArrayLayout` of a row's file."""

LABEL_SET = "label"
"""The label set of columns that do not name one as ``set/label``."""

_NOT_READ = "#"
_SEPARATORS = "\t;,"
_SEXES = {"": None, "f": "female", "female": "female", "m": "male", "male": "male"}
_LABEL_VALUES = {"": None, "0": 0.0, "0.0": 0.0, "1": 1.0, "1.0": 1.0}
_OLDEST_YEARS = 120
_WFDB_SUFFIXES = (".hea", ".dat")


@dataclass(frozen=True)
class _Columns:
    """The place of each role in a row, of each column of a layout, and of each label."""

    roles: dict[str, int]
    layout: dict[str, int]
    labels: dict[tuple[str, str], int]


def read_csv_manifest(
    file: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    labels: Sequence[str] | None = None,
    layout: ArrayLayout | None = None,
    allow_absolute_paths: bool = False,
) -> Cohort:
    """List the ECGs of a CSV manifest.

    Parameters
    ----------
    file : path-like
        Text in UTF-8 or Latin-1, separated by commas, semicolons or tabs.
    columns : mapping of str to str, optional
        Role → the name of its column, for those that are not named after one of `ROLES`.
    labels : sequence of str, optional
        The columns that are labels; every column that is nothing else by default.
    layout : ArrayLayout, optional
        Of files that do not state it themselves (CSV, NPY, HDF5); a row's own columns come first.
    allow_absolute_paths : bool, optional
        Take absolute paths, and relative ones that leave the folder of the CSV.

    Returns
    -------
    Cohort
        Named after the file. A record is named by its column, else by its file's stem, or by its
        path where stems repeat. Where there is no column of patients each record counts as its own.
        A label named ``set/label`` is in that set, any other in the set ``label``. Files are not
        opened: one that is missing is left out when the cohort is prepared.

    Raises
    ------
    DatasetError
        If the file is no such table, or a row holds a bad value or what another row holds; with
        the number of the row, the first line being row 1. Values are not repeated, which may be
        a person's.
    ValueError
        If `columns` names a role that there is not.
    """
    file = Path(file)
    if unknown := set(columns or {}) - set(ROLES):
        raise ValueError(f"columns may name {', '.join(ROLES)}, got {sorted(unknown)}")
    rows = list(_rows(file))
    (_, names), rows = rows[0], rows[1:]
    if not rows:
        raise DatasetError(file.name, expected="a row for each ECG", found="only the first line")
    places = _places(file.name, names, columns or {}, labels)
    listing = _Listing(file, places, layout, allow_absolute_paths)
    label_sets: dict[str, dict[str, str]] = {}
    for label_set, label in places.labels:
        label_sets.setdefault(label_set, {})[label] = label
    return Cohort(name=file.stem, records=listing.records(rows), label_sets=label_sets)


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row that is not empty, the names first."""
    expected = "a CSV whose first line names its columns, `path` among them"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(file.name, expected=expected, found=str(error.strerror)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\0" in text or not text.strip():
        found = "0 bytes" if not content else "no text"
        raise DatasetError(file.name, expected=expected, found=found)
    first = text.splitlines()[0]
    separator = next((mark for mark in _SEPARATORS if mark in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    n_columns = 0
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            n_columns = n_columns or len(cells)
            if len(cells) != n_columns:
                raise DatasetError(
                    f"{file.name}, row {reader.line_num}",
                    expected=f"{n_columns} cells, as the first line has",
                    found=str(len(cells)),
                )
            yield reader.line_num, cells
    except csv.Error:
        raise DatasetError(
            f"{file.name}, row {reader.line_num}", expected="quotes that close", found="others"
        ) from None


def _places(
    subject: str, names: list[str], columns: Mapping[str, str], labels: Sequence[str] | None
) -> _Columns:
    repeated = [name for name, n in Counter(map(str.lower, names)).items() if n > 1 or not name]
    if repeated:
        found = f"{repeated[0]} twice" if repeated[0] else "one without a name"
        raise DatasetError(subject, expected="a name for each column, once", found=found)
    by_name = {name.lower(): place for place, name in enumerate(names)}
    wanted = {role: columns.get(role, role) for role in ROLES}
    asked = {wanted["path"], *columns.values(), *(labels or ())}
    if missing := sorted(name for name in asked if name.lower() not in by_name):
        shown = ", ".join(missing)
        raise DatasetError(subject, expected=f"a column named {shown}", found="none")
    roles = {role: by_name[n.lower()] for role, n in wanted.items() if n.lower() in by_name}
    layout = {name: by_name[name] for name in LAYOUT_COLUMNS if name in by_name}
    if labels is not None:
        chosen = [names[by_name[name.lower()]] for name in labels]
    else:
        taken = {*roles.values(), *layout.values()}
        chosen = [n for p, n in enumerate(names) if p not in taken and not n.startswith(_NOT_READ)]
    of_labels = {_label(name): by_name[name.lower()] for name in chosen}
    if len(of_labels) < len(chosen) or any(not label for _, label in of_labels):
        found = "one that is empty or there twice"
        raise DatasetError(subject, expected="labels as name or set/name, once", found=found)
    return _Columns(roles, layout, of_labels)


def _label(column: str) -> tuple[str, str]:
    label_set, _, label = column.rpartition("/")
    return label_set or LABEL_SET, label


@dataclass(frozen=True)
class _Listing:
    """The rows of one manifest, made into records."""

    file: Path
    columns: _Columns
    layout: ArrayLayout | None
    allow_absolute_paths: bool

    def records(self, rows: list[tuple[int, list[str]]]) -> tuple[CohortRecord, ...]:
        paths = {number: self._path(number, cells) for number, cells in rows}
        self._check_repeats({n: _ecg_of(path) for n, path in paths.items()}, "file")
        if "record" in self.columns.roles:
            names = {number: self._filled(number, cells, "record") for number, cells in rows}
            self._check_repeats(names, "record")
        else:
            names = _names_of_files(paths)
        return tuple(self._record(n, cells, paths[n], names[n]) for n, cells in rows)

    def _record(self, number: int, cells: list[str], path: str, name: str) -> CohortRecord:
        labels: dict[str, dict[str, float]] = {}
        for (label_set, label), place in self.columns.labels.items():
            if cells[place] not in _LABEL_VALUES:
                raise self._bad(number, label, "1, 0 or nothing, as of a label", "something else")
            value = _LABEL_VALUES[cells[place]]
            if value is not None:
                labels.setdefault(label_set, {})[label] = value
        has_patient = "patient" in self.columns.roles
        layout = self._layout(number, cells)
        return CohortRecord(
            record_id=name,
            patient_id=self._filled(number, cells, "patient") if has_patient else name,
            read=partial(read_ecg, self.file.parent / path, layout=layout),
            age_years=self._age(number, cells),
            sex=self._sex(number, cells),
            fold=self._fold(number, cells),
            labels=labels,
        )

    def _cell(self, cells: list[str], role: str) -> str:
        place = self.columns.roles.get(role)
        return "" if place is None else cells[place]

    def _filled(self, number: int, cells: list[str], role: str) -> str:
        cell = self._cell(cells, role)
        if not cell:
            raise self._bad(number, role, f"a {role} in each row", "nothing")
        return cell

    def _path(self, number: int, cells: list[str]) -> str:
        path = self._filled(number, cells, "path").replace("\\", "/")
        if leaves_folder(path) and not self.allow_absolute_paths:
            raise self._bad(number, "path", "a path within the folder of the CSV", "another")
        return os.path.normpath(path)

    def _age(self, number: int, cells: list[str]) -> float:
        cell = self._cell(cells, "age")
        age = number_of(cell) if cell else math.nan
        if cell and not 0 <= age <= _OLDEST_YEARS:
            raise self._bad(number, "age", f"0 to {_OLDEST_YEARS} years or nothing", "another")
        return age

    def _sex(self, number: int, cells: list[str]) -> str | None:
        cell = self._cell(cells, "sex").lower()
        if cell not in _SEXES:
            raise self._bad(number, "sex", "female, male, f, m or nothing", "something else")
        return _SEXES[cell]

    def _fold(self, number: int, cells: list[str]) -> int | None:
        cell = self._cell(cells, "fold")
        if not cell:
            return None
        fold = number_of(cell)
        if not (fold >= 1 and fold.is_integer()):
            raise self._bad(number, "fold", "a whole number from 1 upwards, or nothing", "another")
        return int(fold)

    def _layout(self, number: int, cells: list[str]) -> ArrayLayout | None:
        stated = {n: cells[p] for n, p in self.columns.layout.items() if cells[p]}
        if not stated:
            return self.layout
        if not {"fs_hz", "unit"} <= set(stated):
            raise self._bad(number, "fs_hz", "fs_hz and unit, with any of a layout", "one of them")
        leads = tuple(stated["leads"].split()) if "leads" in stated else None
        try:
            return ArrayLayout(
                fs_hz=number_of(stated["fs_hz"]),
                unit=stated["unit"],
                leads=leads,
                orientation=stated.get("orientation"),  # type: ignore[arg-type]  # it checks itself
                scale=number_of(stated.get("scale", "1")),
                array=stated.get("array"),
            )
        except ValueError as error:
            what, _, found = str(error).partition(", got ")
            raise self._bad(number, "layout", what, found) from None

    def _check_repeats(self, keys: dict[int, str], what: str) -> None:
        first: dict[str, int] = {}
        for number, key in keys.items():
            if key in first:
                found = f"that of row {first[key]} again"
                raise self._bad(number, None, f"each {what} once", found)
            first[key] = number

    def _bad(self, number: int, column: str | None, expected: str, found: str) -> DatasetError:
        where = f", column {column}" if column else ""
        return DatasetError(
            f"{self.file.name}, row {number}{where}", expected=expected, found=found
        )


def _ecg_of(path: str) -> str:
    """Return what is the same for the parts of one WFDB record."""
    return path.removesuffix(next((s for s in _WFDB_SUFFIXES if path.endswith(s)), ""))


def _names_of_files(paths: dict[int, str]) -> dict[int, str]:
    stems = {number: PurePosixPath(path).stem for number, path in paths.items()}
    return stems if len(set(stems.values())) == len(stems) else paths
