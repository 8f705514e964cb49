"""Two ECGs' measurements side by side, and whether they differ by more than noise."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

from app.components.html_table import Html, html_table
from app.components.measurement_table import AMPLITUDE_LABELS, decimal, number, signed
from physioclr.physiology.comparison import MeasurementDifference, compare_leads
from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.repeatability import Repeatability

__all__ = ["amplitude_differences", "difference_table", "noise_sentence"]

_NOISE = {"within a recording": "in one recording", "between recordings": "between two"}
"""Kind of pair → how its noise is called, in the order of the columns."""

_SIDES = {"before": "earlier", "after": "later"}


def difference_table(
    differences: Sequence[MeasurementDifference], names: Sequence[str], *, label: str
) -> str:
    """Return some measurements of two ECGs as an HTML table.

    Parameters
    ----------
    differences : sequence of MeasurementDifference
        In any order.
    names : sequence of str
        Which of them are shown, in this order.
    label : str
        The table's name for screen readers.

    Returns
    -------
    str
    """
    by_name = {row.name: row for row in differences}
    return html_table(
        [
            "Measurement",
            "Earlier",
            "Later",
            "Difference",
            *(f"Noise {called}" for called in _NOISE.values()),
            "The difference is",
        ],
        [_row(by_name[name]) for name in names],
        numeric=range(1, 4 + len(_NOISE)),
        label=label,
    )


def noise_sentence(differences: Sequence[MeasurementDifference]) -> str:
    """Say what the two kinds of noise are, and on how many pairs each was measured."""
    pairs = {
        kind: [row.measured[kind].n_pairs for row in differences if kind in row.measured]
        for kind in _NOISE
    }
    within, between = (_span(pairs[kind]) for kind in _NOISE)
    return (
        "Noise: what 95 of 100 differences of an unchanged heart stay below (PTB-XL). In one "
        f"recording: between its two halves of 5 s ({within} pairs). Between two: recordings of "
        "one patient, with another hour, posture and placement of the electrodes "
        f"({between} pairs, so roughly known). A difference that is more than the first alone need "
        "not be a change of the heart."
    )


def amplitude_differences(before: Measurements, after: Measurements) -> str:
    """Return how the amplitudes of each lead differ as an HTML table, in mV."""
    change = compare_leads(before, after)
    old, new = (side.leads.reindex(change.index) for side in (before, after))
    rows = [
        [
            str(lead),
            *(
                _from_to(*(float(of.loc[lead, column]) for of in (change, old, new)))
                for column in change.columns
            ),
        ]
        for lead in change.index
    ]
    return html_table(
        ["Lead", *(AMPLITUDE_LABELS[str(column)] for column in change.columns)],
        rows,
        numeric=range(1, 1 + len(change.columns)),
        caption="Later less earlier, and from what to what, in mV; – is not measurable. How well "
        f"amplitudes repeat was not measured. {_lead_reasons(before, after)}",
        label="Differences of amplitudes",
    )


def _row(row: MeasurementDifference) -> list[str]:
    kind = MEASUREMENTS[row.name]
    return [
        kind.label,
        number(row.before, row.name),
        number(row.after, row.name),
        signed(row.difference, kind.decimals),
        *(_limit(row.measured.get(noise), kind.decimals) for noise in _NOISE),
        _verdict(row),
    ]


def _limit(measured: Repeatability | None, decimals: int) -> str:
    return "–" if measured is None else f"± {measured.limit:.{decimals}f}"


def _verdict(row: MeasurementDifference) -> str:
    if math.isnan(row.difference):
        return _wrapped(_reasons(row.reasons))
    if row.uncertainties:
        return _wrapped(f"uncertain: {_reasons(row.uncertainties)}")
    exceeded = row.exceeded_kinds
    if exceeded is None:
        return ""
    more = " and ".join(called for kind, called in _NOISE.items() if kind in exceeded)
    less = " and ".join(
        called for kind, called in _NOISE.items() if kind in row.measured and kind not in exceeded
    )
    if not more:
        return _wrapped("within noise")
    if less:
        return _wrapped(f"more than noise {more}, not {less}")
    return Html(f'<span class="pc-wrap">more than noise {html.escape(more)}</span>')


def _reasons(reasons: Mapping[str, str]) -> str:
    said = {side: why.removeprefix("not measurable: ") for side, why in reasons.items()}
    if len(said) > 1 and len(set(said.values())) == 1:
        return f"both: {next(iter(said.values()))}"
    return "; ".join(f"{_SIDES[side]}: {why}" for side, why in said.items())


def _wrapped(words: str) -> str:
    return Html(f'<span class="pc-wrap pc-quiet">{html.escape(words)}</span>')


def _from_to(change: float, old: float, new: float) -> str:
    if math.isnan(old) and math.isnan(new):
        return "–"
    between = html.escape(f"{decimal(old, 2)} → {decimal(new, 2)}")
    return Html(f'{signed(change, 2)} <span class="pc-quiet">{between}</span>')


def _lead_reasons(before: Measurements, after: Measurements) -> str:
    by_side = {
        "before": {name: why for name, why in before.reasons.items() if name not in MEASUREMENTS},
        "after": {name: why for name, why in after.reasons.items() if name not in MEASUREMENTS},
    }
    leads = dict.fromkeys((*by_side["before"], *by_side["after"]))
    return " ".join(
        f"{lead}, {_reasons({side: of[lead] for side, of in by_side.items() if lead in of})}."
        for lead in leads
    )


def _span(numbers: Sequence[int]) -> str:
    if not numbers:
        return "0"
    least, most = min(numbers), max(numbers)
    return f"{most}" if least == most else f"{least} to {most}"
