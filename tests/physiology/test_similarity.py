import json

import numpy as np
import pytest

from physioclr.errors import CheckpointError
from physioclr.physiology.similarity import PhysiologySpace, reference_space
from physioclr.physiology.vector import PHYSIOLOGY_NAMES

NAMES = tuple(f"entry{i}" for i in range(8))


def cohort(n: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 8)) * [1000, 1, 1, 1, 1, 1, 0.001, 1] + 5
    values[rng.random(size=values.shape) < 0.2] = np.nan
    return values


@pytest.fixture(scope="module")
def space():
    return PhysiologySpace.fit(cohort(), NAMES, n_components=5)


def similarity_by_definition(space, a, b):
    """Slow oracle: cosine of the projections of what both have."""
    shared = np.isfinite(a) & np.isfinite(b)
    z_a, z_b = (
        np.where(shared, np.clip((x - space.centre) / space.scale, -5, 5), 0) for x in (a, b)
    )
    p_a, p_b = z_a @ space.components, z_b @ space.components
    norm = np.linalg.norm(p_a) * np.linalg.norm(p_b)
    return p_a @ p_b / norm if norm else np.nan


def test_it_is_the_cosine_over_what_both_have(space):
    a, b = cohort(70, seed=1), cohort(9, seed=2)  # more rows than one chunk of 64
    expected = [[similarity_by_definition(space, x, y) for y in b] for x in a]
    # 1e-9: rounding of float64
    np.testing.assert_allclose(space.similarity(a, b), expected, atol=1e-9)


def test_it_is_symmetric_bounded_and_one_with_itself(space):
    values = cohort(20, seed=3)
    similarity = space.similarity(values, values)
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-12)
    assert np.nanmax(np.abs(similarity)) <= 1
    np.testing.assert_allclose(np.diag(similarity), 1.0)


def test_it_is_nan_where_nothing_is_shared(space):
    left, right = np.full(8, np.nan), np.full(8, np.nan)
    left[:4], right[4:] = 9.0, 9.0
    assert np.isnan(space.similarity(left, right)).all()


def test_units_do_not_rule():
    values = cohort()
    in_other_units = values * 1000
    np.testing.assert_allclose(
        PhysiologySpace.fit(values, NAMES).similarity(values, values),
        PhysiologySpace.fit(in_other_units, NAMES).similarity(in_other_units, in_other_units),
        atol=1e-9,  # rounding of float64
    )


def test_one_outlier_counts_no_more_than_five_deviations(space):
    far, farther = np.full(8, 5.0), np.full(8, 5.0)
    far[1], farther[1] = 1e3, 1e6
    np.testing.assert_array_equal(space.standardise(far)[0], space.standardise(farther)[0])
    assert np.abs(space.standardise(far)[0]).max() == 5


def test_unknown_is_zero_and_masked(space):
    z, mask = space.standardise(np.array([np.nan] + [5.0] * 7))
    assert z[0] == 0
    np.testing.assert_array_equal(mask, [False] + [True] * 7)


def test_entries_unknown_or_equal_in_all_weigh_nothing():
    values = cohort()
    values[:, 2] = np.nan
    values[:, 3] = 7.0
    space = PhysiologySpace.fit(values, NAMES)
    assert (space.scale > 0).all()
    assert (space.components[[2, 3]] == 0).all()
    assert np.isfinite(space.similarity(values, values)).any()


def test_an_entry_whose_quartiles_coincide_is_scaled_by_its_standard_deviation():
    values = np.zeros((40, 1))
    values[:4] = 100.0
    space = PhysiologySpace.fit(values, ("share_pct",))
    assert space.scale[0] == pytest.approx(30.0)  # of 4 in 40: 100 * sqrt(0.1 * 0.9)


def test_components_are_orthonormal_and_at_most_as_many_as_asked(space):
    assert space.components.shape == (8, 5)
    np.testing.assert_allclose(space.components.T @ space.components, np.eye(5), atol=1e-12)


def test_json_round_trip_keeps_it_and_its_fingerprint(space):
    again = PhysiologySpace.from_dict(json.loads(json.dumps(space.to_dict())))
    assert again.fingerprint == space.fingerprint
    np.testing.assert_array_equal(again.components, space.components)


def test_another_cohort_has_another_fingerprint(space):
    assert PhysiologySpace.fit(cohort(seed=9), NAMES).fingerprint != space.fingerprint


def test_a_damaged_state_is_refused(space):
    state = space.to_dict()
    state["centre"][0] += 1
    with pytest.raises(ValueError, match="fingerprint must be"):
        PhysiologySpace.from_dict(state)


def test_a_file_gives_back_the_space_to_the_bit(space, tmp_path):
    space.save(tmp_path / "space.json")
    again = PhysiologySpace.load(tmp_path / "space.json")
    assert again.fingerprint == space.fingerprint
    for name in ("centre", "scale", "components"):
        np.testing.assert_array_equal(getattr(again, name), getattr(space, name))


def damaged_files(space):
    state = space.to_dict()
    yield b"\x93NUMPY", "no JSON"
    yield b"[1, 2]", "another JSON"
    yield json.dumps({**state, "version": 2}).encode(), "format and version must be"
    yield json.dumps({k: v for k, v in state.items() if k != "scale"}).encode(), "scale must not"
    yield json.dumps({**state, "scale": state["scale"][:-1]}).encode(), "scale must have 8 rows"
    yield json.dumps({**state, "centre": ["x"] * 8}).encode(), "could not convert"
    yield json.dumps({**state, "centre": [0.0] * 8}).encode(), "fingerprint must be"


def test_a_damaged_or_altered_file_is_refused_in_one_sentence(space, tmp_path):
    path = tmp_path / "space.json"
    with pytest.raises(CheckpointError, match="a physiology space"):
        PhysiologySpace.load(path)
    for content, found in damaged_files(space):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=found):
            PhysiologySpace.load(path)


@pytest.mark.parametrize("part", ["centre", "scale", "components"])
def test_the_fingerprint_changes_with_any_number(space, part):
    changed = {name: getattr(space, name).copy() for name in ("centre", "scale", "components")}
    changed[part].flat[-1] += 1e-9
    assert PhysiologySpace(NAMES, **changed).fingerprint != space.fingerprint
    renamed = (*NAMES[:-1], "another")
    assert (
        PhysiologySpace(renamed, space.centre, space.scale, space.components).fingerprint
        != space.fingerprint
    )


def test_the_shipped_space_is_that_of_the_vector_and_says_its_cohort():
    space = reference_space()
    assert space.names == PHYSIOLOGY_NAMES
    assert space.components.shape[1] == 50
    assert "PTB-XL" in space.cohort


def test_a_cohort_of_another_width_is_refused(space):
    with pytest.raises(ValueError, match="values must be"):
        PhysiologySpace.fit(np.zeros((3, 2)), NAMES)
    with pytest.raises(ValueError, match="values must end in 8 entries"):
        space.similarity(np.zeros((1, 2)), np.zeros((1, 2)))
