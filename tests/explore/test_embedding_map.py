"""The map: the same each time, honest about new ECGs, and whole after a round trip."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from physioclr.errors import DatasetError
from physioclr.explore.embedding_map import fit_map
from physioclr.explore.map_files import load_map, save_map
from physioclr.explore.map_layout import MapSettings

WIDTH = 16
N_GROUP = 40


def three_groups(*, seed=0):
    """120 embeddings around three directions far apart, and the group of each."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(WIDTH, 3)))[0].T * 4
    group = np.repeat(np.arange(3), N_GROUP)
    return (centres[group] + rng.normal(size=(3 * N_GROUP, WIDTH)) * 0.4).astype(np.float32), group


@pytest.fixture(scope="module")
def groups():
    return three_groups()


@pytest.fixture(scope="module")
def fitted(groups):
    return fit_map(groups[0])


def test_groups_far_apart_stay_apart(fitted, groups):
    _, group = groups
    centres = np.array([fitted.coordinates[group == g].mean(axis=0) for g in range(3)])
    to_centre = np.linalg.norm(fitted.coordinates[:, None] - centres[None], axis=2)
    assert (to_centre.argmin(axis=1) == group).all()
    assert fitted.coordinates.shape == (120, 2)
    assert fitted.coordinates.dtype == np.float32


def test_the_same_seed_gives_the_same_map(fitted, groups):
    np.testing.assert_array_equal(fit_map(groups[0]).coordinates, fitted.coordinates)
    assert (fit_map(groups[0], MapSettings(seed=1)).coordinates != fitted.coordinates).any()


def test_trust_is_higher_where_there_is_a_structure_to_keep(fitted):
    noise = np.random.default_rng(0).normal(size=(120, WIDTH))
    lost, kept = fit_map(noise).faithfulness, fitted.faithfulness
    assert lost.trustworthiness < kept.trustworthiness <= 1
    assert lost.continuity < kept.continuity <= 1
    assert lost.knn_agreement < kept.knn_agreement <= 1


def test_the_length_of_an_embedding_does_not_matter_to_the_cosine(fitted, groups):
    embeddings, _ = groups
    longer = embeddings * np.geomspace(0.5, 8, len(embeddings))[:, None].astype(np.float32)
    # Float32 rounding of the embeddings, seen through 1 / distance².
    np.testing.assert_allclose(fitted.project(longer), fitted.coordinates, atol=1e-3)


def test_an_ecg_of_the_cohort_falls_on_itself(fitted, groups):
    # The nearest other point weighs 1e-8 as much as the point itself.
    np.testing.assert_allclose(fitted.project(groups[0]), fitted.coordinates, atol=1e-5)


def test_a_new_ecg_falls_into_its_group(fitted, groups):
    new, group = three_groups(seed=0)[0] * 1.0, groups[1]
    new += np.random.default_rng(4).normal(size=new.shape).astype(np.float32) * 0.3
    nearest, similarity = fitted.neighbours(new, 3)
    assert (group[nearest] == group[:, None]).all()
    assert (np.diff(similarity, axis=1) <= 0).all()
    placed = fitted.project(new)
    for g in range(3):
        own = fitted.coordinates[group == g]
        inside = placed[group == g]
        assert (inside >= own.min(axis=0)).all()
        assert (inside <= own.max(axis=0)).all()


def test_neighbours_are_those_of_a_plain_search(fitted, groups):
    embeddings, _ = groups
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    rows, similarities = fitted.neighbours(embeddings[:7], 4)
    cosine = unit[:7] @ unit.T
    np.testing.assert_array_equal(rows[:, 0], np.arange(7))
    # Float32 products against float64 ones.
    np.testing.assert_allclose(similarities, -np.sort(-cosine, axis=1)[:, :4], atol=1e-5)


def test_noise_is_farther_off_the_manifold_than_the_cohort(fitted, groups):
    noise = np.random.default_rng(1).normal(size=(20, WIDTH))
    # In 16 dimensions a random direction is near right angles to all three groups.
    assert (fitted.off_manifold(noise) == 100).all()
    among = fitted.off_manifold(groups[0])
    assert among.min() >= 0
    assert np.median(among) < 60


def test_a_map_survives_its_files(fitted, groups, tmp_path):
    save_map(fitted, tmp_path / "cohort.v1")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cohort.v1.json", "cohort.v1.npz"]
    again = load_map(tmp_path / "cohort.v1")
    for part in ("embeddings", "coordinates", "typical_distances"):
        np.testing.assert_array_equal(getattr(again, part), getattr(fitted, part))
    assert again.settings == fitted.settings
    assert again.faithfulness == fitted.faithfulness
    np.testing.assert_array_equal(again.project(groups[0]), fitted.project(groups[0]))


