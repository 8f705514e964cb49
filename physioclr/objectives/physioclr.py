"""The PhysioCLR objective: contrast by physiology, reconstruct the waveform, mind the peaks.

arXiv 2509.08116. With the cosine similarity ``s(i, j)`` of the projected CLS embeddings, the
positives ``P(i)`` and the negatives ``N(i)`` of anchor i, temperature τ and n anchors::

    L_contrastive = 1/n Σ_i [ −log Σ_{j∈P(i)} exp(s(i, j)/τ) + log Σ_{j∈N(i)} exp(s(i, j)/τ) ]
    L             = κ · L_contrastive + α · L_global + β · L_peak + γ · L_levels

``P(i)`` holds the same ECG with its heartbeats shuffled, the neighbouring segment of the same
recording, and every other ECG of the batch whose physiology is similar, cosine ≥ δ. ``N(i)`` holds
the ECGs with similarity < δ. ``L_global`` is the mean squared error of the reconstruction,
``L_peak`` the same near the P, R and T peaks alone.

In the paper κ is 1 and γ is 0. ``L_levels`` is ours: the binary cross-entropy of a linear layer on
the normalised summary of a recording, which answers for every measurement whether it is above each
of its levels (`physioclr.training_data.physiology_levels`). The pairs say that two ECGs are alike;
the levels say in what. Their answers are what the encoder of the checkpoint embeds an ECG by.

Where the authors' code departs from this, or errs, its variant is kept as a switch, for ablations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.augment import (
    AmbientNoise,
    AuthorsShuffle,
    HeartbeatShuffle,
    RandomLeadMasking,
    TimeShift,
)
from physioclr.augment.windows import EcgWindows
from physioclr.models import (
    AnsweringConfig,
    AnsweringEncoder,
    EcgEncoder,
    EncoderConfig,
    WaveformDecoder,
    answer_layer,
    build_encoder,
)
from physioclr.objectives.objective import Objective, Step
from physioclr.objectives.physiological_pairs import contrastive_loss, physiological_pairs
from physioclr.objectives.reconstruction import near_peaks, peak_loss
from physioclr.objectives.shared_statements import shared_statement_similarity
from physioclr.objectives.supervised import known_label_loss
from physioclr.objectives.token_masks import span_mask
from physioclr.training_data.batch import Need, TrainingBatch
from physioclr.training_data.cohort import TrainingCohort

__all__ = ["Physioclr", "PhysioclrConfig"]

_MIXTURE_SEED = 0
_PHYSIOLOGY_SHARE = 0.9
"""What the answers about the physiological vector have of the squared distance of two ECGs; the
samples of the median beat, which are more and alike, have the rest."""
_FITTED_ON, _ENCODED_AT_ONCE = 4096, 64


@dataclass(frozen=True)
class PhysioclrConfig:
    """Switches and weights of the objective; the weights are the paper's.

    Parameters
    ----------
    temperature : float
        τ.
    delta : float
        δ, the physiological similarity from which an ECG is a positive.
    contrast_weight : float
        κ.
    global_weight, peak_weight : float
        α and β. With both 0 there is no reconstruction branch.
    levels_weight : float
        γ.
    n_levels : int
        Filled in from the cohort.
    levels : {"soft", "hard"}
        Whether an answer says how far from its level a measurement lies, or yes or no.
    mixture : {"fitted", "random"}
        Of which mixture of the answers the embedding is: one that keeps the distances of the
        cohort's answers (`AnsweringEncoder.fit_mixture`), or a random one of the bare answers.
    answer_temperature : float
        With a fitted mixture, `AnsweringConfig.temperature`.
    shuffle : {"beats", "morphology", "authors"} or None
        The first positive: what the heartbeat shuffle moves (`physioclr.augment.HeartbeatShuffle`),
        the authors' cut at the R apex (`AuthorsShuffle`), or no such positive.
    neighbour : {"recording", "next_row"} or None
        The second positive: the other segment of the same recording; the authors' next row of the
        batch; or none.
    physiology : {"pca", "raw", "statements"} or None
        The third positive: ECGs alike in the robustly scaled PCA space; by the authors' cosine of
        bare numbers; by the findings of the criteria they share (`shared_statement_similarity`); or
        none, and then every other recording is a negative.
    missing : {"shared", "zero"}
        Whether two ECGs are compared by what both have, or, as the authors do, a wave that was
        not found is the number 0.
    positive_weights : {"hard", "similarity"}
        Whether a physiological positive counts once, or by its similarity.
    own_positive : bool
        Whether an anchor is its own positive, as in the authors' code.
    denominator : {"negatives", "all"}
        What the second sum runs over: the negatives, or positives and negatives (InfoNCE).
    lead_mask_fraction : float
        Share of the leads masked in each view.
    shift_ms : float
        Largest time shift of each view in the contrastive branch.
    lowest_snr_db : float or None
        With which `AmbientNoise` is added to each view in the contrastive branch; None for none.
    token_mask_fraction, token_mask_span : float, int
        Share of the tokens hidden in the reconstruction branch, and tokens a hidden span. With 0
        the branch is a plain autoencoder, not a masked one.
    peak_halfwidth_ms : float
        Half the width of the neighbourhood of a peak.
    projection_dim : int
        Length of the vectors the contrastive loss compares.
    """

    temperature: float = 0.1
    delta: float = 0.25
    contrast_weight: float = 1.0
    global_weight: float = 0.2
    peak_weight: float = 0.1
    levels_weight: float = 0.0
    n_levels: int = 0
    levels: Literal["soft", "hard"] = "soft"
    mixture: Literal["fitted", "random"] = "fitted"
    answer_temperature: float = 1.5
    shuffle: Literal["beats", "morphology", "authors"] | None = "beats"
    neighbour: Literal["recording", "next_row"] | None = "recording"
    physiology: Literal["pca", "raw", "statements"] | None = "pca"
    missing: Literal["shared", "zero"] = "shared"
    positive_weights: Literal["hard", "similarity"] = "hard"
    own_positive: bool = False
    denominator: Literal["negatives", "all"] = "negatives"
    lead_mask_fraction: float = 0.5
    shift_ms: float = 0.0
    lowest_snr_db: float | None = None
    token_mask_fraction: float = 0.65
    token_mask_span: int = 5
    peak_halfwidth_ms: float = 40.0
    projection_dim: int = 256

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if not -1 <= self.delta <= 1:
            raise ValueError(f"delta must lie in [-1, 1], got {self.delta}")
        if not self.answer_temperature > 0:
            raise ValueError(f"answer_temperature must be positive, got {self.answer_temperature}")
        if not 0 <= self.token_mask_fraction < 1:
            raise ValueError(
                f"token_mask_fraction must lie in [0, 1), got {self.token_mask_fraction}"
            )
        if self.contrasts and not (self.shuffle or self.neighbour or self.physiology):
            raise ValueError("one of shuffle, neighbour, physiology must not be None")
        if not (self.contrasts or self.levels_weight):
            raise ValueError("contrast_weight and levels_weight must not both be 0")

    @property
    def contrasts(self) -> bool:
        """Whether pairs are compared."""
        return self.contrast_weight > 0

    @property
    def reconstructs(self) -> bool:
        """Whether there is a reconstruction branch."""
        return self.global_weight > 0 or self.peak_weight > 0


class Physioclr(Objective):
    """The encoder with what only this objective needs: projection, decoder, layer of the levels.

    Two branches share the encoder. The contrastive one sees every token of the segments and of
    their shuffled versions; the reconstruction one is a masked autoencoder.

    Parameters
    ----------
    encoder : EncoderConfig
    config : PhysioclrConfig

    Raises
    ------
    ValueError
        If levels are asked for and `config.n_levels` has not been filled in.
    """

    Config = PhysioclrConfig
    title = "PhysioCLR"
    citation = "Maghsoodi et al. 2025, arXiv 2509.08116"

    def __init__(self, encoder: EncoderConfig, config: PhysioclrConfig) -> None:
        super().__init__(encoder, config)
        self.config: PhysioclrConfig = config
        self.decoder = WaveformDecoder(encoder) if config.reconstructs else None
        self.projection = nn.Linear(encoder.width, config.projection_dim)
        if config.levels_weight and not config.n_levels:
            raise ValueError(f"n_levels must be at least 1, got {config.n_levels}")
        self.levels = answer_layer(encoder.width, config.n_levels) if config.levels_weight else None
        self.lead_masking = RandomLeadMasking(config.lead_mask_fraction)
        self.shuffle = (
            AuthorsShuffle()
            if config.shuffle == "authors"
            else HeartbeatShuffle(order=config.shuffle or "beats")
        )

    @classmethod
    def needs(cls, config: PhysioclrConfig) -> frozenset[Need]:
        """Return what the positives that are switched on are made of."""
        asked: set[Need] = set()
        if (config.contrasts and config.shuffle) or config.peak_weight:
            asked.add("beats")
        if config.contrasts and config.neighbour:
            asked.add("neighbours")
        if config.contrasts and config.physiology:
            asked.add("statements" if config.physiology == "statements" else "physiology")
        if config.levels_weight:
            asked.add("levels")
        return frozenset(asked)

    @classmethod
    def fitted(
        cls,
        config: PhysioclrConfig,
        *,
        n_labels: int,  # noqa: ARG003
        n_levels: int,
    ) -> PhysioclrConfig:
        """Fill in the number of levels."""
        return replace(config, n_levels=n_levels) if config.levels_weight else config

    def readout(self, encoder: EcgEncoder, cohort: TrainingCohort, rows: Tensor) -> EcgEncoder:
        """With levels, return an encoder that embeds an ECG by its answers.

        Parameters
        ----------
        encoder : EcgEncoder
        cohort : TrainingCohort
        rows : (n,) int64 tensor

        Returns
        -------
        EcgEncoder
            Its mixture is fitted to the recordings of `rows` that are not simulated, where there
            are two; to 4,096 of them at most.
        """
        size, settings = encoder.config, self.config
        if self.levels is None or isinstance(size, AnsweringConfig):
            return encoder
        fitted = settings.mixture == "fitted"
        mixed = AnsweringConfig(size, settings.n_levels)
        if fitted:
            mixed = replace(mixed, temperature=settings.answer_temperature, centred=True)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_MIXTURE_SEED)
            answering = AnsweringEncoder(mixed, build_encoder(size))
        answering.reader.load_state_dict(encoder.state_dict())
        answering.answers.load_state_dict(self.levels.state_dict())
        answering = answering.to(next(encoder.parameters()).device).eval()
        if fitted:
            of_vector = cohort.asks_physiology.double()
            share = _PHYSIOLOGY_SHARE if 0 < of_vector.mean() < 1 else 0.5
            weight = share * of_vector / of_vector.sum().clamp(min=1)
            weight += (1 - share) * (1 - of_vector) / (1 - of_vector).sum().clamp(min=1)
            answering.fit_mixture(_answers(answering, cohort, rows), weight, seed=_MIXTURE_SEED)
        return answering

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return the loss and its terms.

        Parameters
        ----------
        batch : TrainingBatch
        step : Step

        Returns
        -------
        dict of str to () tensor
            ``loss``; ``contrastive`` and ``positives_per_anchor``; with a reconstruction branch
            ``reconstruction`` and ``peaks``; with levels ``levels``.
        """
        settings = self.config
        summary = self._summarise(batch.windows, step)
        terms: dict[str, Tensor] = {}
        loss = summary.new_zeros(())
        if settings.contrasts:
            terms |= self._contrast(summary, batch, step)
            loss = loss + settings.contrast_weight * terms["contrastive"]
        if self.levels is not None and batch.levels is not None:
            of_recording = summary.view(len(batch.levels), -1, summary.shape[-1]).mean(1)
            asked = batch.levels
            if settings.levels == "hard":
                asked = torch.where(asked.isfinite(), (asked > 0.5).to(asked.dtype), asked)
            terms["levels"] = known_label_loss(
                self.levels(of_recording), asked, processes=step.processes
            )
            loss = loss + settings.levels_weight * terms["levels"]
        if self.decoder is not None:
            terms |= self._reconstruct(batch, step, self.decoder)
            loss = loss + settings.global_weight * terms["reconstruction"]
            loss = loss + settings.peak_weight * terms["peaks"]
        return {"loss": loss, **terms}

    def _summarise(self, windows: EcgWindows, step: Step) -> Tensor:
        settings, draws = self.config, step.draws
        if settings.shift_ms:
            windows = TimeShift(settings.shift_ms)(windows, draws=draws)
        if settings.lowest_snr_db is not None:
            windows = AmbientNoise(settings.lowest_snr_db)(windows, draws=draws)
        summary: Tensor = self.encoder(self.lead_masking(windows, draws=draws).signal)[0]
        return summary

    def _contrast(self, summary: Tensor, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        settings, gather = self.config, step.processes.gather
        weight, negative = physiological_pairs(
            self._similarity(batch, step),
            gather(batch.recording),
            delta=settings.delta,
            weights=settings.positive_weights,
            neighbour=settings.neighbour,
            own_positive=settings.own_positive,
        )
        anchors = gather(self.projection(summary))
        shuffled = None
        if settings.shuffle:
            moved = self.shuffle(batch.windows, draws=step.draws)
            shuffled = gather(self.projection(self._summarise(moved, step)))
        contrastive = contrastive_loss(
            anchors,
            shuffled,
            weight,
            negative,
            temperature=settings.temperature,
            denominator=settings.denominator,
        )
        positives = (weight > 0).sum(1).float().mean() + bool(settings.shuffle)
        return {"contrastive": contrastive, "positives_per_anchor": positives}

    def _similarity(self, batch: TrainingBatch, step: Step) -> Tensor | None:
        """Compare the recordings of all processes; return it segment by segment."""
        if self.config.physiology is None:
            return None
        if self.config.physiology == "statements":
            if batch.statements is None:
                raise ValueError("a batch must have statements for positives by statements")
            similarity = shared_statement_similarity(step.processes.gather(batch.statements))
        else:
            similarity = batch.space.similarity(
                step.processes.gather(batch.physiology),
                space=self.config.physiology,
                missing=self.config.missing,
            )
        each = batch.windows_per_recording
        return similarity.repeat_interleave(each, 0).repeat_interleave(each, 1)

    def _reconstruct(
        self, batch: TrainingBatch, step: Step, decoder: WaveformDecoder
    ) -> dict[str, Tensor]:
        settings, windows = self.config, batch.windows
        hidden = span_mask(
            len(windows),
            self.encoder.n_tokens(windows.n_samples),
            fraction=settings.token_mask_fraction,
            span=settings.token_mask_span,
            draws=step.draws,
        )
        masked = self.lead_masking(windows, draws=step.draws)
        _, tokens = self.encoder(masked.signal, hidden)
        rebuilt = decoder(tokens, windows.n_samples).float()
        near = near_peaks(
            batch.peaks,
            windows.n_samples,
            half_width=round(settings.peak_halfwidth_ms * windows.fs_hz / 1000),
        )
        return {
            "reconstruction": functional.mse_loss(rebuilt, windows.signal),
            "peaks": peak_loss(rebuilt, windows.signal, near, processes=step.processes),
        }


@torch.inference_mode()
def _answers(encoder: AnsweringEncoder, cohort: TrainingCohort, rows: Tensor) -> Tensor:
    """Answer for recordings that are not simulated, if there are two: (n, n_answers)."""
    real = rows[~torch.from_numpy(cohort.is_simulated)[rows]]
    rows = real if len(real) > 1 else rows
    every = -(-len(rows) // _FITTED_ON)
    answers = []
    for some in torch.split(rows[::every], _ENCODED_AT_ONCE):
        windows = cohort.batch(some).windows.signal
        given = encoder.answered(encoder.reader(windows)[0].float())
        answers.append(given.view(len(some), -1, given.shape[-1]).mean(1))
    return torch.cat(answers)
