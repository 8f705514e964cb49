import numpy as np
import pytest

from physioclr.signal.clear_leads import clear_leads

ONSETS = np.arange(1, 13) * 200  # 12 beats at 75 a minute and 250 Hz


def shown_at(distances, heights=0.9):
    """One lead whose P waves lie these distances (in samples) before QRS."""
    centres = (ONSETS - np.asarray(distances, dtype=np.float64))[None]
    return centres, np.broadcast_to(np.asarray(heights, dtype=np.float64), (1, 12)).copy()


def test_a_lead_with_one_pr_on_all_beats_is_clear():
    clear, shown = clear_leads(*shown_at(np.full(12, 30)), ONSETS, 250.0, regular=True)
    assert clear.all()
    assert shown.all()


def test_waves_that_keep_no_distance_are_not_believed():
    fibrillatory = np.random.default_rng(0).uniform(15, 60, 12)
    clear, shown = clear_leads(*shown_at(fibrillatory), ONSETS, 250.0, regular=False)
    assert not clear.any()
    assert not shown.any()


@pytest.mark.parametrize(("n_shown", "regular", "expected"), [(9, True, True), (9, False, False)])
def test_an_irregular_rhythm_needs_more_of_the_beats(n_shown, regular, expected):
    distances = np.where(np.arange(12) < n_shown, 30.0, np.nan)  # 75 % of the beats
    clear, _ = clear_leads(*shown_at(distances), ONSETS, 250.0, regular=regular)
    assert clear.all() == expected


def test_doubtful_waves_do_not_count():
    clear, _ = clear_leads(*shown_at(np.full(12, 30), 0.45), ONSETS, 250.0, regular=True)
    assert not clear.any()


def test_of_a_clear_lead_a_beat_with_another_distance_is_left_out():
    distances = np.full(12, 30.0)
    distances[4] = 60  # 120 ms farther off than the others
    clear, shown = clear_leads(*shown_at(distances), ONSETS, 250.0, regular=True)
    assert clear.all()
    assert shown.sum() == 11
    assert not shown[0, 4]
