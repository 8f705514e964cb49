"""Why two ECGs are alike, or not: `explain_similarity`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from physioclr.physiology.similarity import PhysiologySpace, reference_space
from physioclr.physiology.vector import PHYSIOLOGY_GROUPS, PHYSIOLOGY_UNITS, PhysiologyVector

__all__ = ["SimilarityExplanation", "explain_similarity"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SimilarityExplanation:
    """How alike two ECGs are by their physiology, and what makes them so.

    Parameters
    ----------
    similarity : float
        As `PhysiologySpace.similarity` gives it, in [−1, 1]; NaN where it is not defined.
    contributions : mapping of str to float
        Group of `PHYSIOLOGY_GROUPS` → its part of `similarity`; they add up to it. NaN where it
        is NaN.
    n_shared : mapping of str to int
        Group → how many of its entries both ECGs have.
    entries : DataFrame
        Every entry both have and the space weighs, those that differ most first: ``entry``,
        ``group``, ``unit``, ``a``, ``b`` (the values), ``difference_sd`` (b less a, in robust
        standard deviations of the cohort, each clipped to ±5 as in the space) and ``contribution``.
    reason : str or None
        Why there is no similarity.
    space_fingerprint : str
        Of the `PhysiologySpace` it was taken in.
    """

    similarity: float
    contributions: Mapping[str, float]
    n_shared: Mapping[str, int]
    entries: pd.DataFrame
    reason: str | None
    space_fingerprint: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "contributions", MappingProxyType(dict(self.contributions)))
        object.__setattr__(self, "n_shared", MappingProxyType(dict(self.n_shared)))

    @property
    def groups(self) -> pd.DataFrame:
        """One row a group, the largest contribution first: ``contribution``, ``n_shared``."""
        table = pd.DataFrame(
            {"contribution": dict(self.contributions), "n_shared": dict(self.n_shared)}
        )
        return table.rename_axis("group").sort_values("contribution", ascending=False)


def explain_similarity(
    a: PhysiologyVector | ArrayLike,
    b: PhysiologyVector | ArrayLike,
    space: PhysiologySpace | None = None,
) -> SimilarityExplanation:
    """Say how alike two ECGs are by their physiology, and what each group of entries adds to it.

    Parameters
    ----------
    a, b : PhysiologyVector or (d,) float
        In the units and the order of `space`; NaN where unknown.
    space : PhysiologySpace, optional
        The scale and basis of a cohort; the shipped `reference_space` by default.

    Returns
    -------
    SimilarityExplanation

    Raises
    ------
    ValueError
        If the vectors and the space do not have the same entries.

    Notes
    -----
    With z the standardised values of the entries both ECGs have (0 elsewhere) and C the space's
    components, the similarity is the cosine of p = zᵃC and q = zᵇC. Its numerator is a sum over
    pairs of entries, p·q = Σᵢ Σⱼ zᵃᵢ (CCᵀ)ᵢⱼ zᵇⱼ, and each pair is shared equally between its two
    entries. Entry i therefore contributes

        cᵢ = ½ (zᵃᵢ (Cq)ᵢ + zᵇᵢ (Cp)ᵢ) / (|p| |q|),

    which is the same for (a, b) and (b, a), and Σᵢ cᵢ = p·q / (|p| |q|). A group's contribution is
    the sum over its entries. Negative ones say that the two differ there.

    Examples
    --------
    >>> from physioclr import explain_similarity, physiology_vector
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> other = simulate_record("lbbb", seed=2)
    >>> why = explain_similarity(physiology_vector(record), physiology_vector(other))
    >>> -1 <= why.similarity <= 1
    True
    """
    space = space or reference_space()
    groups = _groups(space.names)
    values = np.stack([_values(a, space.names, "a"), _values(b, space.names, "b")])
    z, known = space.standardise(values)
    shared = known[0] & known[1]
    z_a, z_b = z * shared
    of_entries = _contributions(z_a, z_b, space.components)
    weighed = shared & (space.components != 0).any(axis=1)
    similarity = float(of_entries.sum())
    return SimilarityExplanation(
        similarity=min(1.0, max(-1.0, similarity)) if math.isfinite(similarity) else math.nan,
        contributions={
            group: float(of_entries[groups == group].sum()) for group in _group_names(groups)
        },
        n_shared={group: int(shared[groups == group].sum()) for group in _group_names(groups)},
        entries=_table(space.names, groups, values, z_b - z_a, of_entries, weighed),
        reason=_reason(similarity, shared),
        space_fingerprint=space.fingerprint,
    )


def _contributions(z_a: Floats, z_b: Floats, components: Floats) -> Floats:
    p, q = z_a @ components, z_b @ components
    norm = float(np.linalg.norm(p) * np.linalg.norm(q))
    if norm == 0:
        return np.full(z_a.size, np.nan)
    both = z_a * (components @ q) + z_b * (components @ p)
    return np.asarray(both / (2 * norm), dtype=np.float64)


def _groups(names: tuple[str, ...]) -> NDArray[np.str_]:
    unknown = [name for name in names if name not in PHYSIOLOGY_GROUPS]
    if unknown:
        raise ValueError(f"space must have entries of PHYSIOLOGY_NAMES, got {unknown[0]!r}")
    return np.array([PHYSIOLOGY_GROUPS[name] for name in names])


def _group_names(groups: NDArray[np.str_]) -> list[str]:
    return list(dict.fromkeys(groups.tolist()))


def _values(vector: PhysiologyVector | ArrayLike, names: tuple[str, ...], which: str) -> Floats:
    if isinstance(vector, PhysiologyVector):
        if vector.names != names:
            raise ValueError(f"{which} must have the {len(names)} entries of the space, in order")
        return vector.values
    values = np.asarray(vector, dtype=np.float64)
    if values.shape != (len(names),):
        raise ValueError(f"{which} must have {len(names)} entries, got shape {values.shape}")
    return values


def _table(
    names: tuple[str, ...],
    groups: NDArray[np.str_],
    values: Floats,
    difference_sd: Floats,
    contributions: Floats,
    weighed: NDArray[np.bool_],
) -> pd.DataFrame:
    rows = np.flatnonzero(weighed)
    rows = rows[np.argsort(-np.abs(difference_sd[rows]), kind="stable")]
    return pd.DataFrame(
        {
            "entry": [names[row] for row in rows],
            "group": groups[rows],
            "unit": [PHYSIOLOGY_UNITS[names[row]] for row in rows],
            "a": values[0, rows],
            "b": values[1, rows],
            "difference_sd": difference_sd[rows],
            "contribution": contributions[rows],
        }
    )


def _reason(similarity: float, shared: NDArray[np.bool_]) -> str | None:
    if math.isfinite(similarity):
        return None
    if not shared.any():
        return "not measurable: the two ECGs have no entry in common"
    return "not measurable: one of the ECGs is the median of the cohort in all they share"
