"""Text that stays within a width: broken into lines, or cut with a mark."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

__all__ = ["FONT", "cut_to_width", "text_width_mm", "wrap_to_width"]

FONT = "DejaVu Sans"
"""Ships with matplotlib, so that a page looks alike everywhere."""

_MM_PER_POINT = 25.4 / 72
_MARK = "…"


def text_width_mm(text: str, points: float, *, bold: bool = False) -> float:
    """Return how wide a line is set, in mm."""
    return sum(_advance_of_1_point(letter, bold) for letter in text) * points * _MM_PER_POINT


def cut_to_width(text: str, width_mm: float, points: float, *, bold: bool = False) -> str:
    """Return the text, or as much of it as fits with a mark that it goes on."""
    if text_width_mm(text, points, bold=bold) <= width_mm:
        return text
    kept = text
    while kept and text_width_mm(kept.rstrip() + _MARK, points, bold=bold) > width_mm:
        kept = kept[:-1]
    return kept.rstrip() + _MARK


def wrap_to_width(text: str, width_mm: float, points: float, *, most: int) -> list[str]:
    """Break a text into lines.

    Parameters
    ----------
    text : str
        Its own line breaks are kept.
    width_mm : float
    points : float
    most : int
        Lines there is room for, at least 1; the last one is cut with a mark if there are more.

    Returns
    -------
    list of str
    """
    lines = [""]
    for number, paragraph in enumerate(text.splitlines()):
        if number:
            lines.append("")
        for word in paragraph.split():
            longer = f"{lines[-1]} {word}".lstrip()
            if lines[-1] and text_width_mm(longer, points) > width_mm:
                lines.append(word)
            else:
                lines[-1] = longer
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} {_MARK}"]
    return [cut_to_width(line, width_mm, points) for line in lines]


@cache
def _advance_of_1_point(letter: str, bold: bool) -> float:
    font = FontProperties(family=FONT, weight="bold" if bold else "normal", size=100)
    width, _, _ = TextToPath().get_text_width_height_descent(letter, font, ismath=False)
    return float(width) / 100
