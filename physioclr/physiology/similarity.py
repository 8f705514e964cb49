"""How alike two ECGs are by their physiology: `PhysiologySpace`, as fitted and as a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from physioclr.errors import CheckpointError
from physioclr.runtime.atomic_files import replace_file

__all__ = ["WINSOR", "PhysiologySpace", "reference_space"]

_FORMAT = "physioclr-physiology-space"
_VERSION = 1
_REFERENCE = Path(__file__).with_name("reference_space.json")

WINSOR = 5.0
"""Robust standard deviations beyond which a standardised value is clipped."""
# The interquartile range of a normal distribution is 1.349 standard deviations.
_NORMAL_IQR = 1.349


@dataclass(frozen=True, eq=False)
class PhysiologySpace:
    """A robust scale and a PCA basis, fitted on the physiological vectors of a cohort.

    Parameters
    ----------
    names : tuple of str
        The d entries.
    centre : (d,) float64
        Median of each entry over the cohort.
    scale : (d,) float64
        Interquartile range / 1.349; the standard deviation where that is 0; above 0 always.
    components : (d, k) float64
        Orthonormal columns, the largest variance first.
    cohort : str
        What it was fitted on, in words.

    Notes
    -----
    An entry that no ECG of the cohort has, or that is the same in all, weighs nothing: its
    row of `components` is 0 and its standardised value is 0.
    """

    names: tuple[str, ...]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    components: NDArray[np.float64]
    cohort: str = ""

    def __post_init__(self) -> None:
        d = len(self.names)
        object.__setattr__(self, "names", tuple(self.names))
        for name, n_dims in (("centre", 1), ("scale", 1), ("components", 2)):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.ndim != n_dims or array.shape[0] != d:
                raise ValueError(f"{name} must have {d} rows, got shape {array.shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not (self.scale > 0).all():
            raise ValueError("scale must be above 0")

    @classmethod
    def fit(
        cls, values: ArrayLike, names: Sequence[str], *, n_components: int = 50, cohort: str = ""
    ) -> Self:
        """Fit centre, scale and PCA basis.

        Parameters
        ----------
        values : (n, d) float
            Physiological vectors of the training cohort; NaN where unknown.
        names : sequence of str
            The d entries.
        n_components : int
            At most this many; fewer where the data has fewer.
        cohort : str
            What `values` are of, in words.

        Returns
        -------
        PhysiologySpace

        Notes
        -----
        Standardised values are clipped to ±5, so that one outlier rules nothing, and an unknown
        one is imputed with 0, the median, for the PCA alone. The basis is that of the second
        moments about the median, the point from which the cosine is taken.
        """
        table = np.array(values, dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(names) or table.shape[0] == 0:
            raise ValueError(f"values must be (n, {len(names)}) with n ≥ 1, got {table.shape}")
        if n_components < 1:
            raise ValueError(f"n_components must be at least 1, got {n_components}")
        table[~np.isfinite(table)] = np.nan
        centre, scale = _centre_and_scale(table)
        z = _clipped(table, centre, scale)
        constant = (z == 0).all(axis=0)
        _, singular, basis = np.linalg.svd(z, full_matrices=False)
        rank = int(np.sum(singular > 1e-9 * max(singular.max(initial=0.0), 1.0)))
        components = basis[: min(rank, n_components)].T.copy()
        components[constant] = 0.0
        return cls(tuple(names), centre, scale, _with_fixed_signs(components), cohort)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with any name or number in the space."""
        digest = hashlib.sha256(json.dumps(list(self.names)).encode())
        for array in (self.centre, self.scale, self.components):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def standardise(self, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Put values on the cohort's scale.

        Parameters
        ----------
        values : (…, d) float
            In the units of `names`; NaN where unknown.

        Returns
        -------
        z : (…, d) float64
            In robust standard deviations from the median, clipped to ±5; 0 where unknown.
        mask : (…, d) bool
            True where known.
        """
        table = np.asarray(values, dtype=np.float64)
        if table.shape[-1:] != (len(self.names),):
            raise ValueError(f"values must end in {len(self.names)} entries, got {table.shape}")
        return _clipped(table, self.centre, self.scale), np.isfinite(table)

    def similarity(self, values_a: ArrayLike, values_b: ArrayLike) -> NDArray[np.float64]:
        """Compare every ECG of one set with every ECG of another.

        Parameters
        ----------
        values_a : (n, d) float
        values_b : (m, d) float
            In the units of `names`; NaN where unknown.

        Returns
        -------
        (n, m) float64
            Cosine in the PCA space over the entries both ECGs have, in [−1, 1]; NaN where they
            share none, or one of them does not differ from the median there.
        """
        z_a, mask_a = self.standardise(np.atleast_2d(np.asarray(values_a, dtype=np.float64)))
        z_b, mask_b = self.standardise(np.atleast_2d(np.asarray(values_b, dtype=np.float64)))
        # What an ECG is over the entries it shares with another depends on which those are, and
        # few sets of entries occur: each ECG is projected once for each of them.
        patterns_a, of_a = _patterns(mask_a)
        patterns_b, of_b = _patterns(mask_b)
        rows = [np.flatnonzero(of_a == i) for i in range(len(patterns_a))]
        result = np.full((len(z_a), len(z_b)), np.nan)
        for j, pattern in enumerate(patterns_b):
            columns = np.flatnonzero(of_b == j)
            projected_a = (z_a * pattern) @ self.components
            for i, other in enumerate(patterns_a):
                projected_b = (z_b[columns] * other) @ self.components
                result[np.ix_(rows[i], columns)] = _cosines(projected_a[rows[i]], projected_b)
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return the space as JSON has it.

        Returns
        -------
        dict
            ``format``, ``version``, ``cohort``, ``names``, ``centre``, ``scale``, ``components``,
            ``fingerprint``.
        """
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "cohort": self.cohort,
            "names": list(self.names),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "components": self.components.tolist(),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a space from `to_dict`.

        Parameters
        ----------
        state : mapping

        Returns
        -------
        PhysiologySpace

        Raises
        ------
        ValueError
            If it is of another format, a part is missing, the arrays do not fit together or the
            fingerprint is not theirs.
        """
        kind = (state.get("format"), state.get("version"))
        if kind != (_FORMAT, _VERSION):
            raise ValueError(f"format and version must be {(_FORMAT, _VERSION)}, got {kind}")
        missing = {"names", "centre", "scale", "components", "fingerprint"} - set(state)
        if missing:
            raise ValueError(f"{', '.join(sorted(missing))} must not be missing")
        names = tuple(state["names"])
        components = np.asarray(state["components"], dtype=np.float64).reshape(len(names), -1)
        cohort = str(state.get("cohort", ""))
        space = cls(names, state["centre"], state["scale"], components, cohort)
        if state["fingerprint"] != space.fingerprint:
            raise ValueError(
                f"fingerprint must be {space.fingerprint}, got {state['fingerprint']!r}"
            )
        return space

    def save(self, path: Path) -> None:
        """Write the space as one JSON file, whole or not at all.

        Parameters
        ----------
        path : Path

        Raises
        ------
        PhysioclrError
            If it cannot be written.
        """
        replace_file(path, (json.dumps(self.to_dict()) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a space that `save` has written.

        Parameters
        ----------
        path : Path

        Returns
        -------
        PhysiologySpace
            To the bit the one that was saved.

        Raises
        ------
        CheckpointError
            If there is no such file, or it is damaged or altered.
        """
        expected = "a physiology space, as `physioclr fit-physiology` writes it"
        try:
            state = json.loads(path.read_bytes())
        except OSError as error:
            found = error.strerror or "none"
            raise CheckpointError(str(path), expected=expected, found=found) from error
        except ValueError as error:
            raise CheckpointError(str(path), expected=expected, found="no JSON") from error
        if not isinstance(state, dict):
            raise CheckpointError(str(path), expected=expected, found="another JSON")
        try:
            return cls.from_dict(state)
        except (TypeError, ValueError) as error:
            raise CheckpointError(str(path), expected=expected, found=str(error)) from error


@lru_cache(maxsize=1)
def reference_space() -> PhysiologySpace:
    """Load the shipped space.

    Returns
    -------
    PhysiologySpace
        Fitted on the cohort that its `cohort` names, by ``physioclr fit-physiology``.

    Raises
    ------
    CheckpointError
        If its file is damaged.
    """
    return PhysiologySpace.load(_REFERENCE)


def _centre_and_scale(
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    d = table.shape[1]
    centre, scale = np.zeros(d), np.ones(d)
    known = np.isfinite(table).any(axis=0)
    if not known.any():
        return centre, scale
    low, middle, high = np.nanpercentile(table[:, known], [25, 50, 75], axis=0)
    # Where half of the cohort shares one value (a percentage that is mostly 0) the interquartile
    # range is 0 and the standard deviation stands in; where all share it, any scale does.
    spread = (high - low) / _NORMAL_IQR
    tiny = 1e-9 * np.maximum(1.0, np.abs(middle))
    spread = np.where(spread > tiny, spread, np.nanstd(table[:, known], axis=0))
    centre[known], scale[known] = middle, np.where(spread > tiny, spread, 1.0)
    return centre, scale


def _patterns(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return the rows that occur, (p, d), and which of them each row is, (n,)."""
    packed = np.ascontiguousarray(np.packbits(mask, axis=1))
    as_one = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
    _, first, of_row = np.unique(as_one, return_index=True, return_inverse=True)
    return mask[first], of_row


def _cosines(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of each row of `a` with each of `b`; NaN where one of them is 0."""
    norms = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    known = norms > 0
    return np.where(known, np.clip(a @ b.T / np.where(known, norms, 1.0), -1, 1), np.nan)


def _clipped(
    table: NDArray[np.float64], centre: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    z = np.clip((table - centre) / scale, -WINSOR, WINSOR)
    return np.where(np.isfinite(table), z, 0.0)


def _with_fixed_signs(components: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make the largest weight of each component positive: an SVD leaves the sign open."""
    if not components.size:
        return components
    largest = components[np.argmax(np.abs(components), axis=0), np.arange(components.shape[1])]
    return components * np.where(largest < 0, -1.0, 1.0)
