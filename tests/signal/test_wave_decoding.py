"""Probabilities drawn by hand, so that the right answer is known."""

import numpy as np
import pytest

from physioclr.signal.wave_decoding import decode_waves


def _drawn(beats, *, p_level=1.0, n_leads=2, n_samples=2500):
    probabilities = np.zeros((n_leads, n_samples, 6), dtype=np.float32)
    leads = np.zeros((n_leads, n_samples), dtype=np.float32)
    for beat in beats:
        spans = ((beat - 45, beat - 40, beat - 20), (beat - 10, beat, beat + 12))
        spans = (*spans, (beat + 40, beat + 65, beat + 85))
        for wave, (onset, peak, end) in enumerate(spans):
            level = p_level if wave == 0 else 1.0
            probabilities[:, onset:end, wave] = level
            probabilities[:, peak - 1 : peak + 2, 3 + wave] = (0.5, 1.0, 0.5)
        leads[:, beat - 3 : beat + 4] = 1 - np.abs(np.arange(-3, 4)) / 4
    return probabilities, leads


REGULAR = np.arange(200, 2300, 220)
IRREGULAR = np.cumsum([200, 150, 290, 180, 320, 160, 270, 210, 330])


def test_edges_and_peaks_are_read_where_they_were_drawn():
    waves = decode_waves(*_drawn(REGULAR))
    np.testing.assert_allclose(waves.beats, REGULAR)
    # Sample k stands for k - 1/2 to k + 1/2, so drawn spans begin and end half a sample early.
    drawn = [-45.5, -40, -20.5, -10.5, 0, 11.5, 39.5, 65, 84.5]
    expected = np.broadcast_to(REGULAR[:, None] + np.array(drawn), (2, REGULAR.size, 9))
    np.testing.assert_allclose(waves.fiducials, expected, atol=1e-4)  # float32 of the ramp


def test_an_edge_lies_at_its_expected_place():
    probabilities, leads = _drawn([500])
    probabilities[:, 488:492, 1] = (0.2, 0.4, 0.6, 0.8)
    # The drawn onset was 490; the ramp puts 0.2 + 0.4 before it and takes 0.4 + 0.2 after it.
    onset = decode_waves(probabilities, leads).fiducials[0, 0, 3]
    assert onset == pytest.approx(489.5, abs=1e-4)  # float32 of the ramp


def test_doubtful_p_waves_are_believed_in_regular_rhythm_only():
    regular = decode_waves(*_drawn(REGULAR, p_level=0.7))
    irregular = decode_waves(*_drawn(IRREGULAR, p_level=0.7))
    sure = decode_waves(*_drawn(IRREGULAR, p_level=0.95))
    assert np.isfinite(regular.fiducials[:, :, 0]).all()
    assert np.isnan(irregular.fiducials[:, :, 0]).all()
    assert np.isfinite(sure.fiducials[:, :, 0]).all()


def test_the_leads_vote():
    probabilities, leads = _drawn(REGULAR, n_leads=5)
    extra, _ = _drawn([1190], n_leads=5)
    probabilities[0] = np.maximum(probabilities[0], extra[0])  # one lead of five sees a beat more
    assert decode_waves(probabilities, leads).beats.size == REGULAR.size


def test_nothing_gives_nothing():
    waves = decode_waves(np.zeros((3, 2500, 6), np.float32), np.zeros((3, 2500), np.float32))
    assert waves.beats.size == 0
    assert waves.fiducials.shape == (3, 0, 9)


def test_the_r_peak_is_the_positive_apex_even_where_the_s_wave_is_deeper():
    probabilities, leads = _drawn(REGULAR)
    for beat in REGULAR:
        leads[0, beat + 4 : beat + 9] = -2.0
        probabilities[0, beat + 6, 4] = 1.0
        probabilities[0, beat, 4] = 0.3
    waves = decode_waves(probabilities, leads)
    np.testing.assert_allclose(waves.fiducials[0, :, 4], REGULAR, atol=0.5)  # half a sample
