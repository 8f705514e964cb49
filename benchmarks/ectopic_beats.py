"""How many ectopic beats are found: ``python -m benchmarks.ectopic_beats DATA``.

On MIT-BIH records, against the beat labels of their experts: sensitivity and positive predictive
value for premature ventricular beats (V; fusion beats, F, count neither way) and for premature
supraventricular beats (A, a, J, S).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from physioclr.leads import canonical_lead
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord

RECORDS = ("119", "106", "223", "209", "203", "108", "101")
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_VENTRICULAR, _SUPRAVENTRICULAR, _FUSION = frozenset("VE"), frozenset("AaJS"), frozenset("F")
_MATCH_MS = 150.0


@dataclass(frozen=True)
class Counts:
    """Beats of one record: those of the experts, those found, and those found that are right."""

    record: str
    minutes: float
    ventricular: int
    ventricular_found: int
    ectopic_found: int
    wrong: int
    supraventricular: int
    supraventricular_found: int


def count(folder: Path, name: str, minutes: float) -> Counts:
    n_samples = round(minutes * 60 * 360)
    signal, facts = wfdb.rdsamp(str(folder / name), sampto=n_samples)
    marks = wfdb.rdann(str(folder / name), "atr", sampto=n_samples)
    leads = tuple(canonical_lead(lead) for lead in facts["sig_name"])
    beats = measure(EcgRecord(signal.T, facts["fs"], leads, name)).beats
    of_expert = [
        (at, symbol)
        for at, symbol in zip(marks.sample, marks.symbol, strict=True)
        if symbol in _BEATS
    ]
    symbols = _matched(beats["r_peak_samples"].to_numpy(), of_expert, facts["fs"])
    ectopic = beats["ectopic"].to_numpy()
    ventricular = np.isin(symbols, list(_VENTRICULAR))
    supraventricular = np.isin(symbols, list(_SUPRAVENTRICULAR))
    fusion = np.isin(symbols, list(_FUSION))
    return Counts(
        record=name,
        minutes=minutes,
        ventricular=sum(symbol in _VENTRICULAR for _, symbol in of_expert),
        ventricular_found=int((ectopic & ventricular).sum()),
        ectopic_found=int((ectopic & ~fusion).sum()),
        wrong=int((ectopic & ~fusion & ~ventricular & ~supraventricular).sum()),
        supraventricular=sum(symbol in _SUPRAVENTRICULAR for _, symbol in of_expert),
        supraventricular_found=int((ectopic & supraventricular).sum()),
    )


def _matched(
    peaks: NDArray[np.int64], of_expert: list[tuple[int, str]], fs_hz: float
) -> NDArray[np.str_]:
    """Give each beat the label of the nearest expert's beat; empty where none is near."""
    at = np.array([sample for sample, _ in of_expert])
    symbols = np.array([symbol for _, symbol in of_expert])
    nearest = np.abs(peaks[:, None] - at).argmin(axis=1)
    near = np.abs(peaks - at[nearest]) <= _MATCH_MS * fs_hz / 1000
    return np.where(near, symbols[nearest], "")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}" if whole else "    –"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds mitdb/")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [count(arguments.data / "mitdb", name, arguments.minutes) for name in RECORDS]
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return
    print("record    V  found   Se %   PPV %   wrong    A  found")
    for row in rows:
        right = row.ectopic_found - row.wrong
        print(
            f"{row.record:>6} {row.ventricular:4d} {row.ventricular_found:6d}  "
            f"{_share(row.ventricular_found, row.ventricular)}   "
            f"{_share(right, row.ectopic_found)} {row.wrong:7d} "
            f"{row.supraventricular:4d} {row.supraventricular_found:6d}"
        )


if __name__ == "__main__":
    main()