def test_a_missing_or_damaged_file_is_named(fitted, tmp_path):
    with pytest.raises(DatasetError, match="expected a file gone"):
        load_map(tmp_path / "gone")
    save_map(fitted, tmp_path / "map")
    whole = (tmp_path / "map.npz").read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2]):
        (tmp_path / "map.npz").write_bytes(content)
        with pytest.raises(DatasetError, match="map: expected an embedding map"):
            load_map(tmp_path / "map")
    (tmp_path / "map.npz").write_bytes(whole)
    said = (tmp_path / "map.json").read_text()
    for change in ({"version": 1}, {"version": 3}, {"format": "another"}):
        (tmp_path / "map.json").write_text(json.dumps(json.loads(said) | change))
        with pytest.raises(DatasetError, match="of version"):
            load_map(tmp_path / "map")
    (tmp_path / "map.json").write_text(said)
    with pytest.raises(ValueError, match="do not go together"):
        replace(fitted, coordinates=fitted.coordinates[:5])
    with np.load(tmp_path / "map.npz") as arrays:
        fewer = {**arrays, "coordinates": fitted.coordinates[:5]}
    np.savez(tmp_path / "map.npz", **fewer)
    with pytest.raises(DatasetError, match="do not go together"):
        load_map(tmp_path / "map")
    (tmp_path / "map.json").write_text('{"seed": 0}')
    with pytest.raises(DatasetError, match="map: expected an embedding map"):
        load_map(tmp_path / "map")


@pytest.mark.parametrize("n", [5, 16])
def test_a_small_cohort_gets_a_map_with_fewer_neighbours(groups, n):
    small = fit_map(groups[0][:n])
    assert np.isfinite(small.coordinates).all()
    # The nearest other point weighs 1e-8 as much as the point itself.
    np.testing.assert_allclose(small.project(groups[0][:n]), small.coordinates, atol=1e-5)


def test_refuses_a_cohort_too_small_for_a_map(groups):
    with pytest.raises(DatasetError, match="at least 5 ECGs, found 4"):
        fit_map(groups[0][:4])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "isomap"}, "umap, pca, tsne"),
        ({"metric": "manhattan"}, "cosine, euclidean"),
        ({"n_neighbors": 1}, "at least 2"),
        ({"min_dist": -0.1}, "0 to 1"),
        ({"perplexity": 1.0}, "at least 2"),
    ],
)
def test_refuses_settings_that_are_not_as_documented(changes, message):
    with pytest.raises(ValueError, match=message):
        MapSettings(**changes)


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        (np.zeros(9), r"must be \(n, d\)"),
        (np.full((9, 2), np.nan), "9 of 9 rows"),
        (np.zeros((9, 2)), "zero throughout"),
    ],
)
def test_refuses_embeddings_that_are_not_as_documented(embeddings, message):
    with pytest.raises(ValueError, match=message):
        fit_map(embeddings)


def test_settings_that_a_method_does_not_heed_make_no_other_map():
    assert MapSettings(perplexity=5).fingerprint == MapSettings().fingerprint
    assert MapSettings(min_dist=0).fingerprint != MapSettings().fingerprint
    pca = MapSettings(method="pca")
    assert MapSettings(method="pca", min_dist=0.5).fingerprint == pca.fingerprint
    assert MapSettings(method="tsne", perplexity=5).fingerprint != pca.fingerprint
    assert MapSettings(min_dist=1).fingerprint == MapSettings(min_dist=1.0).fingerprint


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_other_layouts_keep_the_groups_apart_and_place_new_ecgs(method, groups):
    embeddings, group = groups
    found = fit_map(embeddings, MapSettings(method=method))
    assert found.faithfulness.trustworthiness > 0.9
    centres = np.array([found.coordinates[group == g].mean(axis=0) for g in range(3)])
    to_centre = np.linalg.norm(found.project(embeddings)[:, None] - centres[None], axis=2)
    assert (to_centre.argmin(axis=1) == group).all()


def test_principal_components_are_those_of_the_unit_embeddings(groups):
    embeddings, _ = groups
    found = fit_map(embeddings, MapSettings(method="pca")).coordinates
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    _, sizes, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    # Float32 sums of 120 products.
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), sizes[:2], rtol=1e-4)


# UMAP's bar moves by the clock: of a quick layout it tells the beginning and the end.
@pytest.mark.parametrize(("method", "fewest"), [("umap", 2), ("tsne", 3)])
def test_the_rounds_of_the_layout_are_told(method, fewest, groups, capsys):
    told = []

    def tell(what, share):
        told.append((what, share))
        sys.stdout.write(f"{what}\n")

    fit_map(groups[0], MapSettings(method=method), on_progress=tell)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert sum("rounds" in what for what, _ in told) >= fewest
    assert capsys.readouterr().out.splitlines() == [what for what, _ in told]


def test_refuses_new_embeddings_of_another_width(fitted):
    with pytest.raises(ValueError, match=r"\(m, 16\)"):
        fitted.project(np.ones((2, 8)))
    with pytest.raises(ValueError, match="k must be 1 to 120, got 121"):
        fitted.neighbours(np.ones((2, 16)), 121)
