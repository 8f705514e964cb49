"""Conditions: they compare as pandas does, and do nothing else, whoever wrote them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from physioclr.datasets.condition import columns_of, condition_holds

NAN = float("nan")
COLUMNS = {
    "record_id": pd.Series(["a", "b", "it's", "c`d"], dtype=object),
    "age_years": pd.Series([50.0, 65.0, NAN, 80.0]),
    "qrs_ms": pd.Series([90.0, 100.0, 110.0, 150.0]),
    "sex": pd.Series(["female", "male", None, "female"], dtype=object),
    "acceptable": pd.Series([True, False, True, True]),
    "checked": pd.Series([True, None, False, None], dtype=object),
    "set/MI": pd.Series([1.0, 0.0, NAN, 1.0]),
}


def rows(condition):
    return np.flatnonzero(condition_holds(condition, COLUMNS)).tolist()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("age_years >= 65", [1, 3]),
        ("age_years >= 65 and not acceptable", [1]),
        ("`set/MI` == 1 or qrs_ms > 1.05 * 100", [0, 2, 3]),
        ("sex in ['female'] & qrs_ms < 100 | age_years == 65", [0, 1]),
        ("~acceptable", [1]),
        ("60 < age_years < 70", [1]),
        ("qrs_ms - age_years > 39 and qrs_ms / 2 <= 75", [0, 3]),
        ("sex == ['female', 'male']", [0, 1, 3]),
        ("record_id not in ('a', \"b\")", [2, 3]),
        ("record_id == \"it's\" or record_id == 'c`d'", [2, 3]),
        ("record_id <= 'b'", [0, 1]),
        ("acceptable == True and `age_years` > -1", [0, 3]),
        ("(acceptable == 1) & (sex == 'female')", [0, 3]),
        ("qrs_ms in [90, 1e2, -4]", [0, 1]),
        ("'f' in ['g']", []),
        ("True == True", [0, 1, 2, 3]),
    ],
)
def test_a_condition_keeps_the_rows_it_holds_for(condition, expected):
    assert rows(condition) == expected


@pytest.mark.parametrize(
    "condition",
    ["age_years < 200", "age_years != 5", "age_years not in [5]", "age_years + 1 > 0"],
)
def test_no_comparison_holds_with_what_is_unknown(condition):
    assert rows(condition) == [0, 1, 3]
    assert rows("sex != 'male'") == [0, 3]
    assert rows("checked") == [0]
    assert rows("checked == False") == [2]


@pytest.mark.parametrize(
    "condition",
    [
        "`'`' != record_id and age_years.to_csv('{path}') != '`'`",  # passed and wrote, once
        "'`' != record_id and age_years.to_csv('{path}') != '`'",
        "age_years.to_csv('{path}') == None",
        "`age_years` .to_csv('{path}') == 1",
        "__import__('os').system('touch {path}') == 0",
        "@pd.io.common.os.system('touch {path}') == 0",
        "open('{path}', 'w') == 1",
        "[open('{path}', 'w') for x in [1]] == 1",
        "age_years > (lambda: open('{path}', 'w'))()",
        "record_id == f\"{{open('{path}', 'w')}}\"",
    ],
)
def test_what_would_do_more_than_compare_is_refused_and_not_done(condition, tmp_path):
    path = tmp_path / "x"
    with pytest.raises(ValueError, match=r"cannot be read|not allowed"):
        condition_holds(condition.format(path=path), COLUMNS)
    assert not path.exists()


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("age_years.values == 1", "“age_years.values” is not allowed"),
        ("age_years[0] == 1", "not allowed"),
        ("x := 1", "cannot be read"),
        ("(x := 1) == 1", "not allowed"),
        ("record_id == f'{age_years}'", "not allowed"),
        ("record_id == 'a' if acceptable else 'b'", "not allowed"),
        ("'a' * 10**9 == record_id", "“'a'” is no number"),
        ("record_id + 'a' == 'aa'", "“record_id” is no number"),
        ("[1] * 5 == qrs_ms", "not allowed"),
        ("qrs_ms in [1] + [2]", "no list"),
        ("qrs_ms in [1, [2]]", "not allowed"),
        ("qrs_ms in [1, qrs_ms > 3]", "no constant"),
        ("qrs_ms in [age_years]", "no constant"),
        ("qrs_ms == 10 ** 9", "not allowed"),
        ("qrs_ms < 1e300", "too large"),
        ("qrs_ms < 99999999999999999999999", "too large"),
        ("qrs_ms < 1e999", "too large"),
        (f"qrs_ms < {'9' * 5000}", "cannot be read"),
        ("qrs_ms << 3 == 1", "not allowed"),
        ("qrs_ms % 3 == 1", "not allowed"),
        ("qrs_ms == None", "neither number nor text"),
        ("qrs_ms == 1j", "neither number nor text"),
        ("record_id == b'a'", "neither number nor text"),
        ("qrs_ms is 1", "not allowed|no list|cannot be read"),
        ("record_id in 'abc'", "no list"),
        ("record_id == '\\d' and sex > 3", "not of one kind"),
        ("(qrs_ms > 3) == 1", "not of one kind"),
        ("(qrs_ms > 3) + 1 > 0", "no number"),
        ("age_years + 1", "“age_years \\+ 1” compares nothing"),
        ("`set/MI` + 1", "“`set/MI` \\+ 1” compares nothing"),
        ("`set/MI`", "compares nothing"),
        ("record_id", "compares nothing"),
        ("1", "compares nothing"),
        ("", "cannot be read"),
        ("qrs_ms >", "cannot be read"),
        ("qrs_ms = 1", "cannot be read"),
        ("qrs_ms > 1\nimport os", "cannot be read"),
        ("colour == 'red'", "there is no column colour"),
        ("`class/a` == 1", "there is no column class/a"),
        ("column0 == 1 and `qrs_ms` > 1", "there is no column column0"),
        ("not " * 2400 + "acceptable", "cannot be read|nested"),
        ("qrs_ms > " + "-" * 3000 + "1", "cannot be read|nested"),
        ("qrs_ms > 1" + " + 1" * 2400, "cannot be read|nested"),
        ("(" * 500 + "1" + ")" * 500, "cannot be read"),
        ("'a' == " + "'a'" * 10_000, "longer than 10,000"),
        ("qrs_ms > 1 \0", "cannot be read"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_reason(condition, reason):
    with pytest.raises(ValueError, match=reason):
        condition_holds(condition, COLUMNS)


def test_the_columns_of_a_condition_are_those_it_names_outside_of_quotes():
    found = columns_of("`set/MI` == 1 and record_id != 'sex' or not acceptable")
    assert found == {"set/MI", "record_id", "acceptable"}
    with pytest.raises(ValueError, match="cannot be read"):
        columns_of("qrs_ms >")


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_pandas_where_all_is_known(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(0, 6, (50, 3)).astype(float), columns=["a", "b", "c"])
    parts = [
        f"{rng.choice(list('abc'))} {rng.choice(['<', '<=', '==', '!=', '>', '>='])} "
        f"{rng.choice(['a + 1', '2 * b - c', '3', '-1', 'c / 2'])}"
        for _ in range(4)
    ]
    one, other, third = rng.choice(["and", "or", "&", "|"], 3)
    condition = f"{parts[0]} {one} not ({parts[1]} {other} {parts[2]}) {third} {parts[3]}"
    found = condition_holds(condition, {name: table[name] for name in table})
    np.testing.assert_array_equal(found, table.eval(condition, engine="python"))
