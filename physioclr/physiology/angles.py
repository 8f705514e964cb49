"""Angles, of which −180° and 180° are one: which measurements are some, and comparing them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANGLES", "turned_to_mean"]

ANGLES = frozenset({"axis_deg", "p_axis_deg", "t_axis_deg"})
"""The measurements that are angles, in degrees."""


def turned_to_mean(angles_deg: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """Turn angles so that their mean direction is 0, and the circle is cut opposite to it.

    Parameters
    ----------
    angles_deg : (n,) array of numbers
        NaN where unknown.

    Returns
    -------
    offsets_deg : (n,) float64
        From the mean direction, in [-180, 180).
    mean_deg : float
        The direction of the sum of unit vectors (Mardia, Jupp 2000, 2.2.1); NaN where no angle is
        known.
    """
    angles = np.asarray(angles_deg, dtype=np.float64)
    vectors = np.exp(1j * np.radians(angles[np.isfinite(angles)]))
    mean_deg = float(np.degrees(np.angle(vectors.sum()))) if vectors.size else np.nan
    return (angles - mean_deg + 180.0) % 360.0 - 180.0, mean_deg
