"""The PhysioCLR objective: contrast by physiology, reconstruct the waveform, mind the peaks.

arXiv 2509.08116. With the cosine similarity ``s(i, j)`` of the projected CLS embeddings, the
positives ``P(i)`` and the negatives ``N(i)`` of anchor i, temperature τ and n anchors::

    L_contrastive = 1/n Σ_i [ −log Σ_{j∈P(i)} exp(s(i, j)/τ) + log Σ_{j∈N(i)} exp(s(i, j)/τ) ]
    L             = L_contrastive + α · L_global + β · L_peak

``P(i)`` holds the same ECG with its heartbeats shuffled, the neighbouring segment of the same
recording, and every other ECG of the batch whose physiology is similar, cosine ≥ δ. ``N(i)`` holds
the ECGs with similarity < δ. ``L_global`` is the mean squared error of the reconstruction,
``L_peak`` the same near the P, R and T peaks alone.

Unlike the authors' code an anchor is never its own positive, and a neighbour is a real neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.augment.heartbeat_shuffle import HeartbeatShuffle
from physioclr.augment.lead_masking import RandomLeadMasking
from physioclr.models.decoder import WaveformDecoder
from physioclr.models.transformer import EcgTransformer, TransformerConfig
from physioclr.training_cohort import TrainingBatch

__all__ = [
    "Physioclr",
    "PhysioclrConfig",
    "contrastive_loss",
    "peak_loss",
    "physiological_pairs",
    "span_mask",
]


@dataclass(frozen=True)
class PhysioclrConfig:
    """Switches and weights of the objective; the defaults are the paper's.

    Parameters
    ----------
    temperature : float
        τ.
    delta : float
        δ, the physiological similarity from which an ECG is a positive.
    global_weight, peak_weight : float
        α and β.
    shuffle_order : {"beats", "morphology"}
        What the heartbeat shuffle keeps; see `physioclr.augment.HeartbeatShuffle`.
    use_shuffle, use_neighbour, use_physiology : bool
        Which positives there are. Without physiology every other recording is a negative.
    positive_weights : {"hard", "similarity"}
        Whether a physiological positive counts once, or by its similarity.
    denominator : {"negatives", "all"}
        What the second sum runs over: the negatives, or positives and negatives (InfoNCE).
    lead_mask_fraction : float
        Share of the leads masked in each view.
    token_mask_fraction, token_mask_span : float, int
        Share of the tokens hidden in the reconstruction branch, and tokens a hidden span.
    peak_halfwidth_ms : float
        Half the width of the neighbourhood of a peak.
    """

    temperature: float = 0.1
    delta: float = 0.25
    global_weight: float = 0.2
    peak_weight: float = 0.1
    shuffle_order: Literal["beats", "morphology"] = "beats"
    use_shuffle: bool = True
    use_neighbour: bool = True
    use_physiology: bool = True
    positive_weights: Literal["hard", "similarity"] = "hard"
    denominator: Literal["negatives", "all"] = "negatives"
    lead_mask_fraction: float = 0.5
    token_mask_fraction: float = 0.65
    token_mask_span: int = 5
    peak_halfwidth_ms: float = 40.0

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if not -1 <= self.delta <= 1:
            raise ValueError(f"delta must lie in [-1, 1], got {self.delta}")
        if not 0 <= self.token_mask_fraction < 1:
            raise ValueError(
                f"token_mask_fraction must lie in [0, 1), got {self.token_mask_fraction}"
            )
        if not (self.use_shuffle or self.use_neighbour or self.use_physiology):
            raise ValueError("one of use_shuffle, use_neighbour, use_physiology must be true")


class Physioclr(nn.Module):
    """The encoder with what only this objective needs: projection and decoder.

    Two branches share the encoder. The contrastive one sees every token of the segments and of
    their shuffled versions; the reconstruction one is a masked autoencoder.

    Parameters
    ----------
    encoder : TransformerConfig
    config : PhysioclrConfig
    projection_dim : int
        Length of the vectors the contrastive loss compares.
    """

    def __init__(
        self, encoder: TransformerConfig, config: PhysioclrConfig, *, projection_dim: int
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = EcgTransformer(encoder)
        self.decoder = WaveformDecoder(encoder)
        self.projection = nn.Linear(encoder.width, projection_dim)
        self.lead_masking = RandomLeadMasking(config.lead_mask_fraction)
        self.shuffle = HeartbeatShuffle(order=config.shuffle_order)

    def forward(
        self, batch: TrainingBatch, *, fs_hz: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the loss, its terms and the mean number of positives.

        Parameters
        ----------
        batch : TrainingBatch
        fs_hz : float
        generator : torch.Generator

        Returns
        -------
        dict of str to () tensor
            ``loss``, ``contrastive``, ``reconstruction``, ``peaks``, ``positives_per_anchor``.
        """
        settings = self.config
        weight, negative = physiological_pairs(batch.similarity, batch.recording, settings)
        contrastive = contrastive_loss(
            self._project(batch.signal, generator),
            self._project(self._shuffled(batch, fs_hz, generator), generator)
            if settings.use_shuffle
            else None,
            weight,
            negative,
            temperature=settings.temperature,
            denominator=settings.denominator,
        )
        reconstruction = self._reconstruct(batch.signal, generator)
        everywhere = functional.mse_loss(reconstruction, batch.signal)
        peaks = peak_loss(reconstruction, batch.signal, batch.near_peak)
        return {
            "loss": contrastive
            + settings.global_weight * everywhere
            + settings.peak_weight * peaks,
            "contrastive": contrastive,
            "reconstruction": everywhere,
            "peaks": peaks,
            "positives_per_anchor": (weight > 0).sum(1).float().mean() + settings.use_shuffle,
        }

    def _shuffled(self, batch: TrainingBatch, fs_hz: float, generator: torch.Generator) -> Tensor:
        return self.shuffle(
            batch.signal, batch.r_peaks, batch.cuts, fs_hz=fs_hz, generator=generator
        )

    def _project(self, signal: Tensor, generator: torch.Generator) -> Tensor:
        cls, _ = self.encoder(self.lead_masking(signal, generator=generator))
        projected: Tensor = self.projection(cls)
        return projected

    def _reconstruct(self, signal: Tensor, generator: torch.Generator) -> Tensor:
        settings = self.config
        hidden = span_mask(
            len(signal),
            self.encoder.n_tokens(signal.shape[-1]),
            fraction=settings.token_mask_fraction,
            span=settings.token_mask_span,
            generator=generator,
        )
        _, tokens = self.encoder(self.lead_masking(signal, generator=generator), hidden)
        waveform: Tensor = self.decoder(tokens, signal.shape[-1])
        return waveform


