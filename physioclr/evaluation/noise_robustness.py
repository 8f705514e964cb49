"""How much of a probe is left when the ECGs it meets are noisy or lack leads.

The probe is fitted on clean ECGs. Those it is asked about are the same held-out ECGs with noise
added to the raw signal in mV, before the encoder's preprocessing filters it as it would in use.

The signal-to-noise ratio is ``10 log10(S / N)`` dB. ``S`` is the variance of the ECG within a
second, the mean over all whole seconds and all twelve leads; ``N`` is that of the noise. The
MIT-BIH noise stress test measures its noise much like that (Moody, Muldrow, Mark 1984, Computers
in Cardiology 11:381; program ``nst``): what drifts slower than a second counts little, on either
side. One gain serves all leads, since noise that enters at an electrode keeps its proportions; a
small lead may have a worse ratio than a large one.

Other definitions give other numbers to the same noise. With Moody's ``S``, the QRS complex's
(peak to peak)² / 8, the ratio reads 9 dB more (median of 70 ECGs of PTB-XL). With the total power
of both it reads 10 dB less for record ``bw`` and 5 dB less for ``ma`` and for electrode motion
(medians of 60 draws of 10 s).

Filters and resampling are linear. So signal and noise are filtered once each, and every ratio is
their weighted sum.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.window_embeddings import UsableBatch, embed_windows, usable_batches
from physioclr.errors import DatasetError
from physioclr.evaluation.noise_sources import NoiseSource, noise_sources
from physioclr.evaluation.probe_features import probe_targets
from physioclr.leads import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_LEADS
from physioclr.probe import MACRO, ProbeResult, cross_validate_probe, paired_difference
from physioclr.records import EcgRecord

__all__ = ["MISSING_LEADS", "LostLeads", "add_noise", "noise_robustness", "within_a_second"]

_EMBEDDING_SHARE = 0.8


@dataclass(frozen=True)
class LostLeads:
    """Which leads an ECG is without.

    Parameters
    ----------
    name : str
    among : tuple of str
        Leads that may be lost.
    n_lost : int
        How many of them are, drawn for each ECG.
    """

    name: str
    among: tuple[str, ...]
    n_lost: int

    def __post_init__(self) -> None:
        if not 1 <= self.n_lost <= len(self.among):
            raise ValueError(f"n_lost must be 1 to {len(self.among)}, got {self.n_lost}")

    def draw(self, rng: np.random.Generator) -> tuple[str, ...]:
        """Draw the leads that one ECG loses."""
        return tuple(rng.choice(self.among, self.n_lost, replace=False).tolist())


MISSING_LEADS = (
    LostLeads("limb leads only", PRECORDIAL_LEADS, len(PRECORDIAL_LEADS)),
    LostLeads("precordial leads only", LIMB_LEADS, len(LIMB_LEADS)),
    LostLeads("one precordial lead lost", PRECORDIAL_LEADS, 1),
    LostLeads("half of the leads lost", STANDARD_LEADS, len(STANDARD_LEADS) // 2),
)
"""What is tried; the last is random lead masking, in which a limb lead can be lost alone."""


@dataclass(frozen=True)
class _Condition:
    """One row of the table: noise at a ratio, leads lost, or neither."""

    name: str
    kind: str = "clean"
    noise: NoiseSource | None = None
    snr_db: float = math.nan
    lost: LostLeads | None = None

    @property
    def origin(self) -> str:
        if self.noise is None:
            return ""
        return "simulated" if self.noise.simulated else "recorded"


def noise_robustness(
    store: Store,
    encoder: Encoder,
    label_set: str,
    *,
    snr_db: Sequence[float] = (24, 18, 12, 6, 0),
    noises: Sequence[NoiseSource] | None = None,
    missing_leads: Sequence[LostLeads] = MISSING_LEADS,
    seed: int = 0,
    n_bootstrap: int = 200,
    on_progress: Callable[[str, float], None] | None = None,
) -> pd.DataFrame:
    """Measure a probe on clean ECGs, on noisy ones and on ECGs without some leads.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    label_set : str
    snr_db : sequence of float
        See this module for how it is defined.
    noises : sequence of NoiseSource, optional
        All simulated ones of `noise_sources` if absent.
    missing_leads : sequence of LostLeads
        A lost lead is zero after filtering, as random lead masking makes it: preprocessing itself
        refuses an ECG with a flat lead.
    seed : int
        Of folds, bootstrap and noise. The noise of an ECG follows from this, the name of the noise
        and the ECG's id, so it is the same in any store and order; all ratios share it.
    n_bootstrap : int
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    DataFrame
        One row a condition, clean ECGs first: ``condition``, ``kind`` (``"clean"``, ``"noise"`` or
        ``"missing leads"``), ``noise``, ``snr_db`` (NaN without noise), ``origin`` of the noise
        (``"recorded"``, ``"simulated"`` or empty), ``n_ecgs``, macro ``auroc`` with ``auroc_low``
        and ``auroc_high``, ``loss_pct`` (of the clean AUROC, in percent of it) with
        ``loss_low_pct`` and ``loss_high_pct`` (95 %, patients resampled in pairs, given the clean
        AUROC), and ``auroc_<label>`` of each label, NaN where it cannot be measured. ECGs that
        the encoder refuses are left out of every row.

    Raises
    ------
    DatasetError
        If the store has no such label set, no label can be measured or no ECG embedded.
    ValueError
        If a ratio is not a number, or two conditions have one name.
    """
    report = on_progress or (lambda _what, _share: None)
    targets, patients, names = probe_targets(store, label_set)
    conditions = _conditions(snr_db, noise_sources() if noises is None else noises, missing_leads)
    embedded = np.full(
        (len(conditions), len(store), encoder.embedding_dim), np.nan, dtype=np.float32
    )
    for batch in usable_batches(store, encoder):
        report("Embedding with noise", _EMBEDDING_SHARE * batch.start / len(store))
        for i, signals in enumerate(_signals(batch, encoder, conditions, seed)):
            embedded[i, batch.rows] = embed_windows(signals, encoder).mean(axis=1)
    usable = np.isfinite(embedded[0]).all(axis=1)
    if not usable.any():
        raise DatasetError(store.path.name, expected="an ECG that can be embedded", found="none")
    results = []
    for i, condition in enumerate(conditions):
        share = _EMBEDDING_SHARE + (1 - _EMBEDDING_SHARE) * i / len(conditions)
        report(f"Probing: {condition.name}", share)
        results.append(
            cross_validate_probe(
                embedded[0, usable],
                targets[usable],
                patients[usable],
                label_names=names,
                seed=seed,
                n_bootstrap=n_bootstrap,
                held_out_as=embedded[i, usable],
            )
        )
    report("Done", 1.0)
    rows_of_table = [_row(c, r, results[0]) for c, r in zip(conditions, results, strict=True)]
    return pd.DataFrame(rows_of_table)


def add_noise(record: EcgRecord, noise: NoiseSource, snr_db: float, *, seed: int = 0) -> EcgRecord:
    """Add noise to a twelve-lead ECG.

    Parameters
    ----------
    record : EcgRecord
        The standard leads, in their order, no sample missing.
    noise : NoiseSource
    snr_db : float
        See this module for how it is defined.
    seed : int
        As in `noise_robustness`, which meets the same ECG.

    Returns
    -------
    EcgRecord

    Raises
    ------
    ValueError
        If the record has other leads.
    """
    added = _at_zero_db(record, noise, seed) * _gain(snr_db)
    noisy = (record.signal_mv + added).astype(np.float32)
    return EcgRecord(noisy, record.fs_hz, record.leads, record.record_id, record.meta)


def within_a_second(signal_mv: NDArray[np.floating], fs_hz: float) -> float:
    """Return the variance within a second, the power that the ratio compares.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        At least a second; what follows the last whole second does not count.
    fs_hz : float

    Returns
    -------
    float
        In mV².
    """
    second = round(fs_hz)
    whole = signal_mv.shape[1] // second * second
    seconds = signal_mv[:, :whole].astype(np.float64).reshape(len(signal_mv), -1, second)
    return float(seconds.var(axis=2).mean())


def _conditions(
    snr_db: Sequence[float], noises: Sequence[NoiseSource], missing_leads: Sequence[LostLeads]
) -> list[_Condition]:
    noisy = [
        _Condition(f"{noise.name}, {ratio:g} dB", "noise", noise=noise, snr_db=float(ratio))
        for noise in noises
        for ratio in snr_db
    ]
    lacking = [_Condition(lost.name, "missing leads", lost=lost) for lost in missing_leads]
    conditions = [_Condition("clean"), *noisy, *lacking]
    if not all(math.isfinite(ratio) for ratio in snr_db):
        raise ValueError(f"snr_db must be finite numbers of dB, got {tuple(snr_db)}")
    names = [condition.name for condition in conditions]
    if len(set(names)) < len(names):
        raise ValueError(f"noises, snr_db and missing_leads must not repeat, got {names}")
    return conditions


def _signals(
    batch: UsableBatch, encoder: Encoder, conditions: list[_Condition], seed: int
) -> Iterator[NDArray[np.float32]]:
    """Give the filtered signals of each condition in turn: (n, n_leads, n_samples)."""
    records, clean, preprocessing = batch.records, batch.signals, encoder.card.preprocessing
    of_encoder = [STANDARD_LEADS.index(lead) for lead in preprocessing.leads]
    filtered: dict[str, NDArray[np.float32]] = {}
    for condition in conditions:
        if condition.noise is not None:
            name = condition.noise.name
            if name not in filtered:
                drawn = (_at_zero_db(record, condition.noise, seed) for record in records)
                filtered[name] = np.stack(
                    [preprocessing.filtered(mv[of_encoder], records[0].fs_hz) for mv in drawn]
                )
            yield clean + filtered[name] * np.float32(_gain(condition.snr_db))
        elif condition.lost is not None:
            yield clean * _kept(records, preprocessing.leads, condition.lost, seed)[..., None]
        else:
            yield clean


def _kept(
    records: list[EcgRecord], leads: tuple[str, ...], lost: LostLeads, seed: int
) -> NDArray[np.bool_]:
    """Say of each ECG which leads it still has: (n, n_leads)."""
    gone = [lost.draw(_generator(seed, lost.name, record)) for record in records]
    return np.array([[lead not in of_record for lead in leads] for of_record in gone])


def _at_zero_db(record: EcgRecord, noise: NoiseSource, seed: int) -> NDArray[np.float64]:
    """Draw noise of an ECG as strong as the ECG: (12, n_samples) in mV."""
    if record.leads != STANDARD_LEADS:
        raise ValueError(f"record must have the leads {STANDARD_LEADS}, got {record.leads}")
    rng = _generator(seed, noise.name, record)
    drawn = noise.in_standard_leads(record.n_samples, record.fs_hz, rng)
    of_ecg, of_noise = (within_a_second(mv, record.fs_hz) for mv in (record.signal_mv, drawn))
    return drawn * math.sqrt(of_ecg / of_noise)


def _gain(snr_db: float) -> float:
    return float(10 ** (-snr_db / 20))


def _generator(seed: int, what: str, record: EcgRecord) -> np.random.Generator:
    names = (zlib.crc32(text.encode()) for text in (what, record.record_id))
    return np.random.default_rng([seed, *names])


def _row(condition: _Condition, result: ProbeResult, clean: ProbeResult) -> dict[str, Any]:
    scores = result.table.to_dict(orient="index")
    loss, low, high = (
        100 * value / clean.macro_auroc for value in paired_difference(clean, result)
    )
    return {
        "condition": condition.name,
        "kind": condition.kind,
        "noise": "" if condition.noise is None else condition.noise.name,
        "snr_db": condition.snr_db,
        "origin": condition.origin,
        "n_ecgs": len(result.targets),
        **{column: scores[MACRO][column] for column in ("auroc", "auroc_low", "auroc_high")},
        "loss_pct": loss,
        "loss_low_pct": low,
        "loss_high_pct": high,
        **{f"auroc_{label}": scores[label]["auroc"] for label in result.label_names},
    }
