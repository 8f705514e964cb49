"""Why: what of an ECG a predicted probability rests on, over lead and time.

Integrated gradients (Sundararajan, Taly, Yan 2017, arXiv:1703.01365), computed by Captum. The
function is the whole way from what the encoder takes to the log-odds of the calibrated probability:
encoder, mean over the windows, standardisation, linear head, calibration. The log-odds and not the
probability, for near 0 and 1 the probability hardly moves whatever the ECG does.

The baseline is the isoelectric line: 0 in every lead, throughout. It is an ECG without any
deflection, which is also what a lead that is left out is in pretraining. The attributions of all
samples add up to the log-odds of the ECG minus those of this line; how nearly they do is measured
and kept. What follows from it: where the ECG is itself at 0 it is given nothing, so that a P wave
that is missing cannot be pointed at.

An attribution says what this model's output rests on. It says nothing of the heart, and is no
evidence that the prediction is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import expit
from scipy.stats import spearmanr
from torch import Tensor

from physioclr.encoders.encoder import Encoder, random_encoder
from physioclr.prediction.prediction import head_name
from physioclr.probe import LinearProbe
from physioclr.records import EcgRecord

__all__ = [
    "BASELINE",
    "METHOD",
    "Attribution",
    "RandomisationCheck",
    "attribute",
    "compare_attributions",
    "randomisation_check",
]

METHOD = "Integrated gradients of the log-odds"
BASELINE = "the isoelectric line: 0 mV in every lead"

_N_STEPS = 32
"""With the shipped encoder the log-odds missed were 0.02 in the median and 0.21 at most (180
attributions of PTB-XL and Challenge 2021), and more steps take longer without showing anything
else."""

_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each sample of each lead adds to the log-odds of a label.

    Parameters
    ----------
    head, label : str
    leads : tuple of str
        Rows of `values`: those the encoder takes.
    fs_hz : float
        The encoder's sampling rate.
    values : (n_leads, n_samples) float32
        In log-odds; above 0 for the label, below 0 against it. Sample `k` is at ``k / fs_hz``
        seconds of the record: the filter has no delay, and resampling begins at the first sample.
    sensitivity : (n_leads, n_samples) float32
        The gradient, averaged on the way from the baseline, in log-odds per `scale_mv` of the
        encoder's preprocessing. `values` are this times the ECG as the encoder takes it.
    log_odds, baseline_log_odds : float
        Of the ECG and of the isoelectric line.
    n_steps : int
        Between them.
    """

    head: str
    label: str
    leads: tuple[str, ...]
    fs_hz: float
    values: NDArray[np.float32]
    sensitivity: NDArray[np.float32]
    log_odds: float
    baseline_log_odds: float
    n_steps: int

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Where the samples lie in the record, (n_samples,)."""
        return np.arange(self.values.shape[1], dtype=np.float64) / self.fs_hz

    @property
    def probability(self) -> float:
        """Of the ECG: the one `predict` gives."""
        return float(expit(self.log_odds))

    @property
    def baseline_probability(self) -> float:
        """Of the isoelectric line."""
        return float(expit(self.baseline_log_odds))

    @property
    def by_lead(self) -> NDArray[np.float64]:
        """What each lead adds, (n_leads,), in log-odds."""
        return np.asarray(self.values.sum(axis=1, dtype=np.float64))

    @property
    def missed_log_odds(self) -> float:
        """What the attributions add up to, minus what they should: the completeness error."""
        explained = self.log_odds - self.baseline_log_odds
        return float(self.values.sum(dtype=np.float64)) - explained

    @property
    def completeness_error(self) -> float:
        """Its magnitude as a share of all that is attributed, for and against the label.

        Not of what it should add up to, which is near 0 where the ECG is as probable as the line.
        NaN where nothing is attributed.
        """
        attributed = float(np.abs(self.values).sum(dtype=np.float64))
        return abs(self.missed_log_odds) / attributed if attributed else float("nan")

    def smoothed(self, sigma_ms: float) -> NDArray[np.float32]:
        """Smooth along time, for the eye; each lead's sum stays.

        Parameters
        ----------
        sigma_ms : float
            Standard deviation of the Gaussian; above 0.

        Returns
        -------
        (n_leads, n_samples) float32

        Raises
        ------
        ValueError
            If `sigma_ms` is not above 0.
        """
        if not sigma_ms > 0:
            raise ValueError(f"sigma_ms must be above 0, got {sigma_ms}")
        sigma = sigma_ms / 1000 * self.fs_hz
        return np.asarray(gaussian_filter1d(self.values, sigma, axis=1, mode="reflect"))


class RandomisationCheck(NamedTuple):
    """Rank correlations of an attribution with that of the same encoder with random weights.

    Parameters
    ----------
    values : float
        Of the signed attributions.
    sensitivity : float
        Of the magnitudes of the sensitivities.
    magnitudes : float
        Of the magnitudes of the attributions. They hold the ECG's own as a factor, which no weights
        change: with the shipped encoder 0.5 to 0.6 is left.
    """

    values: float
    sensitivity: float
    magnitudes: float


def attribute(
    record: EcgRecord,
    encoder: Encoder,
    label: str,
    *,
    head: str | None = None,
    n_steps: int = _N_STEPS,
) -> Attribution:
    """Attribute a label's log-odds to the samples of each lead.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder
    label : str
        One of the head's.
    head : str, optional
        Name of a head of the checkpoint; the first one if absent.
    n_steps : int
        Gauss-Legendre nodes between the baseline and the ECG, at least 1.

    Returns
    -------
    Attribution
        The time it takes grows with the length of the ECG, window by window.

    Raises
    ------
    CheckpointError
        If the checkpoint has no head at all.
    SignalError
        If the ECG cannot be embedded: an absent or flat lead, missing samples, too short.
    ValueError
        If it has no head of that name, the head no such label, or `n_steps` is below 1.

    Examples
    --------
    >>> from physioclr import attribute, load_encoder
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> found = attribute(record, load_encoder(), "MI", n_steps=4)
    >>> found.values.shape == (12, int(record.duration_s * found.fs_hz))
    True
    """
    name = head_name(encoder, head)
    probe, preprocessing = encoder.heads[name], encoder.card.preprocessing
    if label not in probe.label_names:
        raise ValueError(f"label must be one of {', '.join(probe.label_names)}, got {label!r}")
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}")
    signal = preprocessing.signal(record)
    starts, length = preprocessing.starts(signal.shape[1]), preprocessing.window_samples
    windows = torch.from_numpy(np.stack([signal[:, s : s + length] for s in starts]))
    log_odds = _log_odds_of_windows(encoder, probe, probe.label_names.index(label))
    gradients = _mean_gradients(log_odds, windows.to(encoder.device), n_steps)
    sensitivity = np.zeros(signal.shape, dtype=np.float64)
    for start, gradient in zip(starts, gradients, strict=True):
        sensitivity[:, start : start + length] += gradient / len(starts)
    with torch.inference_mode():
        # One at a time, as the windows of a long ECG are too many at once.
        own = [float(log_odds(window[None].to(encoder.device))) for window in windows]
        isoelectric = float(log_odds(torch.zeros_like(windows[:1]).to(encoder.device)))
    return Attribution(
        head=name,
        label=label,
        leads=preprocessing.leads,
        fs_hz=preprocessing.fs_hz,
        values=(sensitivity * signal).astype(np.float32),
        sensitivity=sensitivity.astype(np.float32),
        log_odds=float(np.mean(own)),
        baseline_log_odds=isoelectric,
        n_steps=n_steps,
    )


def randomisation_check(
    record: EcgRecord,
    encoder: Encoder,
    attribution: Attribution,
    *,
    seed: int,
) -> RandomisationCheck:
    """Compare an attribution with what the same encoder gives with random weights.

    The test of Adebayo et al. 2018 (arXiv:1810.03292): what looks the same whatever the weights are
    shows the ECG, not what the model has learnt.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder
        The one `attribution` is of.
    attribution : Attribution
        As `attribute` returns it of `record`.
    seed : int
        Of the weights. The head stays as it is.

    Returns
    -------
    RandomisationCheck
        1.0 each where nothing depends on the weights; near 0 where all does.

    Raises
    ------
    SignalError
        As `attribute` does.
    """
    control = replace(random_encoder(encoder, seed=seed), heads=encoder.heads)
    other = attribute(
        record,
        control,
        attribution.label,
        head=attribution.head,
        n_steps=attribution.n_steps,
    )
    return compare_attributions(attribution, other)


def compare_attributions(one: Attribution, other: Attribution) -> RandomisationCheck:
    """Return the rank correlations of two attributions of one ECG.

    Parameters
    ----------
    one, other : Attribution
        Of the same shape.

    Returns
    -------
    RandomisationCheck
    """
    return RandomisationCheck(
        values=_rank_correlation(one.values, other.values),
        sensitivity=_rank_correlation(np.abs(one.sensitivity), np.abs(other.sensitivity)),
        magnitudes=_rank_correlation(np.abs(one.values), np.abs(other.values)),
    )


def _log_odds_of_windows(
    encoder: Encoder, probe: LinearProbe, column: int
) -> Callable[[Tensor], Tensor]:
    """Fold standardisation, head and calibration into one linear function of the embedding.

    Its mean over the windows is the log-odds of the ECG, as an embedding is the windows' mean.
    """
    slope = np.float64(probe.platt_slope[column])
    weights = slope * probe.weights[column].astype(np.float64) / probe.scale
    offset = slope * probe.bias[column] + probe.platt_intercept[column] - weights @ probe.mean
    direction = torch.from_numpy(weights.astype(np.float32)).to(encoder.device)

    def log_odds(windows: Tensor) -> Tensor:
        embedding: Tensor = encoder.model(windows)[0]
        return embedding @ direction + float(offset)

    return log_odds


def _mean_gradients(
    log_odds: Callable[[Tensor], Tensor], windows: Tensor, n_steps: int
) -> NDArray[np.float32]:
    from captum.attr import IntegratedGradients  # takes most of a second

    method = IntegratedGradients(log_odds, multiply_by_inputs=False)
    gradients = [
        method.attribute(
            window[None],
            baselines=0.0,
            n_steps=n_steps,
            method="gausslegendre",
            internal_batch_size=_WINDOWS_AT_ONCE,
        )
        for window in windows
    ]
    return np.asarray(torch.cat(gradients).cpu().numpy(), dtype=np.float32)


def _rank_correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(spearmanr(one, other, axis=None).statistic)
