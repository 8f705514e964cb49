from __future__ import annotations

import pytest

from physioclr.interpretation.atrial_activity import AtrialActivity
from tests.interpretation.hand_built import beats_table, said, wave

IRREGULAR = [600.0, 900.0, 700.0, 1100.0, 650.0, 800.0, 1000.0, 720.0]
FLUTTER = AtrialActivity(270.0, 0.5, 0.0, 0.9, ("II", "III", "aVF", "V1"))


def at_bpm(rate: float, n: int = 9) -> list[float]:
    return [60_000 / rate] * n


@pytest.mark.parametrize(
    ("rate", "state"), [(49.0, "present"), (50.5, "borderline"), (60.5, "absent")]
)
def test_sinus_bradycardia_is_below_50_bpm(rate, state):
    assert said("SBRAD", beats=beats_table(at_bpm(rate))).state == state


@pytest.mark.parametrize(("rate", "state"), [(99.5, "absent"), (101.0, "present")])
def test_sinus_tachycardia_is_above_100_bpm(rate, state):
    assert said("STACH", beats=beats_table(at_bpm(rate))).state == state


def test_the_rate_of_a_child_is_held_against_the_limits_of_its_age():
    # 98th percentile of boys from 1 to 3 years: 155 bpm (Rijnbeek et al. 2001).
    rate = beats_table(at_bpm(150.0))
    assert said("STACH", beats=rate, age_years=2.0).state == "absent"
    assert said("STACH", beats=rate).state == "present"


@pytest.mark.parametrize(
    ("n_with_p", "state"), [(10, "present"), (5, "present"), (3, "borderline"), (0, "absent")]
)
def test_sinus_rhythm_has_p_waves_before_half_of_the_beats(n_with_p, state):
    share = [1.0] * n_with_p + [0.0] * (10 - n_with_p)
    assert said("SR", beats=beats_table(p_lead_share=share)).state == state


def test_p_waves_hidden_in_a_wide_qrs_are_not_called_absent():
    wide = said("SR", beats=beats_table(p_lead_share=0.0, qrs_ms=140.0), values={"qrs_ms": 140.0})
    assert wide.state == "not assessable"


@pytest.mark.parametrize(
    ("rr_ms", "p_share", "state"),
    [
        (IRREGULAR, 0.0, "present"),
        (IRREGULAR, 1.0, "absent"),
        ([850.0] * 9, 0.0, "absent"),
    ],
)
def test_fibrillation_is_irregular_and_without_p(rr_ms, p_share, state):
    assert said("AFIB", beats=beats_table(rr_ms, p_lead_share=p_share)).state == state


@pytest.mark.parametrize(("step_ms", "state"), [(75.0, "absent"), (90.0, "present")])
def test_fibrillation_begins_at_ten_percent_of_irregularity(step_ms, state):
    # Alternating intervals: RMSSD is the step, so the limit lies at a tenth of the mean, 80 ms.
    rr = [800 + (step_ms / 2) * (-1) ** beat for beat in range(9)]
    assert said("AFIB", beats=beats_table(rr, p_lead_share=0.0)).state == state


def test_p_like_waves_at_changing_distances_leave_fibrillation_open():
    pr = [120.0, 180.0] * 4 + [150.0]
    share = [1.0] * 6 + [0.0] * 3
    assert said("AFIB", beats=beats_table(IRREGULAR, p_lead_share=share, pr_ms=pr)).state == (
        "borderline"
    )


def test_flutter_has_regular_waves_that_rr_is_a_multiple_of():
    irregular = beats_table(IRREGULAR, p_lead_share=0.0)
    assert said("AFLT", beats=irregular, atrial=FLUTTER).state == "present"
    assert said("AFIB", beats=irregular, atrial=FLUTTER).state == "absent"
    for name, value in (("regularity", 0.34), ("locked", 0.69), ("spread_per_min", 16.0)):
        fields = {**FLUTTER.__dict__, name: value}
        assert said("AFLT", beats=irregular, atrial=AtrialActivity(**fields)).state == "absent"


def test_a_regular_narrow_tachycardia_without_p_may_be_flutter():
    fast = beats_table(at_bpm(150.0), p_lead_share=0.0)
    assert said("AFLT", beats=fast).state == "borderline"
    assert said("SVTAC", beats=fast).state == "present"


