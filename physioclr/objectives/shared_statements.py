"""How alike two ECGs are by the findings the criteria state of both."""

from __future__ import annotations

import torch
from torch import Tensor

from physioclr.objectives.full_precision import full_precision

__all__ = ["shared_statement_similarity"]


@full_precision
def shared_statement_similarity(statements: Tensor) -> Tensor:
    """Return the share of the findings of either of two ECGs that both have.

    Parameters
    ----------
    statements : (n, n_codes) float tensor
        1 = present, 0 = absent, NaN = neither is known.

    Returns
    -------
    (n, n) float tensor
        Jaccard's index (Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x) over the findings
        known of both, from 0 to 1; NaN where neither has one of them.

    Notes
    -----
    Normal ECG is a finding too: two normal ECGs share it. What nearly every ECG has, sinus rhythm,
    must not be among the codes.
    """
    known = torch.isfinite(statements)
    present = (statements == 1).to(statements.dtype)
    both = known.to(statements.dtype)
    shared = present @ present.T
    # Present in one and known of the other.
    of_one = present @ both.T
    either = of_one + of_one.T - shared
    return torch.where(either > 0, shared / either.clamp(min=1), torch.nan)
