"""Voltage units and their size in mV."""

from __future__ import annotations

__all__ = ["millivolts_per"]

_MILLIVOLTS = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6}
_PREFIXES = {"": 1e3, "milli": 1.0, "micro": 1e-3, "nano": 1e-6}
_MILLIVOLTS |= {f"{prefix}volt{s}": size for prefix, size in _PREFIXES.items() for s in ("", "s")}


def millivolts_per(unit: str) -> float | None:
    """Return the size of a unit in mV.

    Parameters
    ----------
    unit : str
        As a file spells it, in any case: ``"mV"``, ``"uV"``, ``"V"``.

    Returns
    -------
    float or None
        None where the unit is not one of voltage (``"mmHg"``), or states no size (``"NU"``).
    """
    return _MILLIVOLTS.get(unit.strip().lower())
