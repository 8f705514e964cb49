"""Findings put together by hand: a normal ECG, and what a test changes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from physioclr.interpretation.findings import Findings
from physioclr.interpretation.interpret import interpret_findings
from physioclr.interpretation.lead_waves import LeadWaves
from physioclr.interpretation.statement import Statement
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.beat_amplitudes import AMPLITUDES
from physioclr.physiology.measurements import MEASUREMENTS, Measurements

__all__ = ["beats_table", "findings", "normal_leads", "said", "wave"]

FS_HZ = 500.0

_VALUES = {
    "pr_ms": 160.0,
    "p_ms": 100.0,
    "qrs_ms": 90.0,
    "qt_ms": 390.0,
    "axis_deg": 45.0,
    "p_axis_deg": 50.0,
    "t_axis_deg": 40.0,
}


def wave(**values: Any) -> LeadWaves:
    """Return an unremarkable lead with R of 1 mV, changed as told."""
    usual = {
        "r_mv": 1.0,
        "r_ms": 60.0,
        "s_mv": -0.2,
        "s_ms": 20.0,
        "r_peak_ms": 40.0,
        "terminal_mv": 0.0,
        "delta_mv": 0.9,
        "t_mv": 0.3,
        "t_max_mv": 0.3,
        "t_min_mv": 0.0,
        "p_mv": 0.1,
        "p_min_mv": 0.0,
        "p_terminal_mv_ms": -1.0,
    }
    return LeadWaves(**{**usual, **values})


def normal_leads() -> dict[str, LeadWaves]:
    """Return twelve leads of a normal ECG."""
    right = {"r_mv": 0.2, "r_ms": 25.0, "s_mv": -0.9, "s_ms": 50.0, "terminal_mv": -0.2}
    turned = {
        "q_mv": -0.8,
        "q_ms": 70.0,
        "r_mv": 0.0,
        "r_ms": 0.0,
        "s_mv": 0.0,
        "s_ms": 0.0,
        "r_peak_ms": math.nan,
        "t_mv": -0.3,
        "t_max_mv": 0.0,
        "t_min_mv": -0.3,
        "p_mv": 0.0,
        "p_min_mv": -0.1,
    }
    leads = {lead: wave() for lead in STANDARD_LEADS}
    leads["aVR"] = wave(**turned)
    leads["aVL"] = wave(r_mv=0.5)
    leads["V1"] = wave(**right)
    leads["V2"] = wave(**{**right, "r_mv": 0.4, "s_mv": -1.1})
    leads["V3"] = wave(r_mv=0.8, s_mv=-0.7)
    leads["V4"] = wave(r_mv=1.4, s_mv=-0.4)
    return leads


def beats_table(
    rr_ms: list[float] | None = None,
    *,
    p_lead_share: list[float] | float = 1.0,
    pr_ms: list[float] | float = 160.0,
    qrs_ms: list[float] | float = 90.0,
    ventricular: tuple[int, ...] = (),
    supraventricular: tuple[int, ...] = (),
) -> pd.DataFrame:
    """Return a table of beats at these RR intervals (nine of 850 ms by default)."""
    rr = [850.0] * 9 if rr_ms is None else rr_ms
    n = len(rr) + 1
    at_ms = np.concatenate([[500.0], 500.0 + np.cumsum(rr)])
    origin = np.full(n, "", dtype=object)
    origin[list(ventricular)] = "ventricular"
    origin[list(supraventricular)] = "supraventricular"
    correlation = np.ones(n)
    correlation[list(ventricular)] = 0.2
    return pd.DataFrame(
        {
            "r_peak_samples": np.round(at_ms * FS_HZ / 1000).astype(np.int64),
            "rr_ms": np.concatenate([[math.nan], rr]),
            "pr_ms": np.broadcast_to(pr_ms, n),
            "qrs_ms": np.broadcast_to(qrs_ms, n),
            "p_lead_share": np.broadcast_to(p_lead_share, n),
            "premature": origin != "",
            "shape_correlation": correlation,
            "different_shape": correlation < 0.8,
            "ectopic": origin != "",
            "ectopic_origin": origin,
        }
    )


def measurements(beats: pd.DataFrame, **values: float) -> Measurements:
    """Return measurements that fit the beats, changed as told."""
    rr = beats["rr_ms"].to_numpy()[1:]
    mean_ms = float(np.nanmean(rr))
    spread = float(np.sqrt(np.mean(np.diff(rr) ** 2))) if rr.size > 1 else 0.0
    known = {
        **_VALUES,
        "rr_ms": mean_ms,
        "heart_rate_bpm": 60_000 / mean_ms,
        "rmssd_ms": spread,
        "sdnn_ms": float(rr.std()),
        "pnn50_pct": 0.0,
        "rr_irregularity_pct": 100 * spread / mean_ms,
        "p_wave_presence_pct": 100 * float((beats["p_lead_share"] >= 0.5).mean()),
        "n_ectopic_beats": float(beats["ectopic"].sum()),
        "n_beats": float(len(beats)),
    }
    known |= values
    for formula in ("bazett", "fridericia", "framingham", "hodges"):
        known.setdefault(f"qtc_{formula}_ms", known["qt_ms"] / (mean_ms / 1000) ** (1 / 3))
    leads = pd.DataFrame(
        0.0, index=pd.Index(STANDARD_LEADS, name="lead"), columns=pd.Index(AMPLITUDES)
    )
    used = {name: np.ones(len(beats), dtype=bool) for name in MEASUREMENTS}
    reasons = {
        name: "not measurable: not found" for name, value in known.items() if math.isnan(value)
    }
    return Measurements(
        record_id="hand", leads=leads, beats=beats, used=used, reasons=reasons, **known
    )


def findings(
    leads: Mapping[str, LeadWaves] | None = None,
    *,
    beats: pd.DataFrame | None = None,
    changed: Mapping[str, Mapping[str, Any]] | None = None,
    without: tuple[str, ...] = (),
    age_years: float = 50.0,
    sex: str | None = "male",
    values: Mapping[str, float] | None = None,
    **fields: Any,
) -> Findings:
    """Return the findings of a normal ECG, changed as told.

    `changed` maps a lead to what differs in it, `without` names leads that were not recorded.
    """
    known = dict(normal_leads() if leads is None else leads)
    for lead, of_lead in (changed or {}).items():
        known[lead] = replace(known[lead], **of_lead)
    known = {lead: waves for lead, waves in known.items() if lead not in without}
    table = beats_table() if beats is None else beats
    return Findings(
        measured=measurements(table, **(values or {})),
        leads=known,
        age_years=age_years,
        sex=sex,
        missing_leads=without,
        **fields,
    )


def said(code: str, **changes: Any) -> Statement:
    """Return the statement of a code on findings changed as told."""
    return interpret_findings(findings(**changes), "hand")[code]
