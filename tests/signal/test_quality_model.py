from dataclasses import fields

import numpy as np
import pytest

from physioclr.signal.lead_statistics import LeadStatistics, lead_statistics
from physioclr.signal.quality_model import (
    FAULT_KINDS,
    RAMPS,
    QualityModel,
    quality_model,
    ramp_positions,
)
from studies.quality.fit import fit_quality_model, positions_of
from studies.references.cinc2011 import read_cinc2011
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record


def test_every_ramp_is_of_a_statistic_and_has_a_name_of_its_own():
    known = {field.name for field in fields(LeadStatistics)}
    assert {ramp.statistic for ramp in RAMPS} == known
    assert len({ramp.name for ramp in RAMPS}) == len(RAMPS)


def test_no_weight_rewards_a_disturbance():
    model = quality_model()
    for weights in (model.lead, model.record_worst, model.record_mean):
        assert weights.shape == (len(RAMPS),)
        assert weights.min() >= 0


def test_a_ruined_lead_scores_below_one_half_by_that_alone():
    model = quality_model()
    for ramp in RAMPS:
        if ramp.ruins:
            full = np.array([float(one.statistic == ramp.statistic) for one in RAMPS])
            assert 2.0 ** -model.lead_loss(full[None]).sum() < 0.5
            assert 2.0 ** -model.record_loss(np.tile(full, (12, 1))).sum() < 0.5


def test_every_kind_of_fault_can_ruin_a_lead_but_a_jump():
    """A jump may be an ectopic beat."""
    assert {ramp.kind for ramp in RAMPS if ramp.ruins} == set(FAULT_KINDS) - {"jumps"}


def test_weights_survive_json():
    model = quality_model()
    again = QualityModel.from_dict(model.to_dict())
    # 1e-4: weights are written with four digits
    assert again.lead == pytest.approx(model.lead, abs=1e-4)


def test_positions_lie_between_0_and_1_and_are_0_where_not_known():
    signal_mv = synthetic_record().signal_mv
    statistics, _ = lead_statistics(signal_mv, np.zeros(signal_mv.shape, bool), 500.0)
    positions = ramp_positions(statistics)
    assert positions.shape == (12, len(RAMPS))
    assert positions.min() >= 0
    assert positions.max() <= 1
    single, _ = lead_statistics(signal_mv[:1], np.zeros((1, 5000), bool), 500.0)
    of_agreement = [ramp.statistic == "agreement" for ramp in RAMPS]
    assert ramp_positions(single)[0, of_agreement].max() == 0


@needs_shared_data
def test_fitting_finds_what_spoils_records():
    """Twice with a quarter of the records: the same lead statistic weighs most."""
    halves = []
    for start in (0, 1):
        cinc = read_cinc2011(SHARED_DATA / "cinc2011", start=start, step=4)
        labels = cinc.unacceptable.astype(np.float64)
        halves.append(fit_quality_model(positions_of(cinc), labels, cinc.bad_leads))
    for model in halves:
        assert model.lead.min() >= 0
        heaviest = RAMPS[int(np.argmax(model.lead * [not ramp.ruins for ramp in RAMPS]))]
        assert heaviest.statistic == "beat_correlation"
