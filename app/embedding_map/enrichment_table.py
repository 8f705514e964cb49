"""What sets a selection apart, as a table: the strongest first, each with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.components.html_table import Html, html_table
from physioclr.physiology.measurements import MEASUREMENTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["enrichment_table"]

_ALPHA = 0.05
_SHOWN = 16
# What says again what a row of the table says.
_QTC = {name for name in MEASUREMENTS if name.startswith("qtc_")}
_SAID_BY_ANOTHER = {"rr_ms", "n_beats", "qt_ms"} | _QTC - {"qtc_fridericia_ms"}
_EFFECT = ("effect", "effect_low", "effect_high")


def enrichment_table(table: pd.DataFrame, *, everything: bool = False) -> str:
    """Write what `compare_selection` found as an HTML table.

    Parameters
    ----------
    table : DataFrame
        Of which the measurements and labels that differ by more than chance are shown, at most 16;
        of the ways to correct QT the one of Fridericia.
    everything : bool
        Whether also what does not differ is shown, and however much it is.

    Returns
    -------
    str
    """
    table = _told_apart(table[~table["name"].isin(_SAID_BY_ANOTHER)])
    apart = table[table["p_corrected"] < _ALPHA]
    shown = table if everything else apart.head(_SHOWN)
    below = f"{len(apart)} of {len(table)} differ by more than chance (corrected p below {_ALPHA})."
    if len(apart) > len(shown):
        below += f" The {_SHOWN} that differ most are shown."
    note = (
        "Difference of a number: Cliff’s δ, from −1 (every selected ECG has the lower value) to 1 "
        "(every one the higher); of a label: percentage points. In brackets 95 %, by patient. p is "
        "corrected for the number of comparisons. The map itself was laid out by what the encoder "
        "sees, so this describes a group; it does not test a hypothesis."
    )
    if shown.empty:
        return f'<p class="pc-quiet" role="status">Nothing sets these ECGs apart: {below}</p>'
    return html_table(
        ["", "Selected", "Others", "Difference", "p"],
        [_row(row) for row in shown.to_dict("records")],
        numeric=(1, 2, 3, 4),
        caption=f"{below} {note}",
        label="What sets the selection apart",
    )


def _told_apart(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out what another label set says too; name the set where two share a label's name."""
    is_label = table["kind"] == "label"
    again = table.duplicated(["label", "selected", "rest", "n_selected", "n_rest"]) & is_label
    table = table[~again]
    shared = table.duplicated("label", keep=False) & (table["kind"] == "label")
    label_set = table["name"].str.split("/").str[0]
    return table.assign(
        label=table["label"].where(~shared, table["label"] + " (" + label_set + ")")
    )


def _row(row: Mapping[Any, Any]) -> list[str]:
    if math.isnan(row["effect"]):
        return [str(row["label"]), "–", "–", "–", "–"]
    is_share = row["kind"] in ("label", "statement") or row["name"] == "sex"
    if is_share:
        values = [f"{100 * row[side]:.0f} %" for side in ("selected", "rest")]
        effects = [_signed(100 * row[part], 0) for part in _EFFECT]
        unit = " pp"
    else:
        decimals = _decimals(str(row["name"]))
        suffix = f" {row['unit']}" if row["unit"] else ""
        values = [f"{row[side]:.{decimals}f}{suffix}" for side in ("selected", "rest")]
        effects = [_signed(row[part], 2) for part in _EFFECT]
        unit = ""
    effect = f'{effects[0]}{unit} <span class="pc-quiet">[{effects[1]}, {effects[2]}]</span>'
    return [str(row["label"]), *values, Html(f'<span class="pc-share">{effect}</span>'), _p(row)]


def _decimals(name: str) -> int:
    if name in MEASUREMENTS:
        return MEASUREMENTS[name].decimals
    return 2 if name == "quality_score" else 0


def _signed(value: float, decimals: int) -> str:
    shown = round(value, decimals) + 0.0
    return f"{shown:+.{decimals}f}".replace("-", "−") if shown else f"{0:.{decimals}f}"


def _p(row: Mapping[Any, Any]) -> str:
    value = float(row["p_corrected"])
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
