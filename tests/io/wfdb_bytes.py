"""WFDB records as bytes, made for a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from physioclr.leads import STANDARD_LEADS

__all__ = ["wfdb_record"]


def wfdb_record(
    units: np.ndarray,
    *,
    leads: Sequence[str] = STANDARD_LEADS,
    fs: str = "500",
    gain: str = "1000(0)/mV",
    name: str = "rec",
    comments: Sequence[str] = (),
    state_checks: bool = True,
) -> dict[str, bytes]:
    """Return the header and the format-16 signal file of some (n_leads, n_samples) units."""
    lines = [f"{name} {len(units)} {fs} {units.shape[1]}"]
    for row, lead in zip(units, leads, strict=True):
        checks = f"{row[0]} {int(row.sum()) % 65536} 0 {lead}" if state_checks else f"0 0 0 {lead}"
        lines.append(f"{name}.dat 16 {gain} 16 0 {checks}")
    lines += [f"# {comment}" for comment in comments]
    return {
        f"{name}.hea": ("\n".join(lines) + "\n").encode(),
        f"{name}.dat": units.T.astype("<i2").tobytes(),
    }
