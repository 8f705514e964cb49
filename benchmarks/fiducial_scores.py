"""Score fiducials against an expert's: matched within a window, inside the marked span only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["FiducialScore", "match_fiducials"]

WINDOW_MS = 150.0


def match_fiducials(
    expert_ms: NDArray[np.float64], found_ms: NDArray[np.float64], window_ms: float = WINDOW_MS
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair marks one to one, nearest pairs first, none further apart than the window.

    Parameters
    ----------
    expert_ms, found_ms : (n,), (m,) float64
        Finite.
    window_ms : float

    Returns
    -------
    expert_rows, found_rows : (n_pairs,) intp
    """
    distance = np.abs(expert_ms[:, None] - found_ms[None, :])
    rows, columns = np.nonzero(distance <= window_ms)
    order = np.argsort(distance[rows, columns], kind="stable")
    free_row, free_column = np.ones(expert_ms.size, bool), np.ones(found_ms.size, bool)
    pairs = []
    for row, column in zip(rows[order], columns[order], strict=True):
        if free_row[row] and free_column[column]:
            free_row[row] = free_column[column] = False
            pairs.append((row, column))
    paired = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return paired[:, 0], paired[:, 1]


@dataclass
class FiducialScore:
    """Counts and errors of one fiducial, gathered lead by lead."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    errors_ms: list[float] = field(default_factory=list)

    def add(
        self,
        expert_ms: NDArray[np.float64],
        found_ms: NDArray[np.float64],
        span_ms: tuple[float, float],
    ) -> None:
        """Count one lead.

        Parameters
        ----------
        expert_ms, found_ms : (n,), (m,) float64
            NaN where there is none. Only found marks inside `span_ms` can be false; one just
            outside it may still be the match of a mark at the span's edge.
        span_ms : (float, float)
            The expert's first and last mark.
        """
        expert_ms = expert_ms[np.isfinite(expert_ms)]
        found_ms = found_ms[np.isfinite(found_ms)]
        expert_rows, found_rows = match_fiducials(expert_ms, found_ms)
        self.errors_ms.extend((found_ms[found_rows] - expert_ms[expert_rows]).tolist())
        rest = np.delete(found_ms, found_rows)
        self.true_positives += expert_rows.size
        self.false_negatives += expert_ms.size - expert_rows.size
        self.false_positives += int(((rest >= span_ms[0]) & (rest <= span_ms[1])).sum())

    def summary(self) -> dict[str, float]:
        """Return sensitivity, positive predictive value, F1, and bias and SD of the error.

        ``robust_sd_ms`` is 1.48 times the median absolute deviation: the SD without the tails.
        """
        positives = self.true_positives + self.false_negatives
        found = self.true_positives + self.false_positives
        errors = np.array(self.errors_ms)
        return {
            "sensitivity": self.true_positives / positives if positives else np.nan,
            "ppv": self.true_positives / found if found else np.nan,
            "f1": 2 * self.true_positives / (positives + found) if positives + found else np.nan,
            "bias_ms": float(errors.mean()) if errors.size else np.nan,
            "sd_ms": float(errors.std()) if errors.size else np.nan,
            "robust_sd_ms": float(1.4826 * np.median(np.abs(errors - np.median(errors))))
            if errors.size
            else np.nan,
            "n": positives,
        }
