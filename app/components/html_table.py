"""A plain table in HTML: readable by screen readers, selectable, the same in both themes."""

from __future__ import annotations

import html
from collections.abc import Sequence

__all__ = ["Html", "html_table"]


class Html(str):
    """Markup of our own making; every other string is escaped."""

    __slots__ = ()


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Sequence[int] = (),
    caption: str = "",
    label: str = "",
) -> str:
    """Write a table.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
        One string a cell; `Html` is taken as it is.
    numeric : sequence of int
        Columns set flush right.
    caption : str
        A line beneath the table.
    label : str
        The table's name for screen readers.

    Returns
    -------
    str
        HTML.
    """
    head = "".join(_cell("th", cell, i in numeric, ' scope="col"') for i, cell in enumerate(header))
    body = "".join(
        f"<tr>{''.join(_cell('td', cell, i in numeric) for i, cell in enumerate(row))}</tr>"
        for row in rows
    )
    below = f"<caption>{_escaped(caption)}</caption>" if caption else ""
    return (
        f'<div class="pc-scroll"><table class="pc-table" aria-label="{html.escape(label)}">{below}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(tag: str, content: str, numeric: bool, scope: str = "") -> str:
    numeric_class = ' class="pc-number"' if numeric else ""
    return f"<{tag}{scope}{numeric_class}>{_escaped(content)}</{tag}>"


def _escaped(content: str) -> str:
    return content if isinstance(content, Html) else html.escape(content)
