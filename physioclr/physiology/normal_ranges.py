"""The normal limits of a measurement for an age and a sex, and how far a value lies outside.

A range is given only where a source states limits for that age; where none does there is a reason
instead, and a child is never held against an adult's limits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.paediatric_limits import (
    AGE_LIMITS_YEARS,
    AHA_AXIS,
    AHA_QRS,
    PERCENTILES,
    YOUNGEST_YEARS,
)

__all__ = ["SIDES", "Deviation", "NoRange", "NormalRange", "deviation", "normal_range"]

SIDES = ("below", "within", "above", "uncertain", "not measurable", "no range")
"""Where a value lies; the last three if the value is in doubt or unknown, or the range unknown."""

_ADULT_YEARS = 16.0
_OLDEST_YEARS = 120.0
_SEXES = ("female", "male")
_QTC = tuple(name for name in MEASUREMENTS if name.startswith("qtc_"))

_KUSUMOTO = (
    "Kusumoto et al. 2019, ACC/AHA/HRS guideline on bradycardia and conduction delay, "
    "Circulation 140:e382"
)
_PAGE = (
    "Page et al. 2016, ACC/AHA/HRS guideline on supraventricular tachycardia, Circulation 133:e506"
)
_SURAWICZ = "Surawicz et al. 2009, AHA/ACCF/HRS recommendations part III, J Am Coll Cardiol 53:976"
_RAUTAHARJU = (
    "Rautaharju et al. 2009, AHA/ACCF/HRS recommendations part IV, J Am Coll Cardiol 53:982"
)
_PRIORI = "Priori et al. 2015, ESC guidelines on sudden cardiac death, Eur Heart J 36:2793"
_BAYES = "Bayés de Luna et al. 2012, consensus on interatrial blocks, J Electrocardiol 45:445"
_CHEN = "Chen and Soliman 2019, P wave indices, Front Cardiovasc Med 6:53"
_KORS = "Kors et al. 1998, T axis in people from 55 years, Lancet 352:601"
_RIJNBEEK = "Rijnbeek et al. 2001, 2nd and 98th percentiles, Eur Heart J 22:702"

_NO_LIMITS = {
    "qt_ms": "QT changes with the heart rate; its limits are those of QTc",
    "rr_ms": "the limits are stated for the heart rate",
    "rmssd_ms": "no limits that hold for 10 s were verified",
    "sdnn_ms": "no limits that hold for 10 s were verified",
    "pnn50_pct": "no limits that hold for 10 s were verified",
    "rr_irregularity_pct": "no limits that hold for 10 s were verified",
    "p_wave_presence_pct": "not a measurement with limits",
    "n_ectopic_beats": "not a measurement with limits",
    "n_beats": "not a measurement with limits",
}


@dataclass(frozen=True)
class _Limits:
    low: float
    high: float
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True)
class NormalRange:
    """The normal limits of one measurement.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    low, high : float
        In `unit`; minus infinity where only an upper limit is stated. Axes go clockwise from `low`
        to `high` and may pass 180°.
    low_included, high_included : bool
        Whether the limit itself is normal.
    unit : str
    applies_to : str
        Whose limits they are, and what is not known of the person.
    source : str
    outer_low, outer_high : float
        The wider limits where the sex is unknown and they differ: `low` and `high` are normal for
        either sex, what lies between is normal for one. Else the same as `low` and `high`.
    """

    name: str
    low: float
    high: float
    low_included: bool
    high_included: bool
    unit: str
    applies_to: str
    source: str
    outer_low: float
    outer_high: float

    @property
    def text(self) -> str:
        """The limits in words, such as ``"120 to 200 ms"`` or ``"up to 110 ms"``."""
        unit = self.unit if self.unit == "°" else f" {self.unit}"
        low, high = (f"{limit:g}".replace("-", "−") for limit in (self.low, self.high))
        lower = "from" if self.low_included else "above"
        upper = "up to" if self.high_included else "below"
        if math.isinf(self.low):
            return f"{upper} {high}{unit}"
        if self.low_included and self.high_included:
            return f"{low} to {high}{unit}"
        return f"{lower} {low} and {upper} {high}{unit}"


@dataclass(frozen=True)
class NoRange:
    """Why there are no normal limits.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    reason : str
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Deviation:
    """Where a value lies.

    Parameters
    ----------
    side : str
        One of `SIDES`.
    by : float
        How far outside, in the unit of the range; 0 within, NaN where the side is not known.
    borderline : bool
        Outside, but normal for one of the sexes, and the sex is unknown.
    """

    side: str
    by: float
    borderline: bool = False


