import pytest

from physioclr.physiology.entry_titles import entry_quantity, entry_title
from physioclr.physiology.vector import PHYSIOLOGY_NAMES


def test_every_entry_has_a_title_no_other_has():
    titles = [entry_title(name) for name in PHYSIOLOGY_NAMES]
    assert len(set(titles)) == len(PHYSIOLOGY_NAMES)
    assert not any("_" in title for title in titles)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("beat09_qrs_ms", "QRS duration, beat 9"),
        ("qrs_slope_sd_mv_per_s", "Steepest slope of QRS, SD"),
        ("st_j60_median_mv", "ST at J + 60 ms, median"),
        ("lead_avr_st_j60_mv", "ST at J + 60 ms, aVR"),
        ("lead_v1_r_mv", "R amplitude, V1"),
        ("lead_ii_t_mv", "T amplitude, II"),
    ],
)
def test_a_title_names_quantity_and_where(name, title):
    assert entry_title(name) == title


def test_beats_and_statistics_are_numbers_of_one_quantity():
    names = ("beat01_p_mv", "beat10_p_mv", "p_mean_mv", "p_iqr_mv")
    assert {entry_quantity(name) for name in names} == {"p_mv"}
    assert entry_quantity("p_sd_ms") == "p_ms"
    assert entry_quantity("lead_v1_r_mv") == "lead_v1_r_mv"


def test_what_is_no_entry_is_refused():
    with pytest.raises(ValueError, match="qrs_width"):
        entry_title("qrs_width")
