"""Calibrated predictions of a checkpoint's head, with the calls and the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.encoders.card import HeadCard, LabelCard
from physioclr.encoders.embedding import embed
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.reference_comparison import COMPARED, differences
from physioclr.errors import CheckpointError
from physioclr.probe.no_call import Call
from physioclr.probe.reliability import ReliabilityBin, bin_of
from physioclr.records import EcgRecord
from physioclr.signal.quality import Quality, assess_quality

__all__ = [
    "LabelCall",
    "Prediction",
    "head_name",
    "label_call",
    "predict",
    "unlike_training",
    "why_withheld",
]

_UNLIKE_PCT = 99.0
"""Above this distance percentile an ECG is taken to be unlike all the reference ECGs."""

_N_NEAREST = 5
_POOR_LEAD = 0.5
_MOST_NAMED = 4


@dataclass(frozen=True)
class LabelCall:
    """What is called of one label.

    Parameters
    ----------
    call : {"present", "absent", "no call"}
    reason : str
        Why there is no call; empty where there is one.
    correct : float or None
        Share of the cross-validation's ECGs called so that were called rightly; None where there
        is no call, or there were none.
    """

    call: Call
    reason: str = ""
    correct: float | None = None


@dataclass(frozen=True, eq=False)
class Prediction:
    """The probability of each label of one head, with the evidence for the head.

    Parameters
    ----------
    head : str
    labels : tuple of str
    probabilities : (n_labels,) float64
        Calibrated by Platt scaling on cross-validated scores.
    card : HeadCard
        Training cohort and, of each label, cross-validated scores and the limits of its calls.
    nearest : DataFrame, optional
        The most similar reference ECGs, as `ReferenceEcgs.nearest` returns them; None where the
        checkpoint has none.
    distance_percentile : float, optional
        How far the ECG lies from them: see `ReferenceEcgs.distance_percentile`.
    withheld : str
        Why no label of this ECG is called, as `why_withheld` says it; empty where calls are made.
    overruled : str
        Why none would be called, had the reader not overruled it; empty otherwise.
    """

    head: str
    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]
    card: HeadCard
    nearest: pd.DataFrame | None = None
    distance_percentile: float | None = None
    withheld: str = ""
    overruled: str = ""

    @cached_property
    def calls(self) -> tuple[LabelCall, ...]:
        """One call a label: present, absent or no call."""
        if self.withheld:
            return tuple(LabelCall("no call", self.withheld) for _ in self.labels)
        return tuple(
            label_call(label, float(probability))
            for label, probability in zip(self.card.labels, self.probabilities, strict=True)
        )

    @cached_property
    def like_it(self) -> tuple[ReliabilityBin | None, ...]:
        """Of each label, the labelled ECGs that were given a probability like this one's.

        None where the head does not carry them.
        """
        return tuple(
            bin_of(float(probability), label.reliability_bins)
            for probability, label in zip(self.probabilities, self.card.labels, strict=True)
        )

    @cached_property
    def intervals(self) -> NDArray[np.float64]:
        """The 95 % interval of each probability, (n_labels, 2).

        `ReliabilityBin.interval_at` says what of. NaN where the head does not carry it.
        """
        ends = [
            (np.nan, np.nan) if like is None else like.interval_at(float(probability))
            for probability, like in zip(self.probabilities, self.like_it, strict=True)
        ]
        return np.array(ends, dtype=np.float64)

    @property
    def is_unlike(self) -> bool:
        """Whether the ECG is unlike all the reference ECGs."""
        far = self.distance_percentile
        return self.nearest is not None and far is not None and far > _UNLIKE_PCT

    @property
    def warning(self) -> str | None:
        """Why the predictions may not hold for this ECG; None where nothing speaks against them.

        What it was recorded from cannot be trusted, or it is unlike the reference ECGs.
        """
        said = [self._withheld_sentence(), self._overruled_sentence(), self._unlike_sentence()]
        return " ".join(sentence for sentence in said if sentence) or None

    def _withheld_sentence(self) -> str:
        if not self.withheld:
            return ""
        reason = f"{self.withheld[:1].upper()}{self.withheld[1:]}"
        return f"{reason}: no call is made, and the probabilities may not hold."

    def _overruled_sentence(self) -> str:
        if not self.overruled:
            return ""
        return f"{self.overruled[:1].upper()}{self.overruled[1:]}: overruled by the reader."

    def _unlike_sentence(self) -> str:
        if self.nearest is None or not self.is_unlike:
            return ""
        far = self.distance_percentile
        return (
            f"Farther from the labelled ECGs of {self.nearest['cohort'][0]} than {far:.0f} % of "
            "these are from each other: the predictions may not hold for it."
        )

    def to_dict(self, measured: Mapping[str, float] | None = None) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None.

        Parameters
        ----------
        measured : mapping of str to float, optional
            The ECG's own measurements, as `Measurements.scalars` returns them: each nearest ECG
            then says in what it differs, its own minus the ECG's.

        Returns
        -------
        dict
        """
        probabilities = self.probabilities.round(4).tolist()
        calls = zip(self.labels, self.calls, strict=True)
        return {
            "head": self.head,
            "probabilities": dict(zip(self.labels, probabilities, strict=True)),
            "intervals": {
                name: None if np.isnan(ends).any() else ends.round(4).tolist()
                for name, ends in zip(self.labels, self.intervals, strict=True)
            },
            "like_it": {
                name: None if like is None else asdict(like)
                for name, like in zip(self.labels, self.like_it, strict=True)
            },
            "calls": {
                name: {"call": call.call, "reason": call.reason, "correct": call.correct}
                for name, call in calls
            },
            "nearest": None if self.nearest is None else _nearest_dicts(self.nearest, measured),
            "distance_percentile": _known(self.distance_percentile),
            "withheld": self.withheld or None,
            "overruled": self.overruled or None,
            "warning": self.warning,
            "evidence": self.card.model_dump(),
        }


