"""Which pairs of ECGs PhysioCLR draws together and which it pushes apart, and the loss of them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from physioclr.objectives.full_precision import full_precision

__all__ = ["contrastive_loss", "physiological_pairs"]


def physiological_pairs(
    similarity: Tensor | None,
    recording: Tensor,
    *,
    delta: float = 0.25,
    weights: Literal["hard", "similarity"] = "hard",
    neighbour: Literal["recording", "next_row"] | None = "recording",
    own_positive: bool = False,
) -> tuple[Tensor, Tensor]:
    """Say of each ordered pair of segments how much it is a positive, and whether a negative.

    Parameters
    ----------
    similarity : (n_segments, n_segments) float tensor or None
        Cosine of the physiological vectors; NaN where two ECGs have no measurement in common.
        Such a pair is neither a positive nor a negative. None: physiology does not count, and
        every other recording is a negative.
    recording : (n_segments,) int64 tensor
        Which recording each segment is from.
    delta : float
        The similarity from which another recording is a positive.
    weights : {"hard", "similarity"}
        Whether a physiological positive counts once, or by its similarity.
    neighbour : {"recording", "next_row"} or None
        Whether the other segments of a recording are positives; or, as in the authors' code, the
        next row of the batch, whichever recording it is from; or neither.
    own_positive : bool
        Whether a segment is a positive of itself, as in the authors' code.

    Returns
    -------
    positive_weight : (n_segments, n_segments) float tensor
        0 where the pair is no positive.
    negative : (n_segments, n_segments) bool tensor
    """
    same_recording = recording.unsqueeze(0) == recording.unsqueeze(1)
    itself = torch.eye(len(recording), dtype=torch.bool, device=recording.device)
    weight = torch.zeros(itself.shape, device=recording.device)
    negative = ~same_recording
    if similarity is not None:
        alike = (similarity >= delta) & ~same_recording
        weight = torch.where(alike, similarity if weights == "similarity" else 1.0, weight)
        negative = negative & (similarity < delta)
    if neighbour is not None:
        near = same_recording & ~itself if neighbour == "recording" else itself.roll(1, dims=1)
        weight = torch.where(near, 1.0, weight)
        negative = negative & ~near
    if own_positive:
        weight = torch.where(itself, 1.0, weight)
    return weight, negative


@full_precision
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
        Weight of each segment as a positive; 0 = none.
    negative : (n, n) bool tensor
    temperature : float
    denominator : {"negatives", "all"}

    Returns
    -------
    () float tensor
        Mean over the anchors that have a positive and a negative; 0 where none has.
    """
    anchors = functional.normalize(anchors, dim=-1)
    logits = anchors @ anchors.T / temperature
    positive_logits = logits + positive_weight.log()
    if shuffled is not None:
        own = (anchors * functional.normalize(shuffled, dim=-1)).sum(-1, keepdim=True)
        positive_logits = torch.cat([positive_logits, own / temperature], dim=1)
    contrasted = logits.masked_fill(~negative, -torch.inf)
    if denominator == "all":
        contrasted = torch.cat([contrasted, positive_logits], dim=1)
    counted = torch.isfinite(positive_logits).any(1) & negative.any(1)
    if not counted.any():
        return anchors.sum() * 0
    per_anchor = contrasted[counted].logsumexp(1) - positive_logits[counted].logsumexp(1)
    return per_anchor.mean()
