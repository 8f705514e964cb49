"""Normal limits of children's ECGs, by age and sex: the tables behind `normal_range`.

Two sources. Where both state a limit the stricter one holds, so that a value is called normal
only where neither calls it abnormal.

- Rijnbeek et al. 2001 (Eur Heart J 22:702, doi:10.1053/euhj.2000.2399): 2nd and 98th percentiles of
  1,912 healthy Dutch children from 11 days to 16 years, by age group and sex. QTc is Bazett's.
- Surawicz et al. 2009, AHA/ACCF/HRS recommendations part III (J Am Coll Cardiol 53:976,
  doi:10.1016/j.jacc.2008.12.013): QRS is prolonged from 90 ms on under 4 years and from 100 ms on
  from 4 to 16 years; the frontal axis of QRS by age.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["AGE_LIMITS_YEARS", "AHA_AXIS", "AHA_QRS", "PERCENTILES", "YOUNGEST_YEARS", "AgeLimits"]

Pair = tuple[float, float]

AGE_LIMITS_YEARS = (0.0, 1 / 12, 3 / 12, 6 / 12, 1.0, 3.0, 5.0, 8.0, 12.0, 16.0)
"""Where the age groups of `PERCENTILES` begin and, the last, end."""
YOUNGEST_YEARS = 11 / 365.25
"""No child of Rijnbeek et al. was younger."""

PERCENTILES: Mapping[str, Mapping[str, tuple[Pair, ...]]] = MappingProxyType(
    {
        "heart_rate_bpm": {
            "male": (
                *((129, 192), (126, 187), (112, 165), (106, 194)),
                *((97, 155), (73, 123), (62, 113), (55, 101), (48, 99)),
            ),
            "female": (
                *((136, 216), (126, 200), (122, 191), (106, 187)),
                *((95, 178), (78, 124), (68, 115), (58, 110), (54, 107)),
            ),
        },
        "pr_ms": {
            "male": (
                *((77, 120), (85, 120), (87, 134), (82, 141)),
                *((86, 151), (98, 152), (99, 160), (105, 174), (107, 178)),
            ),
            "female": (
                *((91, 121), (78, 133), (84, 127), (88, 133)),
                *((78, 147), (99, 153), (92, 156), (103, 163), (106, 176)),
            ),
        },
        "qrs_ms": {
            "male": (
                *((50, 85), (52, 77), (54, 85), (52, 86)),
                *((54, 88), (58, 92), (63, 98), (67, 103), (78, 111)),
            ),
            "female": (
                *((54, 79), (48, 77), (50, 78), (52, 80)),
                *((54, 85), (58, 88), (59, 95), (66, 99), (72, 106)),
            ),
        },
        "qtc_bazett_ms": {
            "male": (
                *((378, 448), (396, 458), (391, 453), (379, 449)),
                *((383, 455), (377, 448), (371, 443), (373, 440), (362, 449)),
            ),
            "female": (
                *((379, 462), (381, 454), (386, 448), (381, 446)),
                *((381, 447), (388, 442), (375, 449), (365, 447), (370, 457)),
            ),
        },
        "axis_deg": {
            "male": (
                *((75, 140), (37, 138), (-6, 107), (14, 122)),
                *((-4, 118), (7, 112), (-10, 112), (-21, 114), (-9, 112)),
            ),
            "female": (
                *((63, 155), (39, 121), (17, 108), (1, 102)),
                *((2, 121), (3, 106), (27, 117), (5, 117), (5, 101)),
            ),
        },
    }
)
"""Measurement → sex → 2nd and 98th percentile of each age group (Rijnbeek et al. 2001)."""


@dataclass(frozen=True)
class AgeLimits:
    """Limits for both sexes that change with age.

    Parameters
    ----------
    before_years : tuple of float
        Where each age group ends; the last is 16 years.
    limits : tuple of (low, high)
        One pair an age group.
    """

    before_years: tuple[float, ...]
    limits: tuple[Pair, ...]

    def at(self, age_years: float) -> Pair:
        """Return the limits at an age under 16 years."""
        pairs = zip(self.before_years, self.limits, strict=True)
        return next(pair for before, pair in pairs if age_years < before)


AHA_QRS = AgeLimits((4.0, 16.0), ((0.0, 90.0), (0.0, 100.0)))
"""QRS in ms (Surawicz et al. 2009); the upper limit itself is prolonged."""
AHA_AXIS = AgeLimits(
    (1 / 12, 1.0, 5.0, 8.0, 16.0), ((30, 190), (10, 120), (5, 100), (0, 140), (0, 120))
)
"""Frontal axis of QRS in degrees (Surawicz et al. 2009)."""
