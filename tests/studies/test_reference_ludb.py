from studies.references.ludb import N_FOLDS, fold_of_record, read_ludb
from tests.shared_data import SHARED_DATA, needs_shared_data


def test_folds_share_the_odd_numbers_evenly():
    folds = [fold_of_record(f"ludb-{number}") for number in range(1, 200, 2)]
    assert [folds.count(fold) for fold in range(N_FOLDS)] == [20] * 5


@needs_shared_data
def test_leads_keep_their_proportions_and_marks_are_whole():
    items = read_ludb(SHARED_DATA / "ludb")
    assert sum(len(lead.waves["qrs"]) for item in items for lead in item.expert.values()) == 10892
    first = items[0].record
    limb = first.lead_mv("I") + first.lead_mv("III") - first.lead_mv("II")
    assert abs(limb - limb.mean()).max() < 0.02  # Einthoven's law, within 20 units of the ADC
