"""Noise that arises at the electrodes, as the leads between them see it.

Baseline wander, mains hum and muscle noise enter where an electrode meets the skin. A lead is a
difference of electrodes, so what enters at one is seen in several leads, and Einthoven's and
Goldberger's identities hold for the noise as they do for the heart.
"""

from __future__ import annotations

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows
from physioclr.leads import ELECTRODES, STANDARD_LEADS

__all__ = ["add_at_snr", "electrode_noise", "shaped_noise"]

_THIRD = 1 / 3
_LEADS: dict[str, dict[str, float]] = {
    "I": {"LA": 1, "RA": -1},
    "II": {"LL": 1, "RA": -1},
    "III": {"LL": 1, "LA": -1},
    "aVR": {"RA": 1, "LA": -0.5, "LL": -0.5},
    "aVL": {"LA": 1, "RA": -0.5, "LL": -0.5},
    "aVF": {"LL": 1, "RA": -0.5, "LA": -0.5},
    **{
        lead: {lead: 1, "RA": -_THIRD, "LA": -_THIRD, "LL": -_THIRD}
        for lead in STANDARD_LEADS
        if lead.startswith("V")
    },
}


def electrode_noise(noise: Tensor, leads: tuple[str, ...]) -> Tensor:
    """Bring noise from electrodes to leads.

    Parameters
    ----------
    noise : (n, n_sources, n_samples) float tensor
        Of RA, LA, LL, V1–V6, then of each lead that is not one of the standard twelve.
    leads : tuple of str

    Returns
    -------
    (n, n_leads, n_samples) float tensor
    """
    mixing = torch.zeros(len(leads), noise.shape[1], dtype=noise.dtype)
    others = _others(leads)
    for row, lead in enumerate(leads):
        if lead in _LEADS:
            for electrode, weight in _LEADS[lead].items():
                mixing[row, ELECTRODES.index(electrode)] = weight
        else:
            mixing[row, len(ELECTRODES) + others.index(lead)] = 1
    return torch.einsum("le,nes->nls", mixing.to(noise.device), noise)


def shaped_noise(windows: EcgWindows, draws: Draws, shape: Tensor) -> Tensor:
    """Draw Gaussian noise of a given spectrum at every electrode.

    Parameters
    ----------
    windows : EcgWindows
    draws : Draws
    shape : (n_samples // 2 + 1,) float tensor
        The amplitude at each frequency of ``torch.fft.rfftfreq``.

    Returns
    -------
    (n_windows, n_sources, n_samples) float32 tensor
        For `electrode_noise`.
    """
    rows = len(ELECTRODES) + len(_others(windows.leads))
    white = draws.normal(len(windows), rows, windows.n_samples)
    spectrum = torch.fft.rfft(white) * shape.to(white.device)
    noise: Tensor = torch.fft.irfft(spectrum, n=windows.n_samples)
    return noise


def _others(leads: tuple[str, ...]) -> list[str]:
    return [lead for lead in leads if lead not in _LEADS]


def add_at_snr(windows: EcgWindows, noise: Tensor, snr_db: float | Tensor) -> EcgWindows:
    """Add noise, as strong in all leads of an ECG together as the ratio asks.

    Parameters
    ----------
    windows : EcgWindows
    noise : (n_windows, n_leads, n_samples) float tensor
    snr_db : float or (n_windows,) float tensor
        Power of the ECG about its mean over power of the noise, in dB, over the leads that are
        alive; one for all, or one for each.

    Returns
    -------
    EcgWindows
        A lead that is constant, such as a masked one, stays so; a sample that is missing too.
    """
    signal = windows.signal
    centred = signal - signal.nanmean(dim=-1, keepdim=True)
    power = centred.square().nanmean(dim=-1, keepdim=True).nan_to_num(0.0)
    alive = power > 0
    noise = noise.to(signal.dtype) * alive
    ratio = torch.as_tensor(snr_db, dtype=signal.dtype, device=signal.device).div(10)
    wanted = power.sum(dim=1, keepdim=True) / torch.pow(10, ratio).reshape(-1, 1, 1)
    found = noise.square().mean(dim=-1, keepdim=True).sum(dim=1, keepdim=True)
    scale = (wanted / found.clamp(min=torch.finfo(signal.dtype).tiny)).sqrt()
    return windows.with_signal(signal + noise * scale)
