"""Clusters of a map: found where they are, named by what sets them apart, and by nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from physioclr.explore.clusters import NOTHING_APART, find_clusters, name_clusters

N = 100


@pytest.fixture(scope="module")
def three():
    """Three dense groups of 200, 100 and 60 points and 20 far from all of them."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [200, 100, 60])
    centres = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
    points = centres[group] + rng.normal(size=(360, 2))
    stray = np.column_stack([np.arange(20) * 40.0 + 100, np.full(20, -300.0)])
    return np.concatenate([points, stray]), np.concatenate([group, np.full(20, -1)])


def test_dense_groups_are_found_the_largest_first(three):
    points, group = three
    order = np.random.default_rng(1).permutation(len(points))
    found = find_clusters(points[order], min_cluster_size=25)
    # HDBSCAN leaves some of a group's rim out; it may not give a point to another group.
    for cluster in range(3):
        own = found[group[order] == cluster]
        assert set(own) <= {cluster, -1}
        assert (own == cluster).mean() > 0.8
    assert (found[group[order] == -1] == -1).all()


def uneven(n, seed=0):
    """Thirty groups of unequal width, and a twentieth of the points anywhere."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 30, n)
    widths = rng.uniform(0.1, 0.9, 30)[group]
    points = rng.uniform(-10, 10, (30, 2))[group] + rng.normal(size=(n, 2)) * widths[:, None]
    points[: n // 20] = rng.uniform(-12, 12, (n // 20, 2))
    return points.astype(np.float32)


@pytest.mark.parametrize("size", [25, 60])
def test_the_near_pairs_give_the_clusters_that_all_pairs_give(size, monkeypatch):
    from physioclr.explore import clusters as map_clusters

    points = uneven(12_000)
    found = find_clusters(points, min_cluster_size=size)
    monkeypatch.setattr(map_clusters, "_ALL_PAIRS_UP_TO", len(points))
    expected = find_clusters(points, min_cluster_size=size)
    # 0.993 to 0.995 in six such maps: a rim falls otherwise where a joint is missed.
    assert adjusted_rand_score(expected, found) > 0.98


def test_points_that_coincide_or_lie_on_a_line_are_clustered(monkeypatch):
    from physioclr.explore import clusters as map_clusters

    monkeypatch.setattr(map_clusters, "_ALL_PAIRS_UP_TO", 0)
    line = np.concatenate([np.arange(300) * 0.01, 50 + np.arange(200) * 0.01, np.full(60, 80.0)])
    found = find_clusters(np.column_stack([line, line]), min_cluster_size=25)
    for cluster, part in enumerate((slice(0, 300), slice(300, 500), slice(500, 560))):
        # The ends of a line are less dense than its middle.
        assert (found[part] == cluster).mean() > 0.8
    assert len(find_clusters(np.zeros((100, 2)), min_cluster_size=25)) == 100


def test_fewer_ecgs_than_a_cluster_has_are_in_none():
    assert (find_clusters(np.zeros((10, 2)), min_cluster_size=25) == -1).all()


def cohort(**measurements):
    return SimpleNamespace(measurements=pd.DataFrame(measurements))


@pytest.fixture
def measured():
    rng = np.random.default_rng(2)
    return {
        "heart_rate_bpm": rng.normal(70, 8, 3 * N),
        "qrs_ms": rng.normal(90, 8, 3 * N),
        "rr_irregularity_pct": rng.normal(3, 1, 3 * N),
    }


def test_a_cluster_is_named_by_what_sets_it_apart(measured):
    measured["heart_rate_bpm"][:N] += 60
    measured["rr_irregularity_pct"][:N] += 20
    measured["qrs_ms"][N : 2 * N] += 50
    clusters = np.repeat([0, 1, -1], N)
    names = name_clusters(clusters, np.arange(3 * N), cohort(**measured))
    assert names[0] in ("1: fast, irregular", "1: irregular, fast")
    assert names[1].startswith("2: wide QRS")
    assert set(names) == {0, 1}


def test_a_cluster_like_the_rest_is_not_given_a_name_by_chance(measured):
    clusters = np.repeat([0, 1, -1], N)
    names = name_clusters(clusters, np.arange(3 * N), cohort(**measured))
    assert set(names.values()) == {f"1: {NOTHING_APART}", f"2: {NOTHING_APART}"}
    few = np.where(np.arange(3 * N) < 3, 0, -1)  # three ECGs: what they share may be chance
    measured["heart_rate_bpm"][:3] += 8
    assert name_clusters(few, np.arange(3 * N), cohort(**measured)) == {0: f"1: {NOTHING_APART}"}


def test_what_is_not_measurable_is_not_compared_and_rows_are_those_of_the_store(measured):
    measured["heart_rate_bpm"][:N] += 60
    measured["heart_rate_bpm"][: N // 2] = np.nan
    backwards = np.arange(3 * N)[::-1]
    clusters = np.repeat([-1, 1, 0], N)  # the fast ones come last on the map
    names = name_clusters(clusters, backwards, cohort(**measured))
    assert names[0] == "1: fast"


def test_a_map_without_clusters_has_no_names(measured):
    assert name_clusters(np.full(3 * N, -1), np.arange(3 * N), cohort(**measured)) == {}


def test_cliffs_delta_is_the_difference_of_the_two_shares_of_pairs():
    from physioclr.explore.clusters import _apart

    rng = np.random.default_rng(3)
    values = rng.integers(0, 5, size=40).astype(float)
    clusters = np.repeat([0, -1], 20)
    deltas, _ = _apart(clusters, values[:, None])
    pairs = values[:20, None] - values[None, 20:]
    assert deltas[0, 0] == pytest.approx((pairs > 0).mean() - (pairs < 0).mean(), abs=1e-12)


def test_an_axis_is_named_by_the_side_of_the_mean_it_is_on_also_across_180_degrees(measured):
    rng = np.random.default_rng(4)
    clusters = np.repeat([0, 1, -1], N)
    around = np.repeat([0.0, 60.0, 0.0], N) + rng.normal(0, 15, 3 * N)
    for turn in (0, 170):
        axis = (around + turn + 180) % 360 - 180
        names = name_clusters(clusters, np.arange(3 * N), cohort(**measured, axis_deg=axis))
        assert names == {0: "1: axis to the left", 1: "2: axis to the right"}
    scattered = (rng.normal(180, 15, 3 * N) + 180) % 360 - 180
    names = name_clusters(clusters, np.arange(3 * N), cohort(**measured, axis_deg=scattered))
    assert set(names.values()) == {f"1: {NOTHING_APART}", f"2: {NOTHING_APART}"}
