from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physioclr.leads import (
    LIMB_LEADS,
    PRECORDIAL_LEADS,
    STANDARD_LEADS,
    canonical_lead,
    derive_limb_leads,
    in_standard_order,
)


def limb_leads_mv(lead_i, lead_ii):
    """The six limb leads by Einthoven and Goldberger, written out."""
    return {
        "I": lead_i,
        "II": lead_ii,
        "III": lead_ii - lead_i,
        "aVR": -(lead_i + lead_ii) / 2,
        "aVL": lead_i - lead_ii / 2,
        "aVF": lead_ii - lead_i / 2,
    }


@pytest.fixture
def limbs():
    rng = np.random.default_rng(3)
    return limb_leads_mv(rng.normal(size=50), rng.normal(size=50))


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("AVR", "aVR"),
        ("avl", "aVL"),
        (" ii ", "II"),
        ("MLII", "II"),
        ("D1", "I"),
        ("DIII", "III"),
        ("EKG V2", "V2"),
        ("ECG Lead II", "II"),
        ("v6", "V6"),
        ("Lead II", "II"),
        ("MDC_ECG_LEAD_V1", "V1"),
        ("MDC_ECG_LEAD_AVF", "aVF"),
    ],
)
def test_known_spellings_become_the_products(name, lead):
    assert canonical_lead(name) == lead


@pytest.mark.parametrize("name", ["vx", "noise1", "RESP", "V4R", ""])
def test_an_unknown_name_stays_itself(name):
    assert canonical_lead(f" {name} ") == name


@pytest.mark.parametrize("pair", list(combinations(LIMB_LEADS, 2)))
def test_any_two_limb_leads_give_the_other_four(pair, limbs):
    given_mv = np.stack([limbs[lead] for lead in pair])
    signal, leads = derive_limb_leads(given_mv, pair)
    assert set(leads) == set(LIMB_LEADS)
    for row, lead in zip(signal, leads, strict=True):
        # Rounding of a 2 × 2 inverse whose entries are at most 2.
        np.testing.assert_allclose(row, limbs[lead], atol=1e-13)


@pytest.mark.parametrize("leads", [("I",), ("V1", "V2"), ("aVR", "V1"), LIMB_LEADS])
def test_nothing_is_derived_where_nothing_follows(leads):
    signal = np.arange(float(3 * len(leads))).reshape(len(leads), 3)
    derived, names = derive_limb_leads(signal, leads)
    assert derived is signal
    assert names == leads


def test_a_missing_sample_stays_missing_in_what_is_derived():
    signal = np.array([[1.0, np.nan], [2.0, 3.0]])
    derived, leads = derive_limb_leads(signal, ("I", "II"))
    assert np.isnan(derived[2:, 1]).all()
    assert derived[leads.index("III"), 0] == 1.0


def test_derived_leads_keep_the_type_of_the_signal():
    signal, _ = derive_limb_leads(np.ones((2, 4), dtype=np.float32), ("I", "II"))
    assert signal.dtype == np.float32


@given(st.permutations((*STANDARD_LEADS, "vx", "RESP")))
def test_order_does_not_depend_on_how_leads_came(leads):
    signal = np.array([[float(ord(lead[-1]))] for lead in leads])
    ordered, names = in_standard_order(signal, leads)
    others = tuple(lead for lead in leads if lead in ("vx", "RESP"))
    assert names == STANDARD_LEADS + others
    assert [float(ord(name[-1])) for name in names] == ordered[:, 0].tolist()


def test_the_products_order_is_limb_then_precordial():
    assert (*LIMB_LEADS, *PRECORDIAL_LEADS) == STANDARD_LEADS
    assert LIMB_LEADS == ("I", "II", "III", "aVR", "aVL", "aVF")
