"""All 12-lead ECGs of the data folder, set by set."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from benchmarks.muse_agreement import read_chapman
from benchmarks.quality import read_ptb_xl
from physioclr.io import read_ecg
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.gaps import MIN_DURATION_S
from studies.references.cinc2011 import read_cinc2011
from studies.references.ludb import read_ludb

__all__ = ["twelve_lead_sets"]

_LONGEST_S = 100.0


def twelve_lead_sets(data: Path) -> dict[str, list[EcgRecord]]:
    """Read every set of 12-lead ECGs; those below 5 s and above 100 s are left out.

    Parameters
    ----------
    data : Path
        Holds ``ptb-xl/``, ``ludb/``, ``chapman/``, ``challenge2021/``, ``cpsc2018/``, ``sph/`` and
        ``cinc2011/``.

    Returns
    -------
    dict of str to list of EcgRecord
    """
    sets = {
        "PTB-XL": read_ptb_xl(data / "ptb-xl")[1],
        "LUDB": [item.record for item in read_ludb(data / "ludb")],
        "Chapman (denoised)": [record for record, _ in read_chapman(data / "chapman")],
        "Challenge 2021": [
            read_ecg(path) for path in sorted((data / "challenge2021").glob("*/*.hea"))
        ],
        "CPSC 2018": [read_ecg(path) for path in sorted((data / "cpsc2018").glob("*.hea"))],
        "SPH": [_read_sph(path) for path in sorted((data / "sph").glob("*.h5"))],
        "CinC 2011": read_cinc2011(data / "cinc2011").records,
    }
    return {
        name: [r for r in records if MIN_DURATION_S <= r.duration_s <= _LONGEST_S]
        for name, records in sets.items()
    }


def _read_sph(path: Path) -> EcgRecord:
    with h5py.File(path) as file:
        signal_mv = np.array(file["ecg"], dtype=np.float64)
    return EcgRecord(signal_mv, 500.0, STANDARD_LEADS, path.stem)
