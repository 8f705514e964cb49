import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr import PhysiologyVector, explain_similarity, physiology_vector
from physioclr.physiology.similarity import PhysiologySpace, reference_space
from physioclr.physiology.vector import PHYSIOLOGY_GROUPS, PHYSIOLOGY_NAMES, PHYSIOLOGY_UNITS
from tests.signal.synthetic import regular_beats_s, synthetic_record

NAMES = (
    "rr_mean_ms",
    "rmssd_ms",
    "pr_mean_ms",
    "qrs_mean_ms",
    "t_mean_ms",
    "r_mean_mv",
    "axis_cos",
)
GROUPS = [PHYSIOLOGY_GROUPS[name] for name in NAMES]
D = len(NAMES)
# 1e-12: the rounding of float64 over a few dozen terms of size 1
ROUNDING = 1e-12


def vectors(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, D)) * [100, 20, 30, 15, 30, 0.4, 0.5] + 5
    values[rng.random(size=values.shape) < 0.2] = np.nan
    return values


@pytest.fixture(scope="module")
def space():
    return PhysiologySpace.fit(vectors(80, 0), NAMES, n_components=4)


def contributions_by_definition(space, a, b):
    """Slow oracle: each term of the double sum over entries, half to either entry's group."""
    shared = np.isfinite(a) & np.isfinite(b)
    z_a, z_b = (
        np.where(shared, np.clip((x - space.centre) / space.scale, -5, 5), 0) for x in (a, b)
    )
    result = dict.fromkeys(GROUPS, 0.0)
    norm = np.linalg.norm(z_a @ space.components) * np.linalg.norm(z_b @ space.components)
    for i in range(D):
        for j in range(D):
            term = (
                z_a[i]
                * z_b[j]
                * sum(
                    space.components[i, k] * space.components[j, k]
                    for k in range(space.components.shape[1])
                )
            )
            result[GROUPS[i]] += term / norm / 2
            result[GROUPS[j]] += term / norm / 2
    return result


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(1, 10_000))
def test_it_is_the_double_sum_over_entries_and_adds_up_to_the_similarity(space, seed):
    a, b = vectors(2, seed)
    explained = explain_similarity(a, b, space)
    expected = float(space.similarity(a, b)[0, 0])
    if math.isnan(expected):
        assert math.isnan(explained.similarity)
        return
    assert explained.similarity == pytest.approx(expected, abs=ROUNDING)
    assert sum(explained.contributions.values()) == pytest.approx(expected, abs=ROUNDING)
    assert explained.entries["contribution"].sum() == pytest.approx(expected, abs=ROUNDING)
    for group, value in contributions_by_definition(space, a, b).items():
        assert explained.contributions[group] == pytest.approx(value, abs=ROUNDING)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(1, 10_000))
def test_it_does_not_matter_which_ecg_comes_first(space, seed):
    a, b = vectors(2, seed)
    one, other = explain_similarity(a, b, space), explain_similarity(b, a, space)
    assert one.similarity == pytest.approx(other.similarity, abs=ROUNDING, nan_ok=True)
    assert dict(one.contributions) == pytest.approx(
        dict(other.contributions), abs=ROUNDING, nan_ok=True
    )
    assert one.n_shared == other.n_shared
    np.testing.assert_array_equal(one.entries["a"], other.entries["b"])
    np.testing.assert_array_equal(one.entries["difference_sd"], -other.entries["difference_sd"])


def test_an_ecg_is_one_with_itself_and_every_part_of_it_adds(space):
    a = vectors(1, 5)[0]
    a[np.isnan(a)] = 0.0
    whole = PhysiologySpace(NAMES, space.centre, space.scale, np.eye(D))
    for of in (space, whole):
        explained = explain_similarity(a, a, of)
        assert explained.similarity == pytest.approx(1.0, abs=ROUNDING)
        assert (explained.entries["difference_sd"] == 0).all()
    # In the whole space each entry's part is its own square.
    assert min(explained.contributions.values()) >= 0


