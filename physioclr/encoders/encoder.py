"""A trained encoder as one object: network, card, heads, reference ECGs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physioclr.encoders.card import CheckpointCard
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.encoders.reference_ecgs import ReferenceEcgs
from physioclr.models.architectures import build_encoder
from physioclr.models.encoder import EcgEncoder
from physioclr.probe import LinearProbe

__all__ = ["Encoder", "fingerprint", "random_encoder"]


@dataclass(frozen=True, eq=False)
class Encoder:
    """A frozen encoder with its card and prediction heads.

    Parameters
    ----------
    model : EcgEncoder
        In evaluation mode.
    card : CheckpointCard
    heads : mapping of str to LinearProbe
        By name, in the card's order; the first is the one used unless another is named.
    references : ReferenceEcgs, optional
        Labelled ECGs to show beside a prediction.
    """

    model: EcgEncoder
    card: CheckpointCard
    heads: Mapping[str, LinearProbe]
    references: ReferenceEcgs | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.model.parameters()).device

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding."""
        return self.model.config.width

    @torch.inference_mode()
    def encode_windows(
        self, windows: NDArray[np.float32], *, batch_size: int = 256
    ) -> NDArray[np.float32]:
        """Encode preprocessed windows.

        Parameters
        ----------
        windows : (n_windows, n_leads, window_samples) float32
            As the card's preprocessing gives them.
        batch_size : int

        Returns
        -------
        (n_windows, embedding_dim) float32

        Raises
        ------
        ValueError
            If the windows are of another shape. Leads in another order, or a signal at another
            rate or scale, cannot be told from it: see `load_encoder`'s `expected`.
        """
        shape = (len(self.card.leads), self.card.preprocessing.window_samples)
        if windows.ndim != 3 or windows.shape[1:] != shape:
            raise ValueError(
                f"windows must be (n_windows, {shape[0]}, {shape[1]}): {shape[0]} leads, "
                f"{self.card.preprocessing.window_s:g} s at {self.card.fs_hz:g} Hz; "
                f"got {windows.shape}"
            )
        embeddings = [
            self.model(torch.from_numpy(windows[i : i + batch_size]).to(self.device))[0].cpu()
            for i in range(0, len(windows), batch_size)
        ]
        return np.asarray(torch.cat(embeddings).numpy(), dtype=np.float32)


def fingerprint(tensors: Mapping[str, Tensor], preprocessing: Preprocessing) -> str:
    """Return a hash of an encoder's weights and of what it is fed.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        The encoder's state.
    preprocessing : Preprocessing

    Returns
    -------
    str
        First 16 hexadecimal digits of a SHA-256.
    """
    digest = hashlib.sha256(preprocessing.model_dump_json().encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]


def random_encoder(encoder: Encoder, *, seed: int) -> Encoder:
    """Return an encoder of the same shape and preprocessing with weights drawn at random.

    Parameters
    ----------
    encoder : Encoder
    seed : int

    Returns
    -------
    Encoder
        The control of every probe; its card says so, and it has no heads, reference ECGs or
        metrics.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_encoder(encoder.card.config)
    card = encoder.card.model_copy(
        update={
            "name": f"random-init-{seed}",
            "heads": {},
            "reference_ecgs": None,
            "metrics": {},
            "fingerprint": fingerprint(model.state_dict(), encoder.card.preprocessing),
        }
    )
    return Encoder(model.to(encoder.device).eval(), card, {})