@pytest.mark.parametrize(
    ("rate", "state"), [(99.0, "absent"), (110.0, "borderline"), (131.0, "present")]
)
def test_supraventricular_tachycardia_begins_at_130_bpm(rate, state):
    assert said("SVTAC", beats=beats_table(at_bpm(rate), p_lead_share=0.0)).state == state


@pytest.mark.parametrize(
    ("rate", "state"), [(59.0, "present"), (61.0, "borderline"), (101.0, "absent")]
)
def test_junctional_rhythm_is_regular_narrow_and_without_p(rate, state):
    assert said("JUNC", beats=beats_table(at_bpm(rate), p_lead_share=0.0)).state == state


@pytest.mark.parametrize(
    ("rate", "qrs_ms", "p_share", "state"),
    [
        (101.0, 120.0, 0.0, "present"),
        (99.0, 120.0, 0.0, "absent"),
        (101.0, 119.0, 0.0, "absent"),
        (101.0, 120.0, 1.0, "absent"),
    ],
)
def test_a_wide_tachycardia_is_above_100_bpm_and_120_ms(rate, qrs_ms, p_share, state):
    beats = beats_table(at_bpm(rate), p_lead_share=p_share, qrs_ms=qrs_ms)
    assert said("WCT", beats=beats, values={"qrs_ms": qrs_ms}).state == state


def test_ventricular_tachycardia_is_critical_with_an_initial_r_in_avr():
    beats = beats_table(at_bpm(160.0), p_lead_share=0.0, qrs_ms=160.0)
    values = {"qrs_ms": 160.0}
    r_first = {"aVR": {"q_mv": 0.0, "r_mv": 0.5}}
    statement = said("VTAC", beats=beats, values=values, changed=r_first)
    assert statement.state == "present"
    assert statement.is_critical
    assert said("VTAC", beats=beats, values=values).state == "borderline"
    extreme = values | {"axis_deg": -120.0}
    assert said("VTAC", beats=beats, values=extreme).state == "present"


@pytest.mark.parametrize(("rate", "state"), [(49.0, "present"), (51.0, "absent")])
def test_an_idioventricular_rhythm_is_slow_wide_and_without_p(rate, state):
    beats = beats_table(at_bpm(rate), p_lead_share=0.0, qrs_ms=150.0)
    assert said("IVR", beats=beats, values={"qrs_ms": 150.0}).state == state


@pytest.mark.parametrize(("span_ms", "state"), [(119.0, "absent"), (121.0, "present")])
def test_sinus_arrhythmia_spans_more_than_120_ms(span_ms, state):
    rr = [900.0, 900 + span_ms / 2, 900 + span_ms, 900 + span_ms / 2] * 2
    assert said("SARRH", beats=beats_table(rr)).state == state


@pytest.mark.parametrize(("longest_ms", "state"), [(1999.0, "absent"), (2000.0, "present")])
def test_a_pause_lasts_two_seconds(longest_ms, state):
    assert said("PAUSE", beats=beats_table([900.0] * 4 + [longest_ms] + [900.0] * 3)).state == state


def test_a_p_wave_upside_down_in_ii_is_an_ectopic_atrial_rhythm():
    turned = {
        "II": wave(p_mv=0.0, p_min_mv=-0.1).__dict__,
        "aVR": wave(p_mv=0.1, p_min_mv=0.0).__dict__,
    }
    assert said("EAR", changed=turned).state == "present"
    assert said("EAR").state == "absent"
    reversed_arms = said("EAR", changed=turned, reversed_electrodes="left arm and right arm")
    assert reversed_arms.state == "not assessable"


def test_too_few_beats_are_no_rhythm():
    assert said("AFIB", beats=beats_table([900.0, 900.0])).state == "not assessable"


def test_a_premature_ventricular_beat_is_found_with_its_place():
    statement = said("PVC", beats=beats_table(ventricular=(4,)))
    assert statement.state == "present"
    assert statement.evidence[0].beats == (4,)
    assert said("PVC").state == "absent"


def test_early_beats_of_the_usual_shape_are_atrial_only_where_there_are_p_waves():
    beats = beats_table(supraventricular=(4,))
    assert said("PAC", beats=beats).state == "present"
    assert said("PAC", beats=beats_table(supraventricular=(4,), p_lead_share=0.0)).state == "absent"


