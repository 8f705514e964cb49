"""The colours keep the contrast of WCAG 2.2: 4.5 for text (1.4.3), 3 for lines (1.4.11)."""

import re
import tomllib

import pytest

from app.components.frame import _STYLE
from app.components.palette import DARK, LIGHT
from physioclr.runtime.shipped_files import bundled

TEXT, LINE = 4.5, 3.0


def rgb(colour):
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(channels):
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [channel / 255 for channel in channels]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(front, behind):
    lighter, darker = sorted((luminance(front), luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour, share, other):
    """CSS color-mix in sRGB."""
    return [share * a + (1 - share) * b for a, b in zip(rgb(colour), rgb(other), strict=True)]


def test_contrast_is_21_from_black_to_white_and_1_to_itself():
    assert contrast(rgb("#000000"), rgb("#FFFFFF")) == pytest.approx(21)
    assert contrast(rgb("#B4520F"), rgb("#B4520F")) == 1


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "ink_muted", "accent"])
@pytest.mark.parametrize("behind", ["paper", "background"])
def test_text_can_be_read(palette, name, behind):
    assert contrast(rgb(getattr(palette, name)), rgb(getattr(palette, behind))) >= TEXT


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["trace", "trace_behind"])
@pytest.mark.parametrize("behind", ["paper", "grid_minor"])
def test_a_trace_stands_out_from_the_paper(palette, name, behind):
    assert contrast(rgb(getattr(palette, name)), rgb(getattr(palette, behind))) >= LINE


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_two_traces_of_an_overlay_stand_out_from_each_other(palette):
    assert contrast(rgb(palette.trace), rgb(palette.trace_behind)) >= LINE


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_drawn_in_a_figure_stands_out(palette):
    for colour in (*palette.series, palette.not_measurable):
        assert contrast(rgb(colour), rgb(palette.background)) >= LINE
    for colour in palette.series:
        assert contrast(rgb(colour), rgb(palette.paper)) >= LINE


@pytest.fixture(params=["light", "dark"])
def theme(request):
    config = tomllib.loads((bundled("app") / ".streamlit/config.toml").read_text("utf-8"))
    return config["theme"][request.param]


def test_what_is_outside_the_limits_can_be_read_in_both_themes(theme):
    rule = next(line for line in _STYLE.split("}") if line.strip().startswith(".pc-outside"))
    mix = re.search(r"color-mix\(in srgb, (#\w{6}) (\d+)%, currentColor\)", rule)
    colour = mixed(mix[1], int(mix[2]) / 100, theme["textColor"])
    assert contrast(colour, rgb(theme["backgroundColor"])) >= TEXT
    assert contrast(colour, rgb(theme["secondaryBackgroundColor"])) >= TEXT


def test_quiet_text_can_be_read_in_both_themes(theme):
    for opacity in map(float, re.findall(r"opacity: ([\d.]+)", _STYLE)):
        quiet = mixed(theme["textColor"], opacity, theme["backgroundColor"])
        assert contrast(quiet, rgb(theme["backgroundColor"])) >= TEXT
