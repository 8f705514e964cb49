"""How far apart two measurements of an unchanged heart lie, as measured on real ECGs.

The numbers are in ``repeatability.json``, made by ``python -m studies.repeatability``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from physioclr.physiology.measurements import MEASUREMENTS

__all__ = [
    "KINDS",
    "MIN_PAIRS",
    "Repeatability",
    "difference",
    "repeatability",
    "repeatability_of",
]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "between recordings": "two recordings of one patient",
        "within a recording": "the two halves, 5 s each, of one recording of 10 s",
    }
)
"""Kind of pair → what was paired; the kind to be preferred first."""

MIN_PAIRS = 30
"""Fewer pairs than this are shown and not used: with 30 the coefficient is known to about a
quarter (its standard error is 1 in √(2 n))."""

_FILE = Path(__file__).with_name("repeatability.json")


@dataclass(frozen=True)
class Repeatability:
    """The repeatability of one measurement over one kind of pair.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    n_pairs : int
        Where both are measurable.
    bias : float
        Mean of second minus first, in the measurement's unit.
    within_subject_sd : float
        √(mean of squared differences / 2).
    coefficient : float
        1.96 · √2 · `within_subject_sd`: what 95 % of differences stay below if they are normally
        distributed.
    percentile_95 : float
        What 95 % of the differences did stay below.

    References
    ----------
    Bland and Altman (1986), Lancet 1:307; (1999), Stat Methods Med Res 8:135, who also give the
    approach by percentiles.
    """

    kind: str
    n_pairs: int
    bias: float
    within_subject_sd: float
    coefficient: float
    percentile_95: float

    @property
    def limit(self) -> float:
        """What a difference must exceed to be more than noise.

        The percentile, which a few outliers do not move, from `MIN_PAIRS` pairs on; of fewer it
        would be about their greatest, and the coefficient stands.
        """
        return self.percentile_95 if self.n_pairs >= MIN_PAIRS else self.coefficient

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def difference(name: str, before: float, after: float) -> float:
    """Subtract one measurement from a later one.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    before, after : float
        In the measurement's unit; NaN where not measurable.

    Returns
    -------
    float
        After minus before; of an axis the shorter way round, in (−180°, 180°]. NaN stays NaN.
    """
    change = after - before
    return 180 - (180 - change) % 360 if MEASUREMENTS[name].unit == "°" else change


def repeatability(name: str) -> Repeatability | None:
    """Return the repeatability a difference between two recordings is held against.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.

    Returns
    -------
    Repeatability or None
        The first of `KINDS` with at least `MIN_PAIRS` pairs; None where nothing was measured.
    """
    measured = repeatability_of(name)
    return next(
        (measured[kind] for kind in KINDS if kind in measured and _enough(measured[kind])), None
    )


def repeatability_of(name: str) -> Mapping[str, Repeatability]:
    """Return every repeatability that was measured of a measurement.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.

    Returns
    -------
    mapping of str to Repeatability
        Kind of pair → repeatability, also on few pairs; empty where nothing was measured.
    """
    return _shipped().get(name, MappingProxyType({}))


def _enough(measured: Repeatability) -> bool:
    return measured.n_pairs >= MIN_PAIRS


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Mapping[str, Repeatability]]:
    stated = json.loads(_FILE.read_text(encoding="utf-8"))["measurements"]
    return {
        name: MappingProxyType({entry["kind"]: Repeatability(**entry) for entry in entries})
        for name, entries in stated.items()
    }
