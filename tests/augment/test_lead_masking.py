from __future__ import annotations

import pytest
import torch

from physioclr.augment import Draws, RandomLeadMasking
from physioclr.augment.windows import EcgWindows


def masked_signal(signal, **settings):
    none = torch.full((len(signal), 1), signal.shape[2])
    leads = tuple(f"{i}" for i in range(signal.shape[1]))
    windows = EcgWindows(signal, 100.0, leads, none, none[:, :0])
    return RandomLeadMasking(**settings)(windows, draws=Draws.seeded(1)).signal


@pytest.mark.parametrize(("fraction", "masked"), [(0.0, 0), (0.5, 6), (0.9, 10)])
def test_the_share_asked_for_is_zero_and_the_rest_untouched(fraction, masked):
    signal = torch.randn(50, 12, 40, generator=torch.Generator().manual_seed(0))
    out = masked_signal(signal, fraction=fraction)
    zero = (out == 0).all(dim=-1)
    assert (zero.sum(dim=1) == masked).all()
    torch.testing.assert_close(out[~zero], signal[~zero], rtol=0, atol=0)


def test_each_ecg_loses_leads_of_its_own():
    signal = torch.ones(50, 12, 4)
    out = masked_signal(signal)
    assert len(torch.unique(out[..., 0], dim=0)) > 40


def test_all_leads_cannot_be_masked():
    with pytest.raises(ValueError, match="fraction"):
        RandomLeadMasking(1.0)
