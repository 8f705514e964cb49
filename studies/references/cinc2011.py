"""The PhysioNet/CinC Challenge 2011 records and what their readers said of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

__all__ = ["Cinc2011", "read_cinc2011"]


@dataclass(frozen=True, eq=False)
class Cinc2011:
    """Records with their quality.

    Parameters
    ----------
    records : list of EcgRecord
    unacceptable : (n_records,) bool
    bad_leads : (n_records, 12) float64
        1 where a reader called a lead bad, 0 where not, NaN where nobody marked the record.
    """

    records: list[EcgRecord]
    unacceptable: NDArray[np.bool_]
    bad_leads: NDArray[np.float64]


def read_cinc2011(folder: Path, *, start: int = 0, step: int = 1) -> Cinc2011:
    """Read the records that ``REFERENCE.csv`` names, or some, their leads in the standard order."""
    reference = pd.read_csv(folder / "REFERENCE.csv", dtype={"record": str}).iloc[start::step]
    records = [_read(folder / name) for name in reference["record"]]
    return Cinc2011(
        records,
        (reference["quality"] == "unacceptable").to_numpy(),
        reference[[f"bad_{lead}" for lead in STANDARD_LEADS]].to_numpy(dtype=np.float64),
    )


def _read(stem: Path) -> EcgRecord:
    raw = wfdb.rdrecord(str(stem))
    rows = [raw.sig_name.index(lead) for lead in STANDARD_LEADS]
    return EcgRecord(raw.p_signal.T[rows], raw.fs, STANDARD_LEADS, stem.name)
