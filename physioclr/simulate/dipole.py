"""A heart dipole made of Gaussians, and its projection to twelve leads.

The model is McSharry et al. 2003 (doi:10.1109/TBME.2003.808805), in the three-dimensional form of
Sameni et al. 2007 (doi:10.1155/2007/43407): each wave of a beat is a sum of Gaussians in time,
each with its own vector in the X (left), Y (down), Z (back) axes of Frank. Here the Gaussians are
written down at their times, not integrated as an oscillator, which gives the same waves and exact
onsets and ends.

The eight independent leads follow by the matrix of Dower, Machado, Osborne: On deriving the
electrocardiogram from vectorcardiographic leads. Clin Cardiol 1980;3:87–95. The other four are
Einthoven's and Goldberger's sums of I and II, so the identities hold.

**Where a wave begins and ends.** A Gaussian of amplitude A (its largest absolute projection on
any of the twelve leads) is above `VISIBLE_MV` within ±σ·sqrt(2 ln(A / VISIBLE_MV)) of its centre.
A wave's onset is the earliest, its end the latest of these over its Gaussians. That is truth over
all leads; one lead alone may show a wave later or end it earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DOWER",
    "FRONTAL_PLANE",
    "TO_TWELVE_LEADS",
    "VISIBLE_MV",
    "Placed",
    "Wave",
    "add_gaussians",
    "place",
]

Floats = NDArray[np.float64]

VISIBLE_MV = 0.02
"""Amplitude at which a wave is taken to begin and to end."""

DOWER = np.array(
    [
        [0.632, -0.235, 0.059],  # I
        [0.235, 1.066, -0.132],  # II
        [-0.515, 0.157, -0.917],  # V1
        [0.044, 0.164, -1.387],  # V2
        [0.882, 0.098, -1.277],  # V3
        [1.213, 0.127, -0.601],  # V4
        [1.125, 0.127, -0.086],  # V5
        [0.831, 0.076, 0.230],  # V6
    ]
)
"""(8, 3): X, Y, Z to I, II, V1–V6."""

TO_TWELVE_LEADS = np.zeros((12, 8))
"""(12, 8): I, II, V1–V6 to the twelve leads in standard order."""
TO_TWELVE_LEADS[:6, :2] = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])
TO_TWELVE_LEADS[6:, 2:] = np.eye(6)

FRONTAL_PLANE = np.stack([DOWER[0], (DOWER[1] - 0.5 * DOWER[0]) * 2 / np.sqrt(3)])
"""(2, 3): X, Y, Z to I and to aVF lengthened by 2 / √3, which makes the two equally long."""

_WINDOW_SIGMAS = 4.7  # beyond it a Gaussian of 2 mV is below 0.04 µV
_GRID = 256


@dataclass(frozen=True)
class Wave:
    """The shape of one wave, on a time axis of its own.

    Parameters
    ----------
    centres : (n,) float64
    sigmas : (n,) float64
        In the same arbitrary unit as `centres`; `place` stretches both to a duration.
    vectors_mv : (n, 3) float64
        Amplitude of each Gaussian in X, Y, Z.
    """

    centres: Floats
    sigmas: Floats
    vectors_mv: Floats

    def at(self, times: Floats) -> Floats:
        """Return the dipole (3, n_times) at times in the wave's own unit."""
        scaled = (times - self.centres[:, None]) / self.sigmas[:, None]
        return self.vectors_mv.T @ np.exp(-0.5 * scaled**2)


@dataclass(frozen=True)
class Placed:
    """A wave stretched so that it begins at 0 and ends at 1.

    Parameters
    ----------
    wave : Wave
    peak : float
        Where its dipole is longest, between 0 and 1.
    """

    wave: Wave
    peak: float


def place(wave: Wave, lead_weights: Floats = DOWER) -> Placed:
    """Stretch a wave so that its onset is at 0 and its end at 1.

    Parameters
    ----------
    wave : Wave
    lead_weights : (8, 3) float array
        The projection on I, II, V1–V6 that decides what is visible.

    Returns
    -------
    Placed

    Raises
    ------
    ValueError
        If no Gaussian of the wave reaches `VISIBLE_MV` in any lead.
    """
    height = np.abs(wave.vectors_mv @ (TO_TWELVE_LEADS @ lead_weights).T).max(axis=1)
    seen = height > VISIBLE_MV
    if not seen.any():
        raise ValueError(f"a wave must reach {VISIBLE_MV} mV in one lead, got {height.max():.3g}")
    reach = wave.sigmas[seen] * np.sqrt(2 * np.log(height[seen] / VISIBLE_MV))
    onset = (wave.centres[seen] - reach).min()
    length = (wave.centres[seen] + reach).max() - onset
    stretched = Wave((wave.centres - onset) / length, wave.sigmas / length, wave.vectors_mv)
    grid = np.linspace(0, 1, _GRID)
    dipole = stretched.at(grid)
    return Placed(stretched, float(grid[(dipole**2).sum(axis=0).argmax()]))


def add_gaussians(
    dipole_mv: Floats, fs_hz: float, centres_s: Floats, sigmas_s: Floats, vectors_mv: Floats
) -> None:
    """Add Gaussians to a dipole signal in place, each only where it is not negligible.

    Parameters
    ----------
    dipole_mv : (3, n_samples) float64
        Changed in place; sample 0 lies at 0 s.
    fs_hz : float
    centres_s, sigmas_s : (n,) float64
        Centres may lie outside the strip.
    vectors_mv : (n, 3) float64
    """
    if centres_s.size == 0:
        return
    n_samples = dipole_mv.shape[1]
    half = int(np.ceil(_WINDOW_SIGMAS * sigmas_s.max() * fs_hz))
    samples = np.rint(centres_s * fs_hz).astype(np.int64)[:, None] + np.arange(-half, half + 1)
    heights = np.exp(-0.5 * ((samples / fs_hz - centres_s[:, None]) / sigmas_s[:, None]) ** 2)
    # One spare cell either side takes what falls outside the strip.
    cells = np.clip(samples + 1, 0, n_samples + 1).ravel()
    for axis in range(3):
        weights = (heights * vectors_mv[:, axis, None]).ravel()
        dipole_mv[axis] += np.bincount(cells, weights, n_samples + 2)[1:-1]