def predict(
    record: EcgRecord,
    encoder: Encoder,
    *,
    head: str | None = None,
    quality: Quality | None = None,
    overrule_reversal: bool = False,
) -> Prediction:
    """Predict the labels of a head; nothing is called of an ECG that cannot be trusted.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder
    head : str, optional
        Name of a head of the checkpoint; the first one if absent.
    quality : Quality, optional
        Of the record, where it is known already; judged here if absent.
    overrule_reversal : bool
        Call the labels although limb leads are suspected to be exchanged: the reader has seen that
        they are not. Poor signal quality is not overruled.

    Returns
    -------
    Prediction
        Where the signal quality is not acceptable, or limb leads may be exchanged, it has its
        probabilities and no call.

    Raises
    ------
    CheckpointError
        If the checkpoint has no head at all.
    SignalError
        If the ECG cannot be embedded: an absent or flat lead, missing samples, too short.
    ValueError
        If it has no head of that name.

    Examples
    --------
    >>> from physioclr import load_encoder, predict
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> prediction = predict(record, load_encoder())
    >>> prediction.labels
    ('NORM', 'MI', 'STTC', 'CD', 'HYP')
    """
    name = head_name(encoder, head)
    probe, bank = encoder.heads[name], encoder.references
    embedding = embed([record], encoder)
    quality = assess_quality(record) if quality is None else quality
    withheld = why_withheld(quality, overrule_reversal=overrule_reversal)
    return Prediction(
        head=name,
        labels=probe.label_names,
        probabilities=np.asarray(probe.probabilities(embedding)[0], dtype=np.float64),
        card=encoder.card.heads[name],
        nearest=None if bank is None else bank.nearest(embedding[0], _N_NEAREST, label_set=name),
        distance_percentile=None if bank is None else bank.distance_percentile(embedding[0]),
        withheld=withheld,
        overruled="" if withheld else why_withheld(quality),
    )


