"""The electrical axis of the heart in the frontal plane."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from physioclr.leads import derive_limb_leads

__all__ = ["frontal_axis_deg"]


def frontal_axis_deg(net_areas: Mapping[str, float]) -> float:
    """Compute the frontal axis from the net QRS areas of two limb leads.

    Parameters
    ----------
    net_areas : mapping of str to float
        Limb lead → area under its QRS, negative parts subtracted, in any one unit. Leads other
        than limb leads, and NaN, are passed over.

    Returns
    -------
    float
        Degrees in (−180, 180], 0 along lead I and 90 along aVF; NaN with fewer than two limb
        leads or where the areas cancel.

    Notes
    -----
    Lead I points to 0°; aVF points to 90° and, being an augmented lead, is shorter than I by
    2/√3 (hexaxial reference system; Macfarlane et al. 2010, Comprehensive Electrocardiology,
    ch. 10). The axis is ``atan2(2 · aVF / √3, I)``. Where I or aVF is absent they follow from
    any two limb leads (Einthoven, Goldberger).
    """
    known = {lead: area for lead, area in net_areas.items() if math.isfinite(area)}
    values, leads = derive_limb_leads(
        np.array([[area] for area in known.values()]).reshape(-1, 1), tuple(known)
    )
    areas = dict(zip(leads, values[:, 0].tolist(), strict=True))
    if "I" not in areas or "aVF" not in areas:
        return math.nan
    across, down = areas["I"], 2 * areas["aVF"] / math.sqrt(3)
    if across == 0 and down == 0:
        return math.nan
    degrees = math.degrees(math.atan2(down, across))
    return 180.0 if degrees == -180.0 else degrees