@pytest.mark.parametrize(("early_ms", "state"), [(790.0, "absent"), (700.0, "present")])
def test_one_early_beat_in_a_steady_rhythm_is_premature(early_ms, state):
    # 8 % of 850 ms is 68 ms: 790 ms is 60 ms early, 700 ms is 150 ms early.
    rr = [850.0] * 4 + [early_ms, 1000.0] + [850.0] * 3
    assert said("PAC", beats=beats_table(rr)).state == state


@pytest.mark.parametrize(
    ("code", "ventricular", "state"),
    [
        ("BIGU", (1, 3, 5), "present"),
        ("BIGU", (1, 3), "absent"),
        ("TRIGU", (1, 4, 7), "present"),
        ("TRIGU", (1, 4), "absent"),
        ("VPAIR", (3, 4), "present"),
        ("VPAIR", (3, 5), "absent"),
        ("VRUN", (3, 4, 5), "present"),
        ("VRUN", (3, 4), "absent"),
    ],
)
def test_the_order_of_ectopic_beats_is_named(code, ventricular, state):
    beats = beats_table([550.0] * 9, ventricular=ventricular)
    assert said(code, beats=beats).state == state


def test_a_slow_run_of_ventricular_beats_is_no_tachycardia():
    assert said("VRUN", beats=beats_table([700.0] * 9, ventricular=(3, 4, 5))).state == "absent"


def test_ectopic_beats_are_not_assessable_where_they_were_not_judged():
    statement = said("PVC", values={"n_ectopic_beats": float("nan")})
    assert statement.state == "not assessable"


def test_p_waves_without_qrs_are_second_degree_block():
    pr = [160.0, 180.0, 200.0, 220.0, 160.0, 160.0, 160.0, 160.0]
    rr = [1000.0, 1000.0, 1000.0, 1600.0, 1000.0, 1000.0, 1000.0]
    statement = said("2AVB", beats=beats_table(rr, pr_ms=pr), blocked_p=(3,))
    assert statement.state == "present"
    assert "Wenckebach" in statement.reason
    constant = said("2AVB", beats=beats_table(rr), blocked_p=(3,))
    assert "Mobitz" in constant.reason
    assert said("2AVB", beats=beats_table(rr, pr_ms=pr)).state == "absent"


@pytest.mark.parametrize(("share", "state"), [(1.87, "absent"), (1.9, "borderline")])
def test_an_rr_of_twice_the_others_leaves_a_blocked_p_open(share, state):
    rr = [1000.0] * 4 + [1000.0 * share] + [1000.0] * 4
    assert said("2AVB", beats=beats_table(rr)).state == state


def test_independent_p_waves_are_complete_block_and_critical():
    pr = [100.0, 200.0, 150.0, 260.0, 120.0, 240.0]
    rr = [1400.0] * 5
    statement = said("3AVB", beats=beats_table(rr, pr_ms=pr), blocked_p=(1, 3))
    assert statement.state == "present"
    assert statement.is_critical
    assert said("3AVB", beats=beats_table(rr, pr_ms=pr)).state == "borderline"
    assert said("3AVB", beats=beats_table(rr)).state == "absent"


def test_a_slow_regular_rhythm_without_p_leaves_complete_block_open():
    assert said("3AVB", beats=beats_table([1500.0] * 5, p_lead_share=0.0)).state == "borderline"


@pytest.mark.parametrize(
    ("atrial", "ventricular", "code"),
    [
        ((1, 2), (), "APACE"),
        ((), (1, 2), "VPACE"),
        ((1, 2), (1, 2), "DPACE"),
    ],
)
def test_pacing_is_named_after_where_its_spikes_stand(atrial, ventricular, code):
    for each in ("APACE", "VPACE", "DPACE"):
        state = said(each, paced=(atrial, ventricular)).state
        assert state == ("present" if each == code else "absent")
    assert said("PACE", paced=(atrial, ventricular)).state == "present"
    assert said("PACE", paced=(atrial[:1], ventricular[:1])).state == "absent"


def test_pacing_is_not_assessable_where_spikes_cannot_be_found():
    statement = said("PACE", paced=None, why_no_spikes="sampled at 100 Hz")
    assert statement.state == "not assessable"
    assert statement.reason == "sampled at 100 Hz"
