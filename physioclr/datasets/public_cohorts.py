"""The public cohorts that can be fetched, and where those are that cannot: `PUBLIC_COHORTS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from physioclr.errors import DatasetError

__all__ = ["ELSEWHERE", "PUBLIC_COHORTS", "PublicCohort", "public_cohort"]

_PHYSIONET = "https://physionet.org/files"


@dataclass(frozen=True)
class PublicCohort:
    """A cohort on PhysioNet, open to everybody.

    Parameters
    ----------
    name : str
        As the command line has it.
    title : str
    url : str
        The folder of its files, with ``SHA256SUMS.txt`` in it.
    licence : str
    size_gb : float
        About, in 10⁹ bytes: of the signals, from their number, leads and samples.
    """

    name: str
    title: str
    url: str
    licence: str
    size_gb: float


PUBLIC_COHORTS: Mapping[str, PublicCohort] = MappingProxyType(
    {
        cohort.name: cohort
        for cohort in (
            PublicCohort("ptb-xl", "PTB-XL 1.0.3", f"{_PHYSIONET}/ptb-xl/1.0.3", "CC BY 4.0", 3.1),
            PublicCohort(
                "challenge-2021",
                "PhysioNet/CinC Challenge 2021 1.0.3: CPSC 2018, INCART, PTB, PTB-XL, Georgia, "
                "Chapman-Shaoxing, Ningbo",
                f"{_PHYSIONET}/challenge-2021/1.0.3",
                "CC BY 4.0",
                11.0,
            ),
            PublicCohort(
                "chapman-ningbo",
                "Chapman-Shaoxing and Ningbo 1.0.0",
                f"{_PHYSIONET}/ecg-arrhythmia/1.0.0",
                "CC BY 4.0",
                5.4,
            ),
            PublicCohort("ludb", "LUDB 1.0.1", f"{_PHYSIONET}/ludb/1.0.1", "ODC-BY 1.0", 0.03),
            PublicCohort(
                "mit-bih",
                "MIT-BIH Arrhythmia Database 1.0.0",
                f"{_PHYSIONET}/mitdb/1.0.0",
                "ODC-BY 1.0",
                0.1,
            ),
            PublicCohort(
                "mimic-iv-ecg",
                "MIMIC-IV-ECG 1.0",
                f"{_PHYSIONET}/mimic-iv-ecg/1.0",
                "ODbL 1.0",
                96.0,
            ),
        )
    }
)
"""By name. None asks for a login; MIMIC-IV's clinical tables, to which MIMIC-IV-ECG links, do."""

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "code-15": "exams.csv and the unzipped parts of doi.org/10.5281/zenodo.4916206",
        "sph": "metadata.csv and the unpacked records.tar.gz of figshare collection 5779802, "
        "doi.org/10.1038/s41597-022-01403-5",
        "chapman": "Diagnostics.xlsx and the unzipped ECGData.zip of figshare collection 4560497, "
        "doi.org/10.1038/s41597-020-0386-x",
    }
)
"""Cohorts to be fetched by hand → what to put into one folder. None asks for a login."""


def public_cohort(name: str) -> PublicCohort:
    """Return a cohort that can be fetched.

    Parameters
    ----------
    name : str

    Returns
    -------
    PublicCohort

    Raises
    ------
    DatasetError
        If there is none of that name; for one that lies elsewhere the message says where.
    """
    if name in ELSEWHERE:
        raise DatasetError(
            name, expected="a cohort on PhysioNet", found=f"one to fetch by hand: {ELSEWHERE[name]}"
        )
    if name not in PUBLIC_COHORTS:
        known = ", ".join((*PUBLIC_COHORTS, *ELSEWHERE))
        raise DatasetError(name, expected=f"one of {known}", found="another name")
    return PUBLIC_COHORTS[name]