def test_opposites_are_minus_one(space):
    a = space.centre + space.scale
    b = space.centre - space.scale
    explained = explain_similarity(a, b, space)
    assert explained.similarity == pytest.approx(-1.0, abs=ROUNDING)
    np.testing.assert_allclose(explained.entries["difference_sd"], -2.0, atol=ROUNDING)


def test_what_only_one_has_is_counted_out_and_adds_nothing(space):
    a, b = space.centre + space.scale, space.centre + 2 * space.scale
    a[NAMES.index("rmssd_ms")] = np.nan
    explained = explain_similarity(a, b, space)
    assert explained.n_shared["rhythm"] == 0
    assert explained.contributions["rhythm"] == 0
    assert "rmssd_ms" not in set(explained.entries["entry"])
    assert sum(explained.n_shared.values()) == D - 1


def test_nothing_shared_and_nothing_to_tell_are_said(space):
    nothing = explain_similarity(np.full(D, np.nan), space.centre, space)
    assert math.isnan(nothing.similarity)
    assert all(math.isnan(value) for value in nothing.contributions.values())
    assert nothing.reason == "not measurable: the two ECGs have no entry in common"
    assert nothing.entries.empty
    median = explain_similarity(space.centre, space.centre + space.scale, space)
    assert math.isnan(median.similarity)
    assert median.reason.startswith("not measurable: one of the ECGs is the median")


def test_the_entries_that_differ_most_come_first_with_values_and_units(space):
    a = space.centre.copy()
    b = space.centre + space.scale * [0.5, -3, 0.1, 1, 2, -0.2, 0.3]
    a[0] += 0.01 * space.scale[0]
    table = explain_similarity(a, b, space).entries
    assert table["entry"].tolist()[:3] == ["rmssd_ms", "t_mean_ms", "qrs_mean_ms"]
    first = table.iloc[0]
    assert (first["unit"], first["group"]) == ("ms", "rhythm")
    assert first["difference_sd"] == pytest.approx(-3)
    assert first["b"] - first["a"] == pytest.approx(-3 * space.scale[1])


def test_vectors_of_two_ecgs_are_explained_in_the_shipped_space():
    slow, again, fast = (
        physiology_vector(synthetic_record(beats_s=regular_beats_s(rr_s=rr_s), seed=seed))
        for rr_s, seed in ((0.8, 0), (0.8, 1), (0.5, 2))
    )
    alike = explain_similarity(slow, again)
    unlike = explain_similarity(slow, fast)
    assert alike.similarity > 0.9  # the same heart with other noise of 4 µV
    assert alike.similarity > unlike.similarity
    assert alike.space_fingerprint == reference_space().fingerprint
    groups = alike.groups
    assert set(groups.index) == set(PHYSIOLOGY_GROUPS.values())
    assert groups["contribution"].is_monotonic_decreasing
    # beat 1 has no RR before it, and so no QTc
    assert groups["n_shared"].sum() == len(PHYSIOLOGY_NAMES) - 2
    rate = unlike.entries[unlike.entries["group"] == "rate"]
    assert rate["a"].max() > rate["b"].max()


def test_vectors_that_do_not_fit_the_space_are_refused(space):
    units = tuple(PHYSIOLOGY_UNITS.values())
    vector = PhysiologyVector(PHYSIOLOGY_NAMES, np.zeros(len(units)), units)
    with pytest.raises(ValueError, match="a must have the 7 entries of the space"):
        explain_similarity(vector, vector, space)
    with pytest.raises(ValueError, match=r"b must have 7 entries, got shape \(3,\)"):
        explain_similarity(np.zeros(7), np.zeros(3), space)
    other = PhysiologySpace(("x",), np.zeros(1), np.ones(1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="got 'x'"):
        explain_similarity(np.zeros(1), np.zeros(1), other)
