"""What a report holds: what the machine measured and predicted, and what its reader found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.records import EcgRecord
from physioclr.signal.quality import Quality

if TYPE_CHECKING:
    from physioclr.interpretation.reading import Reading
    from physioclr.interpretation.statement import Interpretation
    from physioclr.prediction.prediction import Prediction

__all__ = ["AGREEMENTS", "ReaderFindings", "Report", "check_qt_formula", "qtc_remark"]

AGREEMENTS = ("agree", "disagree")
_WIDE_QRS_MS = 120.0


@dataclass(frozen=True)
class ReaderFindings:
    """What the person who read the ECG says.

    Parameters
    ----------
    findings : str
        In the reader's words; empty where nothing was written.
    comment : str
    agreement : mapping of str to str
        Label of the prediction → one of `AGREEMENTS`; a label the reader did not judge is absent.
    reader : str
        The reader's name; empty where it is not given.
    """

    findings: str = ""
    comment: str = ""
    agreement: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""

    def __post_init__(self) -> None:
        unknown = set(self.agreement.values()) - set(AGREEMENTS)
        if unknown:
            raise ValueError(f"agreement must be of {', '.join(AGREEMENTS)}, got {unknown}")
        object.__setattr__(self, "agreement", MappingProxyType(dict(self.agreement)))

    @property
    def is_empty(self) -> bool:
        """Whether the reader said nothing."""
        return not (self.findings or self.comment or self.agreement)


@dataclass(frozen=True, eq=False)
class Report:
    """Everything a report is made of.

    Parameters
    ----------
    record : EcgRecord
    quality : Quality
    measured : Measurements
        Of the record.
    made_at : datetime
        With its time zone.
    interpretation : Interpretation or None
        The statements of the criteria; None where they were not asked for.
    prediction : Prediction or None
    why_no_prediction : str
        One sentence where there is none.
    encoder : str
        Name and fingerprint of the checkpoint; empty where there is no prediction.
    reader : ReaderFindings
    qt_formula : str
        The correction of QT that stands first: fridericia, bazett, framingham or hodges.
    """

    record: EcgRecord
    quality: Quality
    measured: Measurements
    made_at: datetime
    interpretation: Interpretation | None = None
    prediction: Prediction | None = None
    why_no_prediction: str = ""
    encoder: str = ""
    reader: ReaderFindings = field(default_factory=ReaderFindings)
    qt_formula: str = "fridericia"

    def __post_init__(self) -> None:
        if self.made_at.tzinfo is None:
            raise ValueError(f"made_at must have a time zone, got {self.made_at}")
        if self.prediction is None and not self.why_no_prediction:
            raise ValueError("why_no_prediction must say why prediction is None")
        check_qt_formula(self.qt_formula)

    @cached_property
    def reading(self) -> Reading | None:
        """Criteria and prediction in one; None without an interpretation."""
        from physioclr.prediction.reading import read_with_prediction

        if self.interpretation is None:
            return None
        return read_with_prediction(self.interpretation, self.prediction)

    def shown(self, column: int) -> tuple[str, str]:
        """Return what is called of a label of the prediction, and why not otherwise.

        Parameters
        ----------
        column : int
            Of the prediction's labels.

        Returns
        -------
        (str, str)
            The reading's call and its reason, or the prediction's own without an interpretation.
        """
        if self.reading is not None:
            row = self.reading.model[column]
            unread = row.shown == "undecided" and not row.rule
            return "no call" if unread else row.shown, row.reason
        if self.prediction is None:
            raise ValueError("a report without a prediction calls nothing")
        call = self.prediction.calls[column]
        return call.call, call.reason


def check_qt_formula(name: str) -> None:
    """Refuse a correction of QT that is not measured.

    Raises
    ------
    ValueError
    """
    known = [each[4:-3] for each in MEASUREMENTS if each.startswith("qtc_")]
    if name not in known:
        raise ValueError(f"qt_formula must be one of {', '.join(known)}, got {name!r}")


def qtc_remark(measured: Measurements) -> str:
    """Say that QTc is too long a measure of repolarisation where QRS is wide.

    Parameters
    ----------
    measured : Measurements

    Returns
    -------
    str
        Empty where QRS is below 120 ms or not measurable.

    Notes
    -----
    Rautaharju et al. 2009, AHA/ACCF/HRS recommendations part IV, J Am Coll Cardiol 53:982: QT
    holds QRS, so that it lengthens with conduction delay.
    """
    if not measured.qrs_ms >= _WIDE_QRS_MS or math.isnan(measured.qt_ms):
        return ""
    return f"QRS is {measured.qrs_ms:.0f} ms: QTc overestimates the duration of repolarisation."