def physiological_pairs(
    similarity: Tensor, recording: Tensor, config: PhysioclrConfig
) -> tuple[Tensor, Tensor]:
    """Say of each ordered pair of segments how much it is a positive, and whether a negative.

    Parameters
    ----------
    similarity : (n_segments, n_segments) float tensor
        Cosine of the physiological vectors; NaN where two ECGs have no measurement in common.
        Such a pair is neither a positive nor a negative.
    recording : (n_segments,) int64 tensor
        Which recording each segment is from. Segments of one recording are neighbours.
    config : PhysioclrConfig

    Returns
    -------
    positive_weight : (n_segments, n_segments) float tensor
        0 where the pair is no positive; the diagonal is 0.
    negative : (n_segments, n_segments) bool tensor
    """
    same_recording = recording.unsqueeze(0) == recording.unsqueeze(1)
    itself = torch.eye(len(recording), dtype=torch.bool, device=recording.device)
    weight = torch.zeros_like(similarity)
    if config.use_physiology:
        similar = (similarity >= config.delta) & ~same_recording
        by_similarity = config.positive_weights == "similarity"
        weight = torch.where(similar, similarity if by_similarity else 1.0, weight)
        negative = (similarity < config.delta) & ~same_recording
    else:
        negative = ~same_recording
    if config.use_neighbour:
        weight = torch.where(same_recording & ~itself, 1.0, weight)
    return weight, negative


def contrastive_loss(
    anchors: Tensor,
    shuffled: Tensor | None,
    positive_weight: Tensor,
    negative: Tensor,
    *,
    temperature: float,
    denominator: Literal["negatives", "all"] = "negatives",
) -> Tensor:
    """Return the contrastive term.

    Parameters
    ----------
    anchors : (n, d) float tensor
        Projected CLS embeddings of the segments.
    shuffled : (n, d) float tensor or None
        The same of the segments with shuffled heartbeats; row i is a positive of anchor i.
    positive_weight : (n, n) float tensor
        Weight of each other segment as a positive; 0 = none.
    negative : (n, n) bool tensor
    temperature : float
    denominator : {"negatives", "all"}

    Returns
    -------
    () float tensor
        Mean over the anchors that have a positive and a negative; 0 where none has.
    """
    anchors = functional.normalize(anchors.float(), dim=-1)
    logits = anchors @ anchors.T / temperature
    positive_logits = logits + positive_weight.log()
    if shuffled is not None:
        own = (anchors * functional.normalize(shuffled.float(), dim=-1)).sum(-1, keepdim=True)
        positive_logits = torch.cat([positive_logits, own / temperature], dim=1)
    contrasted = logits.masked_fill(~negative, -torch.inf)
    if denominator == "all":
        contrasted = torch.cat([contrasted, positive_logits], dim=1)
    counted = torch.isfinite(positive_logits).any(1) & negative.any(1)
    if not counted.any():
        return anchors.sum() * 0
    per_anchor = contrasted[counted].logsumexp(1) - positive_logits[counted].logsumexp(1)
    return per_anchor.mean()


def peak_loss(reconstruction: Tensor, signal: Tensor, near_peak: Tensor) -> Tensor:
    """Return the mean squared error near the peaks.

    Parameters
    ----------
    reconstruction, signal : (n, n_leads, n_samples) float tensor
    near_peak : (n, n_samples) bool tensor
        True in the neighbourhood of a P, R or T peak.

    Returns
    -------
    () float tensor
        0 where no sample is near a peak.
    """
    weight = near_peak.unsqueeze(1).to(signal.dtype)
    squared = (reconstruction - signal).square() * weight
    return squared.sum() / (weight.sum() * signal.shape[1]).clamp(min=1)


def span_mask(
    n_windows: int,
    n_tokens: int,
    *,
    fraction: float,
    span: int,
    generator: torch.Generator,
) -> Tensor:
    """Choose spans of tokens to hide, as wav2vec 2.0 does.

    Parameters
    ----------
    n_windows, n_tokens : int
    fraction : float
        Expected share of hidden tokens, in [0, 1), the overlap of spans accounted for.
    span : int
        Length of a span in tokens.
    generator : torch.Generator
        Its device is the mask's.

    Returns
    -------
    (n_windows, n_tokens) bool tensor
    """
    start_probability = 1 - (1 - fraction) ** (1 / span)
    noise = torch.rand(n_windows, n_tokens + span - 1, generator=generator, device=generator.device)
    starts = (noise < start_probability).float().unsqueeze(1)
    return functional.max_pool1d(starts, span, stride=1).squeeze(1) > 0
