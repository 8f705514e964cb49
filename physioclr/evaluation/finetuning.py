"""Fine-tuning on labels, and training from scratch, on the folds of the linear probe.

For each outer fold, as in `physioclr.probe.cross_validation`: the fold is set aside; the next fold
is the validation part, on whose log-loss training stops and on whose predictions calibration and
thresholds are fitted; the rest is trained on. So each ECG is predicted once, by a network that
never saw its patient's labels. One fold less is trained on than by the probe, which refits.

Fine-tuning starts from the linear probe of the frozen embedding (LP-FT, Kumar et al. 2022,
arXiv 2202.10054); from scratch all weights are drawn anew.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from physioclr.augment import AmbientNoise, Draws, RandomLeadMasking, TimeShift
from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.evaluation.probe_features import probe_targets
from physioclr.models import EcgEncoder, build_encoder
from physioclr.objectives.supervised import known_label_loss
from physioclr.pretraining.monitoring import embed_rows
from physioclr.probe import ProbeResult, patient_folds
from physioclr.probe.calibration import fit_calibration
from physioclr.probe.folds import measured_labels
from physioclr.probe.logistic import Standardiser, fit_path, log_loss
from physioclr.probe.result import scored_result
from physioclr.training_data.cohort import TrainingCohort
from physioclr.training_data.signals import usable_rows

__all__ = ["FinetuneConfig", "cross_validate_finetuning"]

_FIRST_STRENGTH = 0.1
_BATCH = 64


@dataclass(frozen=True)
class FinetuneConfig:
    """Budget and optimiser of one fold.

    Parameters
    ----------
    epochs : int
        At most.
    patience : int
        Epochs without a lower validation log-loss after which training ends.
    records_per_batch : int
    encoder_rate, head_rate : float
        Learning rates of AdamW when an encoder is fine-tuned.
    scratch_rate : float
        Of all weights when training from scratch.
    weight_decay : float
    positive_weight : float
        How much more a label that is there counts than one that is not.
    lead_mask_fraction, shift_ms, lowest_snr_db : float
        Of the augmentations of what is trained on.
    """

    epochs: int = 40
    patience: int = 8
    records_per_batch: int = 32
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    scratch_rate: float = 1e-3
    weight_decay: float = 0.05
    positive_weight: float = 1.0
    lead_mask_fraction: float = 0.15
    shift_ms: float = 300.0
    lowest_snr_db: float = 12.0

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "records_per_batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def rates(self, *, from_scratch: bool) -> tuple[float, float]:
        """Return the learning rates of the encoder and of the head."""
        if from_scratch:
            return self.scratch_rate, self.scratch_rate
        return self.encoder_rate, self.head_rate


def cross_validate_finetuning(
    store: Store,
    encoder: Encoder,
    label_set: str,
    *,
    config: FinetuneConfig | None = None,
    from_scratch: bool = False,
    n_folds: int = 5,
    seed: int = 0,
    n_bootstrap: int = 1000,
    on_progress: Callable[[int, int], None] | None = None,
) -> ProbeResult:
    """Fine-tune an encoder by cross-validation, or train one of its shape from scratch.

    Parameters
    ----------
    store : Store
    encoder : Encoder
        It is not changed.
    label_set : str
    config : FinetuneConfig, optional
    from_scratch : bool
        Whether the weights are drawn anew: the supervised rival.
    n_folds, seed, n_bootstrap : int
        As in `cross_validate_probe`; of the same records, seed and folds the results can be
        compared in pairs.
    on_progress : callable, optional
        Called with the folds done and the folds in all.

    Returns
    -------
    ProbeResult
        Of the ECGs the encoder takes, in the store's order; there is no `regularisation` (NaN).

    Raises
    ------
    DatasetError
        If the store has no such label set, or no label can be measured.
    """
    config = config or FinetuneConfig()
    rows = usable_rows(store, encoder.card.preprocessing)
    all_targets, all_patients, names = probe_targets(store, label_set)
    targets, patients = all_targets[rows], all_patients[rows]
    folds = patient_folds(targets, patients, n_folds=n_folds, seed=seed)
    measured, reasons = measured_labels(targets, patients, names, n_folds=n_folds)
    cohort = TrainingCohort.from_stores([store], encoder.card.preprocessing, device=encoder.device)
    learnt = targets[:, measured]
    probabilities = np.full(targets.shape, np.nan)
    thresholds = np.full((n_folds, len(names)), np.nan)
    for fold in range(n_folds):
        held_out, validation = folds == fold, folds == (fold + 1) % n_folds
        training = ~(held_out | validation)
        if from_scratch:
            network = _fresh(encoder, len(measured), seed)
        else:
            network = _probed(encoder, cohort, learnt, training)
        network = _train(
            network,
            cohort,
            learnt,
            training,
            validation,
            config,
            rates=config.rates(from_scratch=from_scratch),
            seed=n_folds * seed + fold,
        )
        logits = _logits(network, cohort, np.flatnonzero(validation))
        calibration = fit_calibration(logits, learnt[validation])
        own = calibration.probabilities(_logits(network, cohort, np.flatnonzero(held_out)))
        probabilities[np.ix_(held_out, measured)] = own
        thresholds[fold, measured] = calibration.thresholds
        if on_progress is not None:
            on_progress(fold + 1, n_folds)
    return scored_result(
        probabilities,
        targets,
        patients,
        folds,
        label_names=names,
        thresholds=thresholds,
        regularisation=np.full_like(thresholds, np.nan),
        reasons=reasons,
        seed=seed,
        n_bootstrap=n_bootstrap,
    )


class _Network(nn.Module):
    """An encoder and a linear head on the mean of a recording's windows."""

    def __init__(self, encoder: EcgEncoder, n_labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.width, n_labels)

    def forward(self, signal: Tensor, n_windows: int) -> Tensor:
        """Return the logits of each recording, (n_recordings, n_labels)."""
        summary = self.encoder(signal)[0].unflatten(0, (-1, n_windows)).mean(1)
        logits: Tensor = self.head(summary)
        return logits


