"""LUDB as records and expert fiducials (Kalyakulina et al. 2020, IEEE Access 8:186181)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

__all__ = ["N_FOLDS", "WAVES", "ExpertLead", "LudbRecord", "fold_of_record", "read_ludb"]

WAVES = ("p", "qrs", "t")
N_FOLDS = 5
_UNITS_PER_MV = 1000.0
_WAVE_OF_SYMBOL = {"p": "p", "N": "qrs", "t": "t"}


@dataclass(frozen=True, eq=False)
class ExpertLead:
    """What the cardiologists marked in one lead.

    Parameters
    ----------
    waves : dict of str to (n_waves, 3) float64
        For each of `WAVES` onset, peak and end in samples; NaN where one of them is not marked.
    first, last : int
        The first and the last mark. Nothing is known outside them.
    """

    waves: dict[str, NDArray[np.float64]]
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class LudbRecord:
    """One record and the marks of each of its leads."""

    record: EcgRecord
    expert: dict[str, ExpertLead]


def fold_of_record(record_id: str) -> int:
    """Return the fold in which a LUDB record is held out; the odd numbers go round in turn."""
    return (int(record_id.removeprefix("ludb-")) // 2) % N_FOLDS


def read_ludb(folder: Path) -> list[LudbRecord]:
    """Read every record of a LUDB folder, in the order of their numbers.

    Parameters
    ----------
    folder : Path
        Holds ``data/1.dat``, ``data/1.i``, …

    Notes
    -----
    The header's gains scale each lead to 1 mV peak to peak. The raw ADC values are read instead,
    at about 1 µV a unit, as the leads' true proportions.
    """
    paths = sorted((folder / "data").glob("*.dat"), key=lambda path: int(path.stem))
    return [_read(path.with_suffix("")) for path in paths]


def _read(stem: Path) -> LudbRecord:
    raw = wfdb.rdrecord(str(stem), physical=False)
    by_name = {name.upper(): column for column, name in enumerate(raw.sig_name)}
    columns = [by_name[lead.upper()] for lead in STANDARD_LEADS]
    signal_mv = raw.d_signal[:, columns].T / _UNITS_PER_MV
    record = EcgRecord(signal_mv, raw.fs, STANDARD_LEADS, f"ludb-{stem.name}")
    expert = {lead: _read_marks(stem, lead.lower()) for lead in STANDARD_LEADS}
    return LudbRecord(record, expert)


def _read_marks(stem: Path, extension: str) -> ExpertLead:
    marks = wfdb.rdann(str(stem), extension)
    waves: dict[str, list[tuple[float, float, float]]] = {wave: [] for wave in WAVES}
    for index, symbol in enumerate(marks.symbol):
        if symbol in _WAVE_OF_SYMBOL:
            waves[_WAVE_OF_SYMBOL[symbol]].append(_bounds(marks.sample, marks.symbol, index))
    return ExpertLead(
        {wave: np.array(found, dtype=np.float64).reshape(-1, 3) for wave, found in waves.items()},
        int(marks.sample[0]),
        int(marks.sample[-1]),
    )


def _bounds(
    samples: NDArray[np.int64], symbols: list[str], index: int
) -> tuple[float, float, float]:
    """Return onset, peak and end of the wave whose peak is mark `index`.

    Some QRS begin or end at their peak (then the marks of one sample come in any order), some
    lack a mark.
    """
    onset = end = np.nan
    peak = samples[index]
    if index > 0 and symbols[index - 1] == "(":
        onset = samples[index - 1]
    after = index + 1
    if after < len(symbols) and symbols[after] == "(" and samples[after] == peak:
        onset, after = samples[after], after + 1
    if after < len(symbols) and symbols[after] == ")":
        end = samples[after]
    return float(onset), float(peak), float(end)
