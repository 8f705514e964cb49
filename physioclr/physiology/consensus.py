"""One onset and one end a beat, out of those of all leads."""

from __future__ import annotations

import pandas as pd

from physioclr.physiology.quantiles import known_quantile
from physioclr.signal.delineation import FIDUCIALS, Delineation

__all__ = ["consensus_fiducials"]

# The quantile over leads that is taken for each fiducial (0.5: the median), in round numbers:
# those that bring narrow QRS and QT nearest to GE MUSE (18 records of Chapman).
_QUANTILES = {
    "p_on": 0.25,
    "p_peak": 0.5,
    "p_off": 0.5,
    "qrs_on": 0.5,
    "r_peak": 0.5,
    "qrs_off": 0.5,
    "t_on": 0.3,
    "t_peak": 0.5,
    "t_off": 0.9,
}
_COLUMNS = pd.Index(FIDUCIALS)


def consensus_fiducials(delineation: Delineation) -> pd.DataFrame:
    """Combine the leads' fiducials beat by beat.

    Parameters
    ----------
    delineation : Delineation

    Returns
    -------
    DataFrame
        One row a beat, columns `FIDUCIALS`, float samples of the record; NaN where no lead has it.

    Notes
    -----
    The AHA/ACC/HRS recommendations (Kligfield et al. 2007, Circulation 115:1306) take the earliest
    onset and the latest offset in any lead. The extremes of twelve leads that each err by some
    10 ms are the errors, so a quantile over leads stands in for them.
    """
    quantiles = [_QUANTILES[name] for name in FIDUCIALS]
    combined = known_quantile(delineation.samples, quantiles)
    return pd.DataFrame(combined, columns=_COLUMNS)