def _fresh(encoder: Encoder, n_labels: int, seed: int) -> _Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _Network(build_encoder(encoder.card.config), n_labels).to(encoder.device)


def _probed(
    encoder: Encoder,
    cohort: TrainingCohort,
    targets: NDArray[np.float64],
    training: NDArray[np.bool_],
) -> _Network:
    """Copy the encoder and give it the linear probe of its frozen embeddings as head."""
    network = _fresh(encoder, targets.shape[1], 0)
    network.encoder.load_state_dict(encoder.model.state_dict())
    rows = torch.from_numpy(np.flatnonzero(training))
    embeddings = embed_rows(network.encoder, cohort, rows).mean(1).double().numpy()
    standardiser = Standardiser.fit(embeddings)
    weights, bias = fit_path(
        standardiser.apply(embeddings), targets[training], np.array([_FIRST_STRENGTH])
    )
    of_embedding = weights[0] / standardiser.scale[:, None]
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(of_embedding.T))
        network.head.bias.copy_(torch.from_numpy(bias[0] - standardiser.mean @ of_embedding))
    return network


def _train(
    network: _Network,
    cohort: TrainingCohort,
    targets: NDArray[np.float64],
    training: NDArray[np.bool_],
    validation: NDArray[np.bool_],
    config: FinetuneConfig,
    *,
    rates: tuple[float, float],
    seed: int,
) -> _Network:
    """Train until the validation log-loss no longer falls; return the best of all epochs."""
    parts: list[tuple[nn.Module, float]] = [(network.encoder, rates[0]), (network.head, rates[1])]
    groups = [{"params": list(part.parameters()), "lr": rate} for part, rate in parts]
    optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    rows = torch.from_numpy(np.flatnonzero(training))
    asked = np.flatnonzero(validation)
    labels = torch.tensor(targets, dtype=torch.float32, device=cohort.device)
    shuffled = torch.Generator().manual_seed(seed)
    best, since = copy.deepcopy(network), 0
    lowest = _validation_loss(network, cohort, targets, asked)
    for epoch in range(config.epochs):
        network.train()
        order = rows[torch.randperm(len(rows), generator=shuffled)]
        for number, chosen in enumerate(torch.split(order, config.records_per_batch)):
            draws = Draws.seeded(seed * 1_000_003 + epoch * 1009 + number, device=cohort.device)
            windows = cohort.batch(chosen).windows
            windows = TimeShift(config.shift_ms)(windows, draws=draws)
            windows = AmbientNoise(config.lowest_snr_db)(windows, draws=draws)
            windows = RandomLeadMasking(config.lead_mask_fraction)(windows, draws=draws)
            loss = known_label_loss(
                network(windows.signal, cohort.n_windows),
                labels[chosen.to(labels.device)],
                positive_weight=config.positive_weight,
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        reached = _validation_loss(network, cohort, targets, asked)
        since += 1
        if reached < lowest:
            lowest, since = reached, 0
            best = copy.deepcopy(network)
        if since >= config.patience:
            break
    return best


@torch.no_grad()
def _logits(
    network: _Network, cohort: TrainingCohort, rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    network.eval()
    parts = [
        network(cohort.batch(chosen).windows.signal, cohort.n_windows).double().cpu()
        for chosen in torch.split(torch.from_numpy(rows), _BATCH)
    ]
    return np.asarray(torch.cat(parts).numpy())


def _validation_loss(
    network: _Network,
    cohort: TrainingCohort,
    targets: NDArray[np.float64],
    rows: NDArray[np.intp],
) -> float:
    return float(np.nanmean(log_loss(_logits(network, cohort, rows), targets[rows])))
