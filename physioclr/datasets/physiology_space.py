"""The physiology space of one or more stores: `fit_physiology_space`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from physioclr.datasets.store import Store
from physioclr.errors import DatasetError
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.physiology.vector import PHYSIOLOGY_NAMES

__all__ = ["fit_physiology_space"]


def fit_physiology_space(stores: Sequence[Store], *, n_components: int = 50) -> PhysiologySpace:
    """Fit the scale and basis of physiological similarity on the ECGs of stores.

    Parameters
    ----------
    stores : sequence of Store
    n_components : int

    Returns
    -------
    PhysiologySpace
        Over the entries of `PHYSIOLOGY_NAMES`; its `cohort` names the stores' sources.

    Raises
    ------
    DatasetError
        If a store has other entries, or they have fewer than two ECGs together.
    """
    for store in stores:
        if tuple(store.physiology.columns) != PHYSIOLOGY_NAMES:
            raise DatasetError(
                store.path.name,
                expected=f"the {len(PHYSIOLOGY_NAMES)} entries of the physiological vector",
                found=f"{len(store.physiology.columns)} of another version",
            )
    tables = [store.physiology.to_numpy(dtype=np.float64) for store in stores]
    values = np.concatenate([np.empty((0, len(PHYSIOLOGY_NAMES))), *tables])
    if len(values) < 2:
        raise DatasetError(
            " + ".join(store.path.name for store in stores),
            expected="at least two ECGs",
            found=str(len(values)),
        )
    cohort = " + ".join(
        f"{store.source}, {len(store)} ECGs{' (simulated)' if store.simulated else ''}"
        for store in stores
    )
    return PhysiologySpace.fit(values, PHYSIOLOGY_NAMES, n_components=n_components, cohort=cohort)
