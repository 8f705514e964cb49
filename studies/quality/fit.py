"""Fit the weights of `assess_quality`: ``python -m studies.quality.fit DATA/cinc2011``.

Two logistic models, of a lead and of a record, over the same ramps (`quality_model.RAMPS`), with
weights of at least 0 and a ridge penalty. Written to ``physioclr/signal/quality_weights.json``.
``benchmarks/quality.py`` fits them again without the records it scores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

import physioclr.signal.quality_model as shipped
from physioclr.signal.quality_model import RAMPS, QualityModel
from physioclr.signal.quality_windows import quality_windows
from studies.references.cinc2011 import Cinc2011, read_cinc2011

__all__ = ["fit_quality_model", "positions_of"]

Floats = NDArray[np.float64]

_LEAD_RIDGE, _RECORD_RIDGE = 1.0, 3.0
# A lead (or all leads) at the end of a ramp that ruins falls at least to a score of 2 ** -1.2.
_RUINED = 1.2


def positions_of(data: Cinc2011) -> Floats:
    """Return how far up each ramp each lead is, (n_records, 12, n_ramps)."""
    return np.stack([next(quality_windows(record)).positions for record in data.records])


def fit_quality_model(positions: Floats, unacceptable: Floats, bad_leads: Floats) -> QualityModel:
    """Fit both models.

    Parameters
    ----------
    positions : (n_records, 12, n_ramps) float64
    unacceptable : (n_records,) 0 or 1
    bad_leads : (n_records, 12) 0, 1 or NaN
        An acceptable record that nobody marked counts as having no bad lead; an unacceptable one
        tells nothing of its leads.

    Returns
    -------
    QualityModel
        Weights as shares of what takes the odds of being bad from those of a clean lead, or record,
        to the limit: 1 for a lead, 1/2 for a record, as a bad record that passes costs twice what
        a good one taken again does. There the score is 0.5.
    """
    n_ramps = positions.shape[2]
    labels = np.where(np.isnan(bad_leads) & (unacceptable == 0)[:, None], 0.0, bad_leads)
    known = np.isfinite(labels)
    lead = _fit(positions[known], labels[known], _LEAD_RIDGE, limit_odds=1.0)
    both = np.concatenate([positions.max(axis=1), positions.mean(axis=1)], axis=1)
    rejected = np.asarray(unacceptable, dtype=np.float64)
    record = _fit(both, rejected, _RECORD_RIDGE, limit_odds=0.5)
    worst, mean = record[:n_ramps], record[n_ramps:]
    for index, ramp in enumerate(RAMPS):
        if ramp.ruins:
            same = [other for other, one in enumerate(RAMPS) if one.statistic == ramp.statistic]
            lead[index] += max(0.0, _RUINED - lead[same].sum())
            mean[index] += max(0.0, _RUINED - worst[same].sum() - mean[same].sum())
    return QualityModel(lead, worst, mean)


def _fit(inputs: Floats, labels: Floats, ridge: float, *, limit_odds: float) -> Floats:
    """Return a logistic model's weights, none below 0, over what leads from clean to the limit."""

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters[1:]
        logit = parameters[0] + inputs @ weights
        likelihood = float(np.sum(np.logaddexp(0.0, logit) - labels * logit))
        slope = 0.5 * (1.0 + np.tanh(logit / 2)) - labels
        gradient = np.concatenate([[slope.sum()], inputs.T @ slope + ridge * weights])
        return likelihood + ridge / 2 * float(weights @ weights), gradient

    start = np.concatenate([[-3.0], np.full(inputs.shape[1], 0.5)])
    bounds = [(None, None)] + [(0.0, None)] * inputs.shape[1]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Floats = found.x[1:] / (np.log(limit_odds) - found.x[0])
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of CinC 2011")
    data = read_cinc2011(parser.parse_args().data)
    model = fit_quality_model(
        positions_of(data), data.unacceptable.astype(np.float64), data.bad_leads
    )
    path = Path(shipped.__file__).with_name("quality_weights.json")
    path.write_text(json.dumps(model.to_dict(), indent=1) + "\n", encoding="utf-8")
    print(f"{len(data.records)} records, {len(RAMPS)} ramps -> {path.name}")


if __name__ == "__main__":
    main()
