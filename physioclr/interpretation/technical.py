"""Limits of the recording: electrodes, leads, quality."""

from __future__ import annotations

from physioclr.interpretation.criteria import Criterion, Verdict, absent, not_assessable, present
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.sources import KLIGFIELD, MASON
from physioclr.interpretation.statement import Evidence
from physioclr.leads import PRECORDIAL_LEADS

__all__ = ["CRITERIA"]


def _reversal(found: Findings) -> Verdict:
    if found.reversed_electrodes is not None:
        return present(
            Evidence("Limb leads against V5 and V6", float("nan"), leads=("I", "II", "III")),
            reason=found.reversed_electrodes,
        )
    if reason := found.why_not("I", "II", "III"):
        return not_assessable(reason)
    return absent()


def _dextrocardia(found: Findings) -> Verdict:
    """I upside down, and R that shrinks from V1 to V6."""
    if reason := found.why_not("I", "V1", "V2", "V5", "V6"):
        return not_assessable(reason)
    one = found.leads["I"]
    first, last = found.leads["V2"], found.leads["V6"]
    shown = (
        Evidence("R less S", one.net_mv, "mV", "<", 0.0, ("I",)),
        Evidence("R", first.tallest_r_mv, "mV", leads=("V2",)),
        Evidence("R", last.tallest_r_mv, "mV", leads=("V6",)),
    )
    shrinks = last.peak_to_peak_mv < 0.6 * first.peak_to_peak_mv and last.net_mv < 0
    upside_down = one.net_mv < 0 and not one.p_mv > -one.p_min_mv
    return present(*shown) if upside_down and shrinks else absent(*shown)


def _poor_leads(found: Findings) -> Verdict:
    if not found.poor_leads:
        return absent()
    return present(reason="; ".join(found.poor_leads.values()))


def _poor_record(found: Findings) -> Verdict:
    if found.acceptable:
        return absent()
    return present(reason=found.quality_reason or "the quality of the record is not acceptable")


def _missing_leads(found: Findings) -> Verdict:
    if not found.missing_leads:
        return absent()
    return present(reason=f"not recorded: {', '.join(found.missing_leads)}")


CRITERIA = (
    Criterion(
        "REVERSAL",
        "P, QRS and T of I or II upside down against V5 and V6, or a limb lead without a signal",
        KLIGFIELD,
        _reversal,
    ),
    Criterion(
        "DEXTRO",
        f"QRS and P negative in I, QRS shrinking over {PRECORDIAL_LEADS[0]} to V6",
        MASON,
        _dextrocardia,
    ),
    Criterion("BADLEAD", "A lead of quality below 0.5, or without a signal", MASON, _poor_leads),
    Criterion("BADREC", "A record of quality below 0.5", MASON, _poor_record),
    Criterion("MISSLEAD", "One of the twelve standard leads not recorded", MASON, _missing_leads),
)
