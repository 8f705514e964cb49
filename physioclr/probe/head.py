"""A probe fitted once on a whole cohort: the prediction head of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import CheckpointError, DatasetError
from physioclr.probe.calibration import Calibration, fit_calibration
from physioclr.probe.cross_validation import (
    DEFAULT_STRENGTHS,
    checked,
    checked_grid,
    choose_strength,
    path_logits,
)
from physioclr.probe.folds import patient_codes, patient_folds, unmeasurable_labels
from physioclr.probe.logistic import Standardiser, fit_path

__all__ = ["LinearProbe", "fit_probe"]

_PARTS = ("mean", "scale", "weights", "bias", "platt_slope", "platt_intercept", "thresholds")


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """Calibrated logistic regression on embeddings.

    Parameters
    ----------
    label_names : tuple of str
    mean, scale : (d,) float32
        Of the training embeddings.
    weights : (k, d) float32
        Of the standardised embedding.
    bias : (k,) float32
    platt_slope, platt_intercept : (k,) float32
        Fitted on out-of-fold logits; every slope is above 0.
    thresholds : (k,) float32
        Of the calibrated probability, at the best F1 on out-of-fold predictions.

    Raises
    ------
    ValueError
        If shapes do not fit together, a value is not finite, or a scale or slope is not above 0.
    """

    label_names: tuple[str, ...]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    platt_slope: NDArray[np.float32]
    platt_intercept: NDArray[np.float32]
    thresholds: NDArray[np.float32]

    def __post_init__(self) -> None:
        n_labels, width = len(self.label_names), len(np.atleast_1d(self.mean))
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_PARTS, (n_labels,))
        shapes |= {"mean": (width,), "scale": (width,), "weights": (n_labels, width)}
        for part, shape in shapes.items():
            values = np.array(getattr(self, part), dtype=np.float32)
            if values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"{part} must be {shape} finite numbers, got {values.shape}")
            if part in ("scale", "platt_slope") and not (values > 0).all():
                raise ValueError(f"{part} must be above 0, got {values.min()}")
            values.setflags(write=False)
            object.__setattr__(self, part, values)

    def probabilities(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Predict.

        Parameters
        ----------
        features : (m, d) array of numbers

        Returns
        -------
        (m, k) float64
            Calibrated; NaN in the rows of embeddings that hold a NaN.

        Raises
        ------
        ValueError
            If `features` has another width than the probe.
        """
        values = np.asarray(features, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.mean):
            raise ValueError(f"features must be (m, {len(self.mean)}), got {values.shape}")
        calibration = Calibration(
            self.platt_slope.astype(np.float64),
            self.platt_intercept.astype(np.float64),
            self.thresholds.astype(np.float64),
        )
        standard = (values - self.mean) / self.scale
        return calibration.probabilities(standard @ self.weights.T + self.bias)

    def to_tensors(self) -> dict[str, NDArray[np.float32]]:
        """Return the numbers by name, for a safetensors file; the label names are not in it."""
        return {part: np.asarray(getattr(self, part), dtype=np.float32) for part in _PARTS}

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, NDArray[Any]], *, label_names: Sequence[str]
    ) -> LinearProbe:
        """Rebuild what `to_tensors` returned.

        Parameters
        ----------
        tensors : mapping of str to array
        label_names : sequence of str
            As many as the rows of the weights, in their order.

        Returns
        -------
        LinearProbe

        Raises
        ------
        CheckpointError
            If a tensor is missing, damaged or of another shape than the labels need.
        """
        absent = [part for part in _PARTS if part not in tensors]
        if absent:
            raise CheckpointError(
                "the prediction head", expected=f"a tensor {absent[0]!r}", found="none"
            )
        try:
            return cls(tuple(label_names), **{part: tensors[part] for part in _PARTS})
        except ValueError as error:
            raise CheckpointError(
                "the prediction head",
                expected=f"the tensors of {len(label_names)} labels",
                found=f"another one: {error}",
            ) from error


def fit_probe(
    features: NDArray[Any],
    targets: NDArray[Any],
    groups: Sequence[object] | NDArray[Any],
    *,
    label_names: Sequence[str],
    n_folds: int = 5,
    seed: int = 0,
    regularisation_grid: Sequence[float] = DEFAULT_STRENGTHS,
) -> LinearProbe:
    """Fit a probe on a whole cohort; everything it chooses is chosen out of fold.

    Parameters
    ----------
    features : (n_records, d) array of numbers
        Embeddings, finite.
    targets : (n_records, n_labels) array of numbers
        1, 0 or NaN = unknown.
    groups : (n_records,) sequence
        Patient identifiers.
    label_names : sequence of str
    n_folds : int
        Patient-grouped folds for the strength of the penalty, the calibration and the
        thresholds; at least 3.
    seed : int
        Of the folds.
    regularisation_grid : sequence of float
        As in `cross_validate_probe`.

    Returns
    -------
    LinearProbe

    Raises
    ------
    DatasetError
        If a label has fewer than `n_folds` patients in either class (`unmeasurable_labels` says
        which, beforehand), or there are fewer patients than folds.
    ValueError
        If shapes or values are not as documented.
    """
    values, labels, names = checked(features, targets, groups, label_names, n_folds)
    if np.isnan(values).any():
        rows = int(np.isnan(values).any(axis=1).sum())
        raise ValueError(f"features must be finite, got NaN in {rows} of {len(values)} rows")
    grid = checked_grid(regularisation_grid)
    folds = patient_folds(labels, groups, n_folds=n_folds, seed=seed)
    for name, reason in unmeasurable_labels(labels, groups, names, n_folds=n_folds).items():
        raise DatasetError(
            f"label {name}", expected="enough patients of both classes", found=f"it {reason}"
        )
    order = np.lexsort((values[:, 0], patient_codes(groups)))
    values, labels, folds = values[order], labels[order], folds[order]
    out_of_fold = np.empty((len(grid), *labels.shape))
    for fold in range(n_folds):
        held_out = folds == fold
        training = (values[~held_out], labels[~held_out])
        out_of_fold[:, held_out] = path_logits(*training, values[held_out], grid)
    strengths, logits = choose_strength(out_of_fold, labels, grid)
    calibration = fit_calibration(logits, labels)
    standardiser = Standardiser.fit(values)
    weights, bias = fit_path(standardiser.apply(values), labels, strengths[None, :])
    return LinearProbe(
        names,
        mean=standardiser.mean.astype(np.float32),
        scale=standardiser.scale.astype(np.float32),
        weights=weights[0].T.astype(np.float32),
        bias=bias[0].astype(np.float32),
        platt_slope=calibration.slope.astype(np.float32),
        platt_intercept=calibration.intercept.astype(np.float32),
        thresholds=calibration.thresholds.astype(np.float32),
    )
