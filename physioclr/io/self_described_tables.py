"""Tables that state rate and unit themselves: exports of watches, chest straps and hand-held ECGs.

Apple Health writes a line a key (``Sample Rate,512 hertz``; ``Unit,µV``; ``Lead,Lead I``), in the
language of the phone. Fitbit writes a row a recording, its samples in one cell, with the factor
that makes millivolts of them. Polar and Movesense loggers name unit and time in the columns
(``timestamp [ms];ecg [uV]``). What is not stated is asked for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from physioclr.errors import RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.channels import FileSignal, join_signals
from physioclr.io.decimals import decimal
from physioclr.io.ecg_names import is_named_like_ecg
from physioclr.io.ecg_records import ecg_record
from physioclr.io.limits import check_samples
from physioclr.io.table_numbers import TimeColumn
from physioclr.io.table_text import TableShape
from physioclr.io.units import millivolts_per
from physioclr.leads import STANDARD_LEADS, canonical_lead
from physioclr.records import EcgRecord

__all__ = [
    "DescribedTable",
    "described_layout",
    "is_waveform_cell_table",
    "recording_of_samples",
    "time_remark",
    "time_unit",
    "waveform_cells",
]

_HERTZ = ("hz", "hert", "hercios", "герц", "赫", "ヘルツ", "헤르츠", "هرتز")
_MAKERS = {
    "watch": "Apple Watch CSV",
    "alivecor": "KardiaMobile CSV",
    "kardia": "KardiaMobile CSV",
    "withings": "Withings CSV",
    "samsung": "Samsung Health CSV",
    "polar": "Polar CSV",
    "movesense": "Movesense CSV",
}
_SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SECONDS |= {"seconds": 1.0, "second": 1.0, "milliseconds": 1e-3, "nanoseconds": 1e-9}
_TIME_NAMES = ("time", "timestamp", "zeit", "temps", "tiempo", "tempo", "t", "seconds", "elapsed")
_SAME_RATE = 0.02
_BRACKETS = str.maketrans("[]{}", "()()")
# Fitbit's columns, without marks and in lower case.
_SAMPLES, _SCALE = "waveformsamples", "scalingfactor"
_RATES = ("samplingfrequencyhertz", "samplingfrequencyhz", "samplingfrequency")


@dataclass(frozen=True)
class DescribedTable:
    """How a table describes itself.

    Parameters
    ----------
    layout : ArrayLayout
    columns : tuple of str
        Names of the columns; the ECG's without their unit.
    file_format : str
        Empty where the maker is not known.
    fs_hz_stated : float or None
    remarks : tuple of str
    """

    layout: ArrayLayout
    columns: tuple[str, ...]
    file_format: str
    fs_hz_stated: float | None
    remarks: tuple[str, ...] = ()


def described_layout(shape: TableShape, times: Sequence[TimeColumn]) -> DescribedTable | None:
    """Return how a table describes itself.

    Parameters
    ----------
    shape : TableShape
    times : sequence of TimeColumn

    Returns
    -------
    DescribedTable or None
        None where it does not state both rate and unit.
    """
    return _by_preamble(shape) or _by_columns(shape, times)


def _by_preamble(shape: TableShape) -> DescribedTable | None:
    """Read lines of a key and a value: rate, unit, lead."""
    if shape.n_columns != 1:
        return None
    values = [",".join(row[1:]).strip() for row in shape.preamble if len(row) > 1]
    text = " ".join(" ".join(row) for row in shape.preamble).lower()
    rates = [rate for value in values if (rate := _hertz(value)) is not None]
    units = [value for value in values if millivolts_per(value) is not None]
    leads = [lead for value in values for lead in _leads_in(value)]
    maker = next((name for word, name in _MAKERS.items() if word in text), "")
    if len(rates) != 1 or len(units) != 1:
        return None
    lead = leads[0] if leads else ("I" if maker in _MAKERS.values() and maker else "ECG")
    return DescribedTable(
        layout=ArrayLayout(
            fs_hz=rates[0], unit=units[0], leads=(lead,), orientation="samples_first"
        ),
        columns=(lead,),
        file_format=maker,
        fs_hz_stated=rates[0],
    )


def _hertz(value: str) -> float | None:
    """Return the number before a word for hertz."""
    number, _, word = value.strip().partition(" ")
    if not any(word.strip().lower().startswith(name) for name in _HERTZ):
        return None
    try:  # 511,991 is no rate of thousands
        rate = float(number.replace(",", "."))
    except ValueError:
        return None
    return rate if 0 < rate < 1e6 else None


def _leads_in(value: str) -> list[str]:
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in value).split()
    found = [canonical_lead(word) for word in words]
    return [lead for lead in found if lead in STANDARD_LEADS] if len(words) <= 3 else []


def _by_columns(shape: TableShape, times: Sequence[TimeColumn]) -> DescribedTable | None:
    """Read names with a unit: one of time, the others of voltage."""
    units = [_voltage_in(title) for title in shape.columns or ()]
    stated = {unit for _, unit in filter(None, units)}
    rates = [
        1 / (seconds * time.step)
        for time in times
        if (seconds := time_unit((shape.columns or ())[time.column])) and time.step > 0
    ]
    if len(stated) != 1 or not rates:
        return None
    text = " ".join(shape.columns or ()).lower()
    maker = "Polar CSV" if "phone timestamp" in text else ""
    columns = tuple(
        unit[0] if unit else title for unit, title in zip(units, shape.columns or (), strict=True)
    )
    rate = round(rates[-1], 3)
    return DescribedTable(
        layout=ArrayLayout(fs_hz=rate, unit=stated.pop(), orientation="samples_first"),
        columns=columns,
        file_format=maker or next((n for w, n in _MAKERS.items() if w in text), ""),
        fs_hz_stated=rate,
        remarks=(f"The sampling rate, {rate:g} Hz, is that of the time column.",),
    )


def _voltage_in(title: str) -> tuple[str, str] | None:
    """Return name and unit of a column such as ``ecg [uV]`` or ``ECG_mV``."""
    label, unit = _split_unit(title)
    return (label, unit) if millivolts_per(unit) is not None and is_named_like_ecg(label) else None


def time_unit(title: str) -> float | None:
    """Return the seconds in the unit of a column of times.

    Parameters
    ----------
    title : str
        The column's name.

    Returns
    -------
    float or None
        0 where the unit is not stated; None where it is no column of times.
    """
    label, unit = _split_unit(title)
    words = label.lower().replace("-", " ").split()
    if not any(word in _TIME_NAMES for word in words):
        return None
    return _SECONDS.get(unit.lower(), 0.0)


def _split_unit(title: str) -> tuple[str, str]:
    """Return name and unit of ``name [unit]``, ``name (unit)``, ``name_unit`` or ``name/unit``."""
    label, bracket, rest = title.strip().strip('"').translate(_BRACKETS).partition("(")
    if bracket:
        return label.strip(" _"), rest.partition(")")[0].strip()
    for mark in ("_", "/", " "):
        label, found, unit = title.strip().rpartition(mark)
        if found and (millivolts_per(unit) is not None or unit.lower() in _SECONDS):
            return label.strip(), unit.strip()
    return title.strip(), ""


def time_remark(shape: TableShape, times: Sequence[TimeColumn], fs_hz: float) -> tuple[str, ...]:
    """Say where a column of times contradicts the declared rate.

    Parameters
    ----------
    shape : TableShape
    times : sequence of TimeColumn
    fs_hz : float
        As declared.

    Returns
    -------
    tuple of str
        Empty where they agree, or the column counts samples.
    """
    for time in times:
        title = (shape.columns or ())[time.column]
        seconds = time_unit(title)
        if not time.step > 0 or seconds is None:
            continue
        units = [seconds] if seconds else [*{1.0, 1e-3, 1e-6, 1e-9}]
        rates = [1 / (unit * time.step) for unit in units]
        if not seconds and time.step == 1:
            continue
        if not any(abs(rate / fs_hz - 1) < _SAME_RATE for rate in rates):
            likely = min(rates, key=lambda rate: abs(np.log(rate / fs_hz)))
            return (
                f"The column {title.strip()!r} contradicts the declared {fs_hz:g} Hz: its steps of "
                f"{time.step:g} would be {likely:g} Hz.",
            )
    return ()


def is_waveform_cell_table(rows: Sequence[str]) -> bool:
    """Return whether the first row names columns of which one holds all samples of a recording.

    Parameters
    ----------
    rows : sequence of str

    Returns
    -------
    bool
    """
    return bool(rows) and {_SAMPLES, _SCALE} <= {_plain(cell) for cell in rows[0].split(",")}


def waveform_cells(content: bytes, name: str) -> EcgRecord:
    """Read the first recording of a table with all samples of one in a cell (Fitbit).

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If rate or factor is missing, or a sample is no number.
    """
    try:
        csv.field_size_limit(max(csv.field_size_limit(), len(content) + 1))
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
        found = [
            {_plain(key or ""): cell or "" for key, cell in row.items() if isinstance(cell, str)}
            for row in rows
        ]
    except csv.Error:
        raise RecordError(
            name, expected="a row a recording, samples in quotes", found="a damaged table"
        ) from None
    if not found:
        raise RecordError(name, expected="a recording", found="only names of columns")
    first = found[0]
    rate = next((first[key] for key in _RATES if first.get(key)), "")
    marks = str.maketrans(",;[]()|", "       ")
    return recording_of_samples(
        first.get(_SAMPLES, "").translate(marks).split(),
        rate=rate,
        scale=first.get(_SCALE, ""),
        name=name,
        file_format="Fitbit CSV",
        n_recordings=len(found),
    )


def recording_of_samples(
    samples: Sequence[object],
    *,
    rate: object,
    scale: object,
    name: str,
    file_format: str,
    n_recordings: int = 1,
) -> EcgRecord:
    """Make a record of lead I from the samples of a watch.

    Parameters
    ----------
    samples : sequence of numbers or str
    rate : object
        In Hz, as the file states it.
    scale : object
        Units of a sample in 1 mV.
    name : str
        The file's name.
    file_format : str
    n_recordings : int
        In the file.

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If rate or factor is missing, or a sample is no number.
    """
    check_samples(len(samples), name)
    fs_hz, per_mv = decimal(str(rate)), decimal(str(scale))
    if not fs_hz or not per_mv or fs_hz < 0 or per_mv < 0:
        raise RecordError(
            name,
            expected="its sampling frequency and scaling factor: neither is guessed",
            found="one that is missing or no number",
        )
    try:
        values = np.array(samples, dtype=np.float64)
    except (TypeError, ValueError):
        raise RecordError(name, expected="samples that are numbers", found="others") from None
    if values.ndim != 1 or not len(values):
        raise RecordError(name, expected="a list of samples", found="none")
    signal = FileSignal("I", values / per_mv, "mV", fs_hz)
    warnings = (
        (f"The file holds {n_recordings} recordings: the first is read.",)
        if n_recordings > 1
        else ()
    )
    return ecg_record(
        join_signals([signal], name, warnings=warnings),
        source=name,
        file_format=file_format,
        record_id=name.rpartition(".")[0] or name,
    )


def _plain(title: str) -> str:
    return "".join(char for char in title.lower() if char.isalnum())
