"""A map has no more colours than Plotly's WebGL can tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from app.components.palette import DARK, LIGHT
from app.embedding_map.scatter import Numbers, Points, map_figure

_PALETTE = 255  # regl-scatter2d's, in plotly.js 4.1


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
