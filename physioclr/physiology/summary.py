"""From the beats of one ECG to its numbers, the beats each stands on, or why it is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import LIMB_LEADS
from physioclr.physiology.axis import frontal_axis_deg
from physioclr.physiology.beat_features import AMPLITUDES, BeatFeatures
from physioclr.physiology.global_fiducials import MIN_BEATS
from physioclr.physiology.hrv import pnn50_pct, rmssd_ms, sdnn_ms
from physioclr.physiology.intervals import QT_FORMULAS, corrected_qt_ms
from physioclr.physiology.quantiles import known_quantile
from physioclr.physiology.rhythm import irregularity_pct, normal_rr_ms

__all__ = ["Summary", "lead_medians", "summarise_beats"]

Flags = NDArray[np.bool_]

MIN_P_SHARE = 0.5
_MAX_PR_SPREAD_MS = 40.0
_AXES = {"axis_deg": "qrs", "p_axis_deg": "p", "t_axis_deg": "t"}
_WAVE_NAMES = {"qrs": "QRS", "p": "P wave", "t": "T wave"}


@dataclass(frozen=True, eq=False)
class Summary:
    """The numbers of one ECG.

    Parameters
    ----------
    values : mapping of str to float
        Measurement → value; NaN where not measurable.
    used : mapping of str to (n_beats,) bool
        Measurement → the beats it stands on; none where it is not measurable.
    reasons : mapping of str to str
        Measurement → why it is not measurable.
    uncertainties : mapping of str to str
        Measurement → why its value may be wrong.
    """

    values: Mapping[str, float]
    used: Mapping[str, Flags]
    reasons: Mapping[str, str]
    uncertainties: Mapping[str, str]


def summarise_beats(features: BeatFeatures) -> Summary:
    """Take means, medians and variability over the beats of one ECG.

    Parameters
    ----------
    features : BeatFeatures

    Returns
    -------
    Summary

    Notes
    -----
    The rate is that of all beats; PR, P, QRS and QT are those of the median beat
    (`global_fiducials`), the axes medians over the dominant beats it is made of
    (`BeatKinds.dominant`), the variability that of the intervals between normal beats
    (`normal_rr_ms`).
    """
    summary = _Summariser(features)
    summary.rate()
    summary.intervals()
    summary.axes()
    summary.variability()
    summary.counts()
    return Summary(summary.values, summary.used, summary.reasons, summary.uncertainties)


class _Summariser:
    """Collects values, the beats they stand on, and reasons, measurement by measurement."""

    def __init__(self, features: BeatFeatures) -> None:
        self._features = features
        self._dominant = features.kinds.dominant
        self.values: dict[str, float] = {}
        self.used: dict[str, Flags] = {}
        self.reasons: dict[str, str] = {}
        self.uncertainties: dict[str, str] = {}

    def rate(self) -> None:
        rr_ms = self._features.by_beat["rr_ms"]
        known = np.isfinite(rr_ms)
        mean_ms = float(np.mean(rr_ms[known])) if known.any() else math.nan
        missing = self._too_few(known, "RR interval", MIN_BEATS - 1)
        self._keep("rr_ms", mean_ms, known, missing)
        self._keep("heart_rate_bpm", 60_000 / mean_ms, known, missing)

    def intervals(self) -> None:
        share = self._features.by_beat["p_lead_share"]
        known = np.isfinite(share)
        missing = self._too_few(known, "P wave, or that there is none,", MIN_BEATS)
        self._keep("p_wave_presence_pct", _share_pct(share, known), known, missing)
        noise = self._features.noise.reason
        no_p = missing or noise or self._p_wave_is_absent(share)
        beat = self._features.median_beat
        changes = no_p or self._pr_changes()
        self._of_median_beat("pr_ms", beat.qrs_on - beat.p_on, "PR interval", changes)
        self._of_median_beat("p_ms", beat.p_off - beat.p_on, "P wave", no_p)
        self._of_median_beat("qrs_ms", beat.qrs_off - beat.qrs_on, "QRS duration", noise)
        self._of_median_beat("qt_ms", beat.t_off - beat.qrs_on, "QT interval", noise)
        for formula in QT_FORMULAS:
            qt_ms, rr_ms = self.values["qt_ms"], self.values["rr_ms"]
            self._keep(
                f"qtc_{formula}_ms",
                float(corrected_qt_ms([qt_ms], [rr_ms], formula=formula)[0]),
                self.used["qt_ms"],
                self.reasons.get("qt_ms") or self.reasons.get("rr_ms"),
            )
            if "qt_ms" in self.uncertainties:
                self.uncertainties[f"qtc_{formula}_ms"] = self.uncertainties["qt_ms"]

    def axes(self) -> None:
        rows = [row for row, lead in enumerate(self._features.leads) if lead in LIMB_LEADS]
        leads = [self._features.leads[row] for row in rows]
        for name, wave in _AXES.items():
            areas = self._features.areas_mv_ms[wave][rows][:, self._dominant]
            medians = known_quantile(areas.T, 0.5, min_known=MIN_BEATS)
            value = frontal_axis_deg(dict(zip(leads, medians.tolist(), strict=True)))
            if wave == "qrs":
                value = self._features.qrs_axis_deg
            used = np.zeros(self._features.n_beats, dtype=bool)
            used[self._dominant] = np.isfinite(areas).sum(axis=0) >= 2
            missing = self.reasons.get("p_ms") if wave == "p" else None
            if missing is None and math.isnan(value):
                missing = (
                    f"not measurable: fewer than two limb leads with a {_WAVE_NAMES[wave]} in "
                    f"at least {MIN_BEATS} beats"
                )
            self._keep(name, value, used, missing)

    def variability(self) -> None:
        rr_ms = normal_rr_ms(self._features.by_beat["rr_ms"], self._features.kinds.ectopic)
        known = np.isfinite(rr_ms)
        follow = np.zeros_like(known)
        follow[1:] = known[1:] & known[:-1]
        missing = self.reasons.get("rr_ms")
        of_differences = missing
        if missing is None and not follow.any():
            of_differences = (
                "not measurable: no two RR intervals between normal beats follow one another"
            )
        if missing is None and known.sum() < MIN_BEATS - 1:
            missing = (
                f"not measurable: {known.sum()} RR intervals lie between normal beats, "
                f"at least {MIN_BEATS - 1} are needed"
            )
        pairs = follow.copy()
        pairs[:-1] |= follow[1:]
        self._keep("sdnn_ms", sdnn_ms(rr_ms), known, missing)
        self._keep("rmssd_ms", rmssd_ms(rr_ms), pairs, of_differences)
        self._keep("pnn50_pct", pnn50_pct(rr_ms), pairs, of_differences)
        self._keep("rr_irregularity_pct", irregularity_pct(rr_ms), pairs, of_differences)

    def counts(self) -> None:
        n_beats, kinds = self._features.n_beats, self._features.kinds
        missing = self._too_few(np.ones(n_beats, dtype=bool), "beat", MIN_BEATS)
        if missing is None and not np.isfinite(kinds.shape_correlation).any():
            missing = f"not measurable: no {MIN_BEATS} beats share one shape of QRS"
        if missing is None and not kinds.timing_judged and not kinds.ectopic.any():
            missing = (
                "not judged: the rhythm is irregular, so early beats of the usual shape may belong "
                "to it; no beat of another shape was found"
            )
        self._keep("n_ectopic_beats", float(kinds.ectopic.sum()), kinds.ectopic, missing)
        self._keep("n_beats", float(n_beats), np.ones(n_beats, dtype=bool), None)

    def _keep(self, name: str, value: float, used: Flags, missing: str | None) -> None:
        self.values[name] = value if missing is None else math.nan
        self.used[name] = used if missing is None else np.zeros_like(used)
        if missing is not None:
            self.reasons[name] = missing

    def _of_median_beat(
        self, name: str, value: float, what: str, missing: str | None = None
    ) -> None:
        known = np.isfinite(self._features.by_beat[name]) & self._dominant
        missing = missing or self._too_few(known, what, MIN_BEATS)
        if missing is None and not value > 0:
            missing = f"not measurable: no lead shows the {what} in {MIN_BEATS} beats"
        self._keep(name, value, known, missing)
        doubt = self._features.median_beat.doubts.get(name)
        if missing is None and doubt is not None:
            self.uncertainties[name] = doubt

    def _too_few(self, known: Flags, what: str, needed: int) -> str | None:
        n_beats, n_dominant = self._features.n_beats, int(self._dominant.sum())
        if n_beats < MIN_BEATS:
            return f"not measurable: {n_beats} beats found, at least {MIN_BEATS} are needed"
        if known.sum() >= needed:
            return None
        of_beats = f"{n_dominant} dominant" if n_dominant < n_beats else f"{n_beats}"
        return (
            f"not measurable: the {what} was found in {known.sum()} of {of_beats} "
            f"beats, at least {needed} are needed"
        )

    def _pr_changes(self) -> str | None:
        """Refuse one PR interval for P waves that keep no distance from QRS."""
        pr_ms = self._features.by_beat["pr_ms"][self._dominant]
        known = pr_ms[np.isfinite(pr_ms)]
        if known.size < MIN_BEATS:
            return None
        low, high = np.quantile(known, (0.25, 0.75))
        if high - low <= _MAX_PR_SPREAD_MS:
            return None
        return (
            f"not measurable: PR changes from beat to beat, the middle half lies between "
            f"{low:.0f} and {high:.0f} ms"
        )

    def _p_wave_is_absent(self, share: NDArray[np.float64]) -> str | None:
        presence_pct = _share_pct(share, np.isfinite(share) & self._dominant)
        if presence_pct >= 100 * MIN_P_SHARE:
            return None
        return (
            f"not measurable: a P wave is present in {presence_pct:.0f} % of the beats, "
            f"at least {100 * MIN_P_SHARE:.0f} % are needed"
        )


def _share_pct(share: NDArray[np.float64], known: Flags) -> float:
    return float(100 * np.mean(share[known] > 0)) if known.any() else math.nan


def lead_medians(features: BeatFeatures) -> pd.DataFrame:
    """Take the median over the dominant beats of each amplitude of each lead.

    Parameters
    ----------
    features : BeatFeatures

    Returns
    -------
    DataFrame
        One row a lead, columns `AMPLITUDES`, in mV; NaN on fewer than three beats.
    """
    of_beats = np.stack([features.amplitudes_mv[name] for name in AMPLITUDES])
    of_dominant = np.moveaxis(of_beats[:, :, features.kinds.dominant], 2, 0)
    medians = known_quantile(of_dominant, 0.5, min_known=MIN_BEATS)
    return pd.DataFrame(
        medians.T, index=pd.Index(features.leads, name="lead"), columns=pd.Index(AMPLITUDES)
    )
