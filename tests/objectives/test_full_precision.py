from __future__ import annotations

import torch

from physioclr.objectives.full_precision import full_precision


@full_precision
def product(first, *, second):
    return first @ second


def test_products_are_float32_under_autocast_and_half_arguments_are_widened():
    first, second = torch.randn(2, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = first @ second
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (first @ second).dtype == torch.bfloat16
        found = product(first, second=second)
        of_half = product(first.bfloat16(), second=second.bfloat16())
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)  # float32
    assert of_half.dtype == torch.float32