def why_withheld(quality: Quality, *, overrule_reversal: bool = False) -> str:
    """Say why nothing is called of an ECG of this quality.

    Parameters
    ----------
    quality : Quality
    overrule_reversal : bool
        Whether a suspected reversal of limb leads is no reason, as a reader has overruled it.

    Returns
    -------
    str
        Empty where calls may be made. An ECG without heartbeats is not acceptable. The leads of a
        quality below 0.5 are named, the worst first.
    """
    if not quality.acceptable:
        worst = sorted(quality.leads, key=lambda lead: quality.leads[lead].score)
        poor = [lead for lead in worst if quality.leads[lead].score < _POOR_LEAD]
        return f"signal quality not acceptable{_of_leads(poor, len(worst))}"
    if quality.suspected_reversal is not None and not overrule_reversal:
        return f"limb lead reversal suspected, {quality.suspected_reversal}"
    return ""


def _of_leads(poor: list[str], n_leads: int) -> str:
    if not poor:
        return ""
    if len(poor) == n_leads:
        return " in any lead"
    named = f"{', '.join(poor[:_MOST_NAMED])}{' and others' if len(poor) > _MOST_NAMED else ''}"
    return f" (lead{'s' if len(poor) > 1 else ''} {named})"


def unlike_training(prediction: Prediction, *, simulated: bool) -> str:
    """Say that an ECG is not of the kind its head was trained on.

    Parameters
    ----------
    prediction : Prediction
    simulated : bool
        Whether the ECG is.

    Returns
    -------
    str
        Empty where it is of that kind.
    """
    if simulated == prediction.card.simulated:
        return ""
    if simulated:
        return "the ECG is simulated, the head was trained on people’s"
    return "the ECG is a person’s, the head was trained on simulated ones"


def head_name(encoder: Encoder, head: str | None = None) -> str:
    """Return which head is meant.

    Parameters
    ----------
    encoder : Encoder
    head : str, optional
        Name of a head of the checkpoint; the first one if absent.

    Returns
    -------
    str

    Raises
    ------
    CheckpointError
        If the checkpoint has no head at all.
    ValueError
        If it has no head of that name.
    """
    if not encoder.heads:
        raise CheckpointError(encoder.card.name, expected="a prediction head", found="none")
    name = next(iter(encoder.heads)) if head is None else head
    if name not in encoder.heads:
        raise ValueError(f"head must be one of {', '.join(encoder.heads)}, got {name!r}")
    return name


def label_call(label: LabelCard, probability: float) -> LabelCall:
    """Call one label by the limits of its card.

    Parameters
    ----------
    label : LabelCard
    probability : float

    Returns
    -------
    LabelCall
    """
    own = label.calls
    if own is None:
        return LabelCall("no call", "the head has no limits")
    call = own.limits.call(probability)
    if call == "present":
        return LabelCall(call, correct=own.ppv)
    if call == "absent":
        return LabelCall(call, correct=own.npv)
    if own.absent_at is None and own.present_at is None:
        return LabelCall(call, "too few with and without the label")
    if own.absent_at is None:
        return LabelCall(call, "too few with the label")
    if own.present_at is None:
        return LabelCall(call, "too few without the label")
    return LabelCall(call, f"between {own.absent_at:.2f} and {own.present_at:.2f}")


def _nearest_dicts(
    nearest: pd.DataFrame, measured: Mapping[str, float] | None
) -> list[dict[str, Any]]:
    rows = [
        {str(name): _known(value) for name, value in row.items()}
        for row in nearest.to_dict(orient="records")
    ]
    if measured is not None:
        apart = differences(nearest, measured).to_dict(orient="records")
        for row, by_name in zip(rows, apart, strict=True):
            row["difference"] = {name: _known(by_name[name]) for name in COMPARED}
    return rows


def _known(value: Any) -> Any:
    """Return a cell as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    return None if value is None or pd.isna(value) else value