_BOTH = "both sexes"
_ADULTS: Mapping[str, tuple[Mapping[str, _Limits], str]] = MappingProxyType(
    {
        "heart_rate_bpm": ({_BOTH: _Limits(50, 100)}, f"{_KUSUMOTO}; {_PAGE}"),
        "pr_ms": ({_BOTH: _Limits(120, 200)}, f"{_SURAWICZ}; {_KUSUMOTO}"),
        "p_ms": ({_BOTH: _Limits(-math.inf, 120)}, _BAYES),
        "qrs_ms": ({_BOTH: _Limits(-math.inf, 110)}, _SURAWICZ),
        "axis_deg": ({_BOTH: _Limits(-30, 90)}, _SURAWICZ),
        "p_axis_deg": ({_BOTH: _Limits(0, 75)}, _CHEN),
        "t_axis_deg": ({_BOTH: _Limits(15, 75)}, _KORS),
    }
    | {
        name: (
            {
                "male": _Limits(360, 450, low_included=False, high_included=False),
                "female": _Limits(360, 460, low_included=False, high_included=False),
            },
            f"{_RAUTAHARJU}; {_PRIORI}",
        )
        for name in _QTC
    }
)


def normal_range(name: str, *, age_years: float | None, sex: str | None) -> NormalRange | NoRange:
    """Look up the normal limits of a measurement.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    age_years : float or None
        NaN, None, negative, or above 120 (PTB-XL writes 300 for more than 89) where it is unknown:
        the limits are then those of adults, and `NormalRange.applies_to` says so.
    sex : {"female", "male", None}
        Where it is unknown and the limits differ, those that are normal for either sex, with the
        wider ones as `outer_low` and `outer_high`.

    Returns
    -------
    NormalRange or NoRange
        No range where no source was found for this measurement, or for it at this age. So an age
        of exactly 0 has none: files state whole years, and limits change from month to month.

    Raises
    ------
    ValueError
        If there is no such measurement or sex.

    Notes
    -----
    Adults are those from 16 years on, where the tables of children end. Of QTc the upper limits
    were proposed for linear corrections and are used, as is customary, for all formulas; of its
    lower limit see ``docs/physiology.md``.
    """
    if name not in MEASUREMENTS:
        raise ValueError(f"name must be one of {', '.join(MEASUREMENTS)}, got {name!r}")
    if sex is not None and sex not in _SEXES:
        raise ValueError(f"sex must be one of {', '.join(_SEXES)} or None, got {sex!r}")
    if name not in _ADULTS:
        return NoRange(name, _NO_LIMITS.get(name, "no limits were verified"))
    age = math.nan if age_years is None else age_years
    if 0 <= age < _ADULT_YEARS:
        return _of_child(name, age, sex)
    return _of_adult(name, sex, age_is_known=_ADULT_YEARS <= age <= _OLDEST_YEARS)


def _of_adult(name: str, sex: str | None, *, age_is_known: bool) -> NormalRange:
    by_sex, source = _ADULTS[name]
    whom = "adults from 16 years" if age_is_known else "adult limits: the age is unknown"
    if _BOTH in by_sex:
        return _range(name, [by_sex[_BOTH]], whom, source)
    if sex is None:
        return _range(name, list(by_sex.values()), _with_unknown_sex(whom), source)
    return _range(name, [by_sex[sex]], f"{whom}, {'women' if sex == 'female' else 'men'}", source)


