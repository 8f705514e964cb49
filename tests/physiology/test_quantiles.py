import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from physioclr.physiology.quantiles import known_quantile

VALUES = arrays(
    np.float64,
    array_shapes(min_dims=1, max_dims=3, max_side=7),
    elements=st.one_of(st.just(np.nan), st.floats(-1e3, 1e3)),
)


@settings(max_examples=60, deadline=None)
@given(values=VALUES, quantile=st.floats(0, 1))
def test_it_is_the_quantile_of_the_known_values_of_each_column(values, quantile):
    found = known_quantile(values, quantile)
    assert found.shape == values.shape[1:]
    for at in np.ndindex(found.shape):
        column = values[(slice(None), *at)]
        column = column[~np.isnan(column)]
        expected = np.quantile(column, quantile) if column.size else np.nan
        # 1e-9: the same line between two values up to 1000, drawn from its other end
        np.testing.assert_allclose(found[at], expected, atol=1e-9)


def test_each_column_may_have_its_own_quantile():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, np.nan]])
    np.testing.assert_array_equal(known_quantile(values, [1.0, 0.5]), [3.0, 1.5])


def test_too_few_known_values_give_nan():
    values = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, np.nan]])
    np.testing.assert_array_equal(known_quantile(values, 0.5, min_known=3), [2.0, np.nan])
    assert np.isnan(known_quantile(np.empty((0, 4)), 0.5)).all()


def test_the_input_is_left_as_it_was():
    values = np.array([3.0, 1.0, 2.0])
    known_quantile(values, 0.5)
    np.testing.assert_array_equal(values, [3.0, 1.0, 2.0])


@pytest.mark.parametrize("arguments", [{"quantile": 1.1}, {"quantile": 0.5, "min_known": 0}])
def test_impossible_questions_are_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        known_quantile([1.0], **arguments)
