"""The colours of the figures, one set for the light theme and one for the dark."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DARK", "LIGHT", "Palette", "palette_for"]


@dataclass(frozen=True)
class Palette:
    """Colours as CSS strings.

    `series` holds four hues that stay apart for colour-blind readers (after Okabe and Ito 2008),
    tuned to the background they stand on.
    """

    paper: str
    grid_minor: str
    grid_major: str
    ink: str
    ink_muted: str
    trace: str
    trace_behind: str
    accent: str
    background: str
    not_measurable: str
    grid_line: str
    is_dark: bool
    series: tuple[str, str, str, str]


LIGHT = Palette(
    paper="#FFF9F7",
    grid_minor="#F8E0DB",
    grid_major="#EDB6AE",
    ink="#1B2430",
    ink_muted="#5B6675",
    trace="#12161C",
    trace_behind="#2A72D4",
    accent="#0B6E6E",
    background="#FFFFFF",
    not_measurable="#868F9B",
    grid_line="#DDE2E8",
    is_dark=False,
    series=("#0B6E6E", "#C8591B", "#3E63B0", "#8C5A9E"),
)

DARK = Palette(
    paper="#171316",
    grid_minor="#2A2024",
    grid_major="#4E3138",
    ink="#E6EAF0",
    ink_muted="#9AA5B4",
    trace="#EAF3F0",
    trace_behind="#3F86D6",
    accent="#4FC3BD",
    background="#0F141A",
    not_measurable="#5A6470",
    grid_line="#2D3742",
    is_dark=True,
    series=("#4FC3BD", "#F0955A", "#8FB0F2", "#CE9BE0"),
)


def palette_for(theme: str | None) -> Palette:
    """Return the palette of a Streamlit theme type, ``"light"`` where it is not known yet."""
    return DARK if theme == "dark" else LIGHT
