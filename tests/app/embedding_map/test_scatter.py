"""The figure of the map: its size, its colours, and what is not known."""

from __future__ import annotations

import re

import numpy as np
import pytest

from app.components.palette import DARK, LIGHT
from app.embedding_map.scatter import Groups, Numbers, Points, colour_note, map_figure

_PALETTE = 255  # regl-scatter2d's, in plotly.js 4.1


def points(n, *, seed=0):
    rng = np.random.default_rng(seed)
    ids = np.array([f"ecg-{row:06d}" for row in range(n)], dtype=object)
    return Points(rng.normal(size=(n, 2)).astype(np.float32), np.arange(n), ids)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_twenty_thousand_points_fit_into_a_megabyte_and_a_half(palette):
    values = np.random.default_rng(1).normal(size=20_000)
    groups = np.arange(20_000) % 12
    for colours in (
        Numbers("QRS duration", "ms", 0, values),
        Groups("Rhythm", tuple("ABCDEFGHIJKL"), groups),
    ):
        figure = map_figure(points(20_000), colours, palette)
        assert len(figure.to_json(validate=False)) <= 1.5e6  # the goal for the page
        assert len(figure.data) <= 13


def test_the_scale_ends_at_percentiles_and_what_is_not_measurable_is_grey_and_counted():
    values = np.arange(1000.0)
    values[:17] = np.nan
    values[-1] = 1e6
    colours = Numbers("RR interval", "ms", 0, values)
    figure = map_figure(points(1000), colours, LIGHT)
    unknown, known = figure.data
    assert unknown.name == "not measurable (17)"
    assert unknown.marker.color == LIGHT.not_measurable
    assert known.marker.cmin == pytest.approx(np.nanpercentile(values, 2))
    assert known.marker.cmax == pytest.approx(np.nanpercentile(values, 98))
    assert "2nd to the 98th percentile" in colour_note(colours)
    assert "not measurable, 17 ECGs" in colour_note(colours)
    assert known.marker.colorbar.ticktext[-1].startswith("≥")


def test_what_is_not_known_is_called_by_why(small_cohort):
    values = np.array([1.0, np.nan, 3.0])
    age = Numbers("Age", "years", 0, values, unknown="not stated")
    figure = map_figure(points(3), age, LIGHT)
    assert figure.data[0].name == "not stated (1)"
    assert "Grey: not stated, 1 ECGs" in colour_note(age)


def test_a_group_keeps_its_colour_whatever_part_is_shown():
    codes = np.repeat([0, 1, 2], [10, 30, 20])
    groups = Groups("Rhythm", ("a", "b", "c"), codes)

    def hues(here):
        figure = map_figure(points(int(here.sum())), groups.of(here), LIGHT)
        return {trace.name.split()[0]: trace.marker.color for trace in figure.data}

    whole = hues(np.ones(60, dtype=bool))
    assert len(set(whole.values())) == 3
    few_b = np.arange(60) % 30 < 11  # of b fewer than of a
    assert hues(few_b) == whole
    only = hues(codes != 1)
    assert only == {name: hue for name, hue in whole.items() if name != "b"}


def test_the_colours_of_a_scale_are_perceptually_even():
    figure = map_figure(points(100), Numbers("Age", "years", 0, np.arange(100.0)), LIGHT)
    scale = [colour for _, colour in figure.data[0].marker.colorscale][::8]  # each fourth step
    rgb = np.array([re.findall(r"\d+", colour)[:3] for colour in scale], dtype=float) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]  # IEC 61966-2-1
    lightness = np.diff(116 * np.cbrt(luminance) - 16)
    assert (lightness > 0).all()
    # Viridis rises evenly in CIELAB lightness; 8-bit colours are off by up to one of 256 steps.
    assert lightness.max() < 1.6 * lightness.min()


def test_an_angle_has_a_scale_that_closes():
    figure = map_figure(
        points(10), Numbers("QRS axis", "°", 0, np.linspace(-180, 180, 10), cyclic=True), LIGHT
    )
    scale = figure.data[0].marker.colorscale
    assert scale[0][1] == scale[-1][1]


def test_more_groups_than_colours_become_others():
    groups = np.arange(3000) % 30
    figure = map_figure(points(3000), Groups("Set", tuple(map(str, range(30))), groups), LIGHT)
    looks = {(trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert len(looks) == len(figure.data) == 19
    assert figure.data[-1].name == "others (1,200)"
    assert sum(len(trace.x) for trace in figure.data) == 3000


def colours_of(palette, *, cyclic):
    rng = np.random.default_rng(0)
    n = 2000
    points = Points(
        rng.normal(size=(n, 2)).astype(np.float32), np.arange(n), np.arange(n).astype(str)
    )
    numbers = Numbers("Heart rate", "bpm", 0, rng.uniform(-180, 180, n), cyclic=cyclic)
    scale = map_figure(points, numbers, palette).data[0].marker.colorscale
    assert scale[0][0] == 0.0
    assert scale[-1][0] == 1.0
    return {colour for _, colour in scale}


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_all_that_a_map_shows_one_after_another_fits_the_palette(palette):
    scales = colours_of(palette, cyclic=False) | colours_of(palette, cyclic=True)
    groups_and_marks = 2 * 12 + 10
    assert 2 * len(scales) + groups_and_marks <= _PALETTE  # whole, and faded by a selection
