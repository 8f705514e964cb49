"""Text that stays within a width: broken into lines, or cut with a mark."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from itertools import accumulate

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath

__all__ = ["FONT", "cut_to_width", "printable", "text_width_mm", "wrap_to_width"]

FONT = "DejaVu Sans"
"""Ships with matplotlib, so that a page looks alike everywhere."""

_MM_PER_POINT = 25.4 / 72
_MARK, _NO_GLYPH = "…", "□"


def printable(text: str) -> str:
    """Return the text with a box for each letter the font lacks, a blank for each control."""
    known = _letters()
    return "".join(
        letter if ord(letter) in known else _NO_GLYPH if letter.isprintable() else " "
        for letter in text
    )


def text_width_mm(text: str, points: float, *, bold: bool = False) -> float:
    """Return how wide a line is set, in mm."""
    return sum(_advance_of_1_point(letter, bold) for letter in text) * points * _MM_PER_POINT


def cut_to_width(text: str, width_mm: float, points: float, *, bold: bool = False) -> str:
    """Return the text as it can be set, or what of it fits with a mark that it goes on."""
    text = printable(text)
    if text_width_mm(text, points, bold=bold) <= width_mm:
        return text
    room = width_mm / (points * _MM_PER_POINT) - _advance_of_1_point(_MARK, bold)
    ends = list(accumulate(_advance_of_1_point(letter, bold) for letter in text))
    return text[: bisect_right(ends, room)].rstrip() + _MARK


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
        for word in printable(paragraph).split():
            longer = f"{lines[-1]} {word}".lstrip()
            if lines[-1] and text_width_mm(longer, points) > width_mm:
                lines.append(word)
            else:
                lines[-1] = longer
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} {_MARK}"]
    return [cut_to_width(line, width_mm, points) for line in lines]


@cache
def _letters() -> frozenset[int]:
    """Return the code points that both weights of the font have, controls left out."""
    weights = (FontProperties(family=FONT, weight=weight) for weight in ("normal", "bold"))
    normal, bold = (set(get_font(findfont(weight)).get_charmap()) for weight in weights)
    return frozenset(code for code in normal & bold if chr(code).isprintable())


@cache
def _advance_of_1_point(letter: str, bold: bool) -> float:
    font = FontProperties(family=FONT, weight="bold" if bold else "normal", size=100)
    width, _, _ = TextToPath().get_text_width_height_descent(letter, font, ismath=False)
    return float(width) / 100
