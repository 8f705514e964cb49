"""The findings an interpretation speaks of: codes, words, and which of them are urgent.

Codes are those of SCP-ECG as ``scp_statements.csv`` of PTB-XL writes them where there is one, ours
elsewhere. The words follow the primary statements of AHA/ACC/HRS, ``aha`` their number there:
Mason JW et al. Recommendations for the standardization and interpretation of the
electrocardiogram, part II. Circulation 2007;115:1325, doi:10.1161/CIRCULATIONAHA.106.180201.
SNOMED CT codes: those of the PhysioNet/CinC Challenges 2020 and 2021 where they have one.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

__all__ = ["FAMILIES", "VOCABULARY", "Term"]

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "overall": "Overall",
        "rhythm": "Rhythm",
        "conduction": "Conduction",
        "voltage": "Axis, voltage, chambers",
        "ischaemia": "Ischaemia and infarction",
        "repolarisation": "Repolarisation",
        "technical": "Technical",
        "critical": "Critical values",
    }
)
"""Family → its heading, in the order shown."""


@dataclass(frozen=True)
class Term:
    """One finding.

    Parameters
    ----------
    code : str
    family : str
        One of `FAMILIES`.
    text : str
        In the words of AHA/ACC/HRS where they have them.
    aha : str
        Number of the primary statement of AHA/ACC/HRS; empty where there is none.
    snomed_ct : str
        Empty where none was verified.
    abnormal : bool
        Whether an ECG with it is no normal one.
    critical : bool
        Whether it must be seen at once.
    """

    code: str
    family: str
    text: str
    aha: str
    snomed_ct: str
    abnormal: bool
    critical: bool

    @property
    def in_a_sentence(self) -> str:
        """The words as they stand within a sentence: ``"sinus rhythm"``, ``"ST elevation"``."""
        first = self.text.split()[0]
        return self.text if first.isupper() else self.text[:1].lower() + self.text[1:]


def _read() -> dict[str, Term]:
    text = files("physioclr.interpretation").joinpath("statements.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Term(
            row["code"],
            row["family"],
            row["text"],
            row["aha"],
            row["snomed_ct"],
            row["abnormal"] == "1",
            row["critical"] == "1",
        )
        for row in csv.DictReader(text.splitlines())
    }


VOCABULARY: Mapping[str, Term] = MappingProxyType(_read())
"""Code → finding, in the order shown."""
