"""Probes side by side: the macro AUROC of each model with its interval."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from physioclr.probe.result import MACRO, ProbeResult, comparison_table

__all__ = ["comparison_figure"]

_ROW_PX, _MARGIN_PX = 26, 110


def comparison_figure(results: Mapping[str, ProbeResult], *, title: str) -> go.Figure:
    """Draw one row a model: the macro AUROC and its 95 % interval; labels can be chosen.

    Parameters
    ----------
    results : mapping of str to ProbeResult
        By model, of the same records.
    title : str

    Returns
    -------
    plotly.graph_objects.Figure
        The macro mean is shown; each label is a trace that the legend switches on.
    """
    table = comparison_table(results)
    figure = go.Figure()
    for label in dict.fromkeys(table["label"]):
        rows = table[(table["label"] == label) & table["auroc"].notna()]
        if rows.empty:
            continue
        figure.add_trace(
            go.Scatter(
                x=rows["auroc"],
                y=rows["model"],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": rows["auroc_high"] - rows["auroc"],
                    "arrayminus": rows["auroc"] - rows["auroc_low"],
                },
                mode="markers",
                name="macro mean" if label == MACRO else label,
                text=rows["text"],
                hovertemplate="%{y}<br>%{text}<extra>%{fullData.name}</extra>",
                visible=True if label == MACRO else "legendonly",
            )
        )
    figure.update_layout(
        title=title,
        height=_MARGIN_PX + _ROW_PX * len(results),
        margin={"l": 10, "r": 10, "t": 50, "b": 40},
        template="simple_white",
        legend_title="Label",
        showlegend=True,
    )
    figure.update_xaxes(title="AUROC [95 % CI]", showgrid=True)
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure
