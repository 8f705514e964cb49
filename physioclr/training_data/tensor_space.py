"""A `PhysiologySpace` as tensors: the similarity of all ECGs of a batch, on its device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import torch
from torch import Tensor

from physioclr.physiology.similarity import WINSOR, PhysiologySpace

__all__ = ["TensorSpace"]

_ENTRIES_AT_ONCE = 32_000_000


@dataclass(frozen=True, eq=False)
class TensorSpace:
    """Centre, scale and basis of a `PhysiologySpace` on a device.

    Parameters
    ----------
    centre, scale : (d,) float32 tensor
    components : (d, k) float32 tensor
    """

    centre: Tensor
    scale: Tensor
    components: Tensor

    @classmethod
    def of(cls, space: PhysiologySpace, device: torch.device) -> Self:
        """Move a space to a device.

        Parameters
        ----------
        space : PhysiologySpace
        device : torch.device

        Returns
        -------
        TensorSpace
        """
        parts = (space.centre, space.scale, space.components)
        return cls(*(torch.tensor(part, dtype=torch.float32, device=device) for part in parts))

    def similarity(
        self,
        values: Tensor,
        *,
        space: Literal["pca", "raw"] = "pca",
        missing: Literal["shared", "zero"] = "shared",
    ) -> Tensor:
        """Compare every ECG of a batch with every other, as `PhysiologySpace.similarity` does.

        Parameters
        ----------
        values : (n, d) float32 tensor
            Physiological vectors in their own units; NaN where unknown.
        space : {"pca", "raw"}
            Whether the cosine is taken in this space, or of the bare numbers, in which the
            largest unit rules: what the authors' code does.
        missing : {"shared", "zero"}
            Whether a pair is compared by what both have, or an unknown is the number 0: what the
            authors' code does.

        Returns
        -------
        (n, n) float32 tensor
            Cosines; NaN where a pair has nothing to compare.
        """
        with torch.autocast(values.device.type, enabled=False):
            return self._similarity(values, space, missing)

    def _similarity(self, values: Tensor, space: str, missing: str) -> Tensor:
        known = torch.isfinite(values)
        if missing == "zero":
            values, known = values.nan_to_num(0.0), torch.ones_like(known)
        if space == "pca":
            values = ((values - self.centre) / self.scale).clamp(-WINSOR, WINSOR)
            basis = self.components
        else:
            basis = torch.eye(values.shape[1], device=values.device)
        return _shared_cosine(values.nan_to_num(0.0), known.float(), basis)


def _shared_cosine(z: Tensor, known: Tensor, basis: Tensor) -> Tensor:
    """Pair by pair, project what both ECGs have, (n, d) with 0 where unknown; take the cosine."""
    if bool(known.all()):
        projected = z @ basis
        return _cosine(projected @ projected.T, *_outer(projected.norm(dim=1)))
    rows = max(1, _ENTRIES_AT_ONCE // z.numel())
    parts = []
    for first in range(0, len(z), rows):
        own, own_known = z[first : first + rows, None], known[first : first + rows, None]
        a, b = (own * known) @ basis, (own_known * z) @ basis
        parts.append(_cosine((a * b).sum(-1), a.norm(dim=-1), b.norm(dim=-1)))
    return torch.cat(parts)


def _outer(norm: Tensor) -> tuple[Tensor, Tensor]:
    return norm[:, None], norm[None, :]


def _cosine(dot: Tensor, norm_a: Tensor, norm_b: Tensor) -> Tensor:
    norms = norm_a * norm_b
    return torch.where(norms > 0, (dot / norms).clamp(-1, 1), torch.nan)
