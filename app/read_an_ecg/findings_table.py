"""What the criteria find, critical values first, each with its evidence."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from app.components.html_table import Html, html_table

if TYPE_CHECKING:
    from physioclr.interpretation.reading import Reading, Row

__all__ = ["critical_notice", "findings_table", "others_table"]

_SHOWN = 4


def critical_notice(reading: Reading) -> str:
    """Write the critical values above everything else; empty where there is none.

    Parameters
    ----------
    reading : Reading

    Returns
    -------
    str
        HTML.
    """
    said = [f"<b>{html.escape(row.text)}</b>: {_evidence(row, 2)}" for row in reading.critical]
    if not said:
        return ""
    return (
        '<div class="pc-facts pc-critical" role="alert" aria-label="Critical values"><span>'
        f"▲ Critical by criteria: {'; '.join(said)}</span></div>"
    )


def findings_table(reading: Reading) -> str:
    """Write the findings as a table.

    Parameters
    ----------
    reading : Reading

    Returns
    -------
    str
        HTML. What is absent, or could not be assessed, is in `others_table`.
    """
    rows = [_row(row) for row in reading.findings]
    notes = " ".join(reading.notes)
    if not rows:
        return f'<p class="pc-quiet" role="status">No finding. {html.escape(notes)}</p>'
    return html_table(
        ["Finding", "State", "Evidence"], rows, caption=notes, label="Findings by criteria"
    )


def others_table(reading: Reading) -> str:
    """Write what could not be assessed, and why, then what is absent.

    Parameters
    ----------
    reading : Reading

    Returns
    -------
    str
        HTML.
    """
    shown = set(reading.findings)
    rest = [row for row in reading.statements if row not in shown]
    rest.sort(key=lambda row: row.shown == "absent")
    return html_table(
        ["Finding", "State", "Evidence"], [_row(row) for row in rest], label="Other statements"
    )


def _row(row: Row) -> list[str]:
    mark = "▲ " if row.is_critical else ""
    name = html.escape(f"{mark}{row.text}")
    sure = "" if math.isnan(row.certainty) else f" {100 * row.certainty:.0f} %"
    return [
        Html(f"<b>{name}</b>" if row.is_critical else name),
        Html(f'{html.escape(row.shown)}<span class="pc-quiet">{sure}</span>'),
        Html(f"{_evidence(row, _SHOWN)}{_criterion(row)}"),
    ]


def _evidence(row: Row, most: int) -> str:
    texts = () if row.statement is None else row.statement.evidence_texts
    said = [*texts[:most], *([f"{len(texts) - most} more"] if len(texts) > most else [])]
    return html.escape("; ".join([*said, *([row.reason] if row.reason else [])]))


def _criterion(row: Row) -> str:
    if row.statement is None:
        return ""
    rule = html.escape(f"{row.statement.criterion}. {row.statement.source}")
    return f'<details class="pc-why"><summary class="pc-quiet">criterion</summary>{rule}</details>'