def _of_child(name: str, age_years: float, sex: str | None) -> NormalRange | NoRange:
    if name not in PERCENTILES:
        return NoRange(name, "no limits for children were verified")
    if age_years == 0:
        return NoRange(name, "under one year the limits change by the month, the age is in years")
    if age_years < YOUNGEST_YEARS:
        return NoRange(name, "no limits for the first ten days of life were verified")
    group = sum(age_years >= start for start in AGE_LIMITS_YEARS) - 1
    limits = [
        _stricter(name, *PERCENTILES[name][each][group], age_years)
        for each in (_SEXES if sex is None else (sex,))
    ]
    ages = f"from {_age(AGE_LIMITS_YEARS[group])} to {_age(AGE_LIMITS_YEARS[group + 1])}"
    whom = f"{ {'female': 'girls', 'male': 'boys', None: 'children'}[sex] } {ages}"
    source = f"{_RIJNBEEK}; {_SURAWICZ}" if name in ("qrs_ms", "axis_deg") else _RIJNBEEK
    return _range(name, limits, _with_unknown_sex(whom) if sex is None else whom, source)


def _stricter(name: str, low: float, high: float, age_years: float) -> _Limits:
    """Narrow percentiles to what the AHA/ACCF/HRS recommendations call normal."""
    if name == "qrs_ms":
        prolonged = AHA_QRS.at(age_years)[1]
        return _Limits(low, min(high, prolonged), high_included=high < prolonged)
    if name == "axis_deg":
        stated = AHA_AXIS.at(age_years)
        return _Limits(max(low, stated[0]), min(high, stated[1]))
    return _Limits(low, high)


def _range(name: str, limits: list[_Limits], applies_to: str, source: str) -> NormalRange:
    low, high = max(each.low for each in limits), min(each.high for each in limits)
    return NormalRange(
        name=name,
        low=low,
        high=high,
        low_included=all(each.low_included for each in limits if each.low == low),
        high_included=all(each.high_included for each in limits if each.high == high),
        unit=MEASUREMENTS[name].unit,
        applies_to=applies_to,
        source=source,
        outer_low=min(each.low for each in limits),
        outer_high=max(each.high for each in limits),
    )


def _with_unknown_sex(whom: str) -> str:
    return f"{whom}; the sex is unknown: normal for either"


def _age(years: float) -> str:
    if years == 0:
        return "11 days"
    number, unit = (round(years), "year") if years >= 1 else (round(12 * years), "month")
    return f"{number} {unit}{'s' * (number > 1)}"


def deviation(
    value: float, limits: NormalRange | NoRange, *, uncertain: str | None = None
) -> Deviation:
    """Say on which side of its normal limits a value lies, and by how much.

    Parameters
    ----------
    value : float
        In the unit of the range; NaN where not measurable.
    limits : NormalRange or NoRange
        As `normal_range` gives them.
    uncertain : str, optional
        Why the value may be wrong (`Measurements.uncertain`).

    Returns
    -------
    Deviation
        An uncertain value lies on no side. A limit that is itself abnormal is exceeded by 0. An
        axis outside lies on the side it is nearer to, round the circle.
    """
    if not math.isfinite(value):
        return Deviation("not measurable", math.nan)
    if isinstance(limits, NoRange):
        return Deviation("no range", math.nan)
    if uncertain:
        return Deviation("uncertain", math.nan)
    below, above = _outside(value, limits, limits.low, limits.high)
    too_low = below > 0 or (below == 0 and not limits.low_included)
    too_high = above > 0 or (above == 0 and not limits.high_included)
    if not (too_low or too_high):
        return Deviation("within", 0.0)
    side, by, outer = (
        ("below", below, limits.low > limits.outer_low)
        if too_low
        else ("above", above, limits.high < limits.outer_high)
    )
    beyond = max(_outside(value, limits, limits.outer_low, limits.outer_high))
    return Deviation(side, by, borderline=outer and beyond < 0)


def _outside(value: float, limits: NormalRange, low: float, high: float) -> tuple[float, float]:
    """Return how far a value is below `low` and above `high`; negative where it is not."""
    if limits.unit != "°":
        return low - value, value - high
    past_low = (value - low) % 360
    if past_low <= high - low:
        return -past_low, past_low - (high - low)
    below, above = 360 - past_low, past_low - (high - low)
    return (below, -math.inf) if below < above else (-math.inf, above)
