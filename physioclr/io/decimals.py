"""Numbers as files of several countries write them."""

from __future__ import annotations

import math

__all__ = ["decimal", "is_ambiguous"]

_CHARS = frozenset("0123456789+-.,eE")
_LONGEST = 400
_THOUSANDS = 3


def decimal(text: str) -> float | None:
    """Return a number with a decimal point or comma.

    Parameters
    ----------
    text : str

    Returns
    -------
    float or None
        None where it is no finite number, or a comma may part thousands (``"1,234"``).
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not _CHARS.issuperset(text) or is_ambiguous(text):
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def is_ambiguous(text: str) -> bool:
    """Return whether the comma of a number may be a decimal one or part thousands.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        True for ``"1,234"``; false for ``"0,123"``, ``"1,5"``, ``"1,2345"``.
    """
    whole, comma, rest = text.strip().lstrip("+-").partition(",")
    return (
        bool(comma)
        and rest.isdigit()
        and len(rest) == _THOUSANDS
        and whole.isdigit()
        and 1 <= len(whole) <= _THOUSANDS
        and not whole.startswith("0")
    )
