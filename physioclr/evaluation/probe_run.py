"""A run of linear probes: checkpoints and their controls, on one cohort, at several seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.evaluation.probe_features import (
    probe_features,
    probe_targets,
    untrained_features,
    usable_records,
)
from physioclr.probe import (
    ProbeResult,
    auroc_draws,
    compare_probes,
    label_efficiency,
    paired_table,
)
from physioclr.probe.paired import can_be_paired
from physioclr.probe.subgroups import score_subgroups, subgroups_of

__all__ = ["ProbeRun", "ProbedCohort", "pair_runs", "probe_store"]

Report = Callable[[str, float], None]


@dataclass(frozen=True)
class ProbedCohort:
    """What a run's scores are of.

    Parameters
    ----------
    source : str
        The cohort's name.
    simulated : bool
    fingerprint : str
        Of the store.
    n_records : int
        ECGs probed.
    n_refused : int
        ECGs that an encoder refused, which no set of features is scored on.
    label_set : str
    display_names : dict of str to str
        Label → its name on screen.
    encoders : dict of str to str
        Name → fingerprint of each checkpoint probed.
    """

    source: str
    simulated: bool
    fingerprint: str
    n_records: int
    n_refused: int
    label_set: str
    display_names: dict[str, str]
    encoders: dict[str, str]


@dataclass(frozen=True, eq=False)
class ProbeRun:
    """Probes of checkpoints and their controls on the same ECGs.

    Parameters
    ----------
    cohort : ProbedCohort
    record_ids : (n_records,) str
    results : dict of int to dict of str to ProbeResult
        Seed → features → what was found.
    draws : dict of int to dict of str to (n_bootstrap, n_labels) float32
        The `auroc_draws` of each result.
    subgroups : DataFrame
        `score_subgroups` of every result of the first seed, with the column ``model``.
    efficiency : DataFrame
        `label_efficiency`; without rows where it was not asked for.
    """

    cohort: ProbedCohort
    record_ids: NDArray[np.str_]
    results: Mapping[int, Mapping[str, ProbeResult]]
    draws: Mapping[int, Mapping[str, NDArray[np.float32]]]
    subgroups: pd.DataFrame
    efficiency: pd.DataFrame

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those of the folds, the resamples and the untrained encoders."""
        return tuple(self.results)

    @property
    def models(self) -> tuple[str, ...]:
        """The sets of features: the checkpoints, then their controls."""
        return tuple(self.results[self.seeds[0]])

    @property
    def measured(self) -> tuple[str, ...]:
        """The labels that could be measured."""
        return next(iter(self.results[self.seeds[0]].values())).measured

    def best(self, seed: int) -> str:
        """Return the features with the highest macro AUROC at a seed."""
        results = self.results[seed]
        return max(results, key=lambda name: results[name].macro_auroc)


def probe_store(
    store: Store,
    encoders: Encoder | Mapping[str, Encoder],
    label_set: str,
    *,
    fractions: Sequence[float] = (),
    seeds: Sequence[int] = (0,),
    n_bootstrap: int = 1000,
    on_progress: Report | None = None,
) -> ProbeRun:
    """Probe checkpoints and their controls, whole, by subgroup and with fewer labels.

    Parameters
    ----------
    store : Store
    encoders : Encoder, or mapping of str to Encoder
        One, named by its card, or several by the names they are to have.
    label_set : str
    fractions : sequence of float
        Of the labelled patients, for `label_efficiency`; none where empty.
    seeds : sequence of int
        Each has its own folds, bootstrap samples and untrained encoders.
    n_bootstrap : int
        Resamples of the patients for the 95 % intervals.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    ProbeRun
        The encoders, then the controls of `probe_features`, all on the same records and the same
        patient-grouped folds. ECGs that one of the encoders refuses are left out of every row.

    Raises
    ------
    DatasetError
        If the store has no such label set, or no label can be measured.
    ValueError
        If there is no encoder or no seed, or a seed is there twice.

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> store = physioclr.open_store("store")
    >>> encoder = physioclr.load_encoder()
    >>> run = physioclr.probe_store(store, encoder, "condition", n_bootstrap=20)
    >>> run.models
    ('physioclr-tiny', 'random init', 'physiology vector', 'median beat')
    """
    if isinstance(encoders, Encoder):
        encoders = {encoders.card.name: encoders}
    if not encoders or not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"encoders and seeds must not be empty, got {list(encoders)} and {seeds}")
    targets, patients, names = probe_targets(store, label_set)
    stages = _Stages(on_progress or (lambda _what, _share: None), len(seeds), fractions)
    first = probe_features(store, encoders, seed=seeds[0], on_progress=stages.of("embedding"))
    first = {name: values for name, values in first.items() if values.shape[1]}
    usable = usable_records(first)
    labelled: dict[str, Any] = {
        "targets": targets[usable],
        "groups": patients[usable],
        "label_names": names,
        "n_bootstrap": n_bootstrap,
    }
    results = {}
    for i, seed in enumerate(seeds):
        features = {**first, **(untrained_features(store, encoders, seed=seed) if i else {})}
        report = _counted(stages.of("fitting", i), "Fitting the probes")
        features = {name: values[usable] for name, values in features.items()}
        results[seed] = compare_probes(features, seed=seed, on_progress=report, **labelled)
    draws, subgroups = _resampled(results, store.records[usable], stages.of("resampling"))
    efficiency = pd.DataFrame()
    if fractions:
        efficiency = label_efficiency(
            {name: values[usable] for name, values in first.items()},
            fractions=sorted(fractions),
            seeds=seeds,
            on_progress=_counted(stages.of("efficiency"), "Fitting with fewer labels"),
            **labelled,
        )
    record_ids = store.records["record_id"].to_numpy(dtype=np.str_)[usable]
    cohort = _probed(store, encoders, label_set, usable)
    return ProbeRun(cohort, record_ids, results, draws, subgroups, efficiency)


def pair_runs(runs: Mapping[str, ProbeRun]) -> tuple[pd.DataFrame | None, str]:
    """Test the checkpoints of several runs against the best of them.

    Parameters
    ----------
    runs : mapping of str to ProbeRun
        By name, one or more.

    Returns
    -------
    pairs : DataFrame or None
        As `paired_table` of the first seed, a checkpoint that several runs probed once. None where
        the runs are not of the same ECGs, labels, seed and resamples.
    reference : str
        The checkpoint with the highest macro AUROC.
    """
    results: dict[str, ProbeResult] = {}
    draws: dict[str, NDArray[np.float32]] = {}
    seen: set[str] = set()
    for run in runs.values():
        seed = run.seeds[0]
        for name, fingerprint in run.cohort.encoders.items():
            if fingerprint not in seen:
                key = name if name not in results else f"{name} ({fingerprint[:6]})"
                results[key], draws[key] = run.results[seed][name], run.draws[seed][name]
                seen.add(fingerprint)
    reference = max(results, key=lambda name: results[name].macro_auroc)
    if not _of_the_same_ecgs(list(runs.values())):
        return None, reference
    return paired_table(results, reference, draws=draws), reference


def _of_the_same_ecgs(runs: Sequence[ProbeRun]) -> bool:
    first, *others = runs
    own = next(iter(first.results[first.seeds[0]].values()))
    return all(
        np.array_equal(run.record_ids, first.record_ids)
        and can_be_paired(own, next(iter(run.results[run.seeds[0]].values())))
        for run in others
    )


def _probed(
    store: Store, encoders: Mapping[str, Encoder], label_set: str, usable: NDArray[np.bool_]
) -> ProbedCohort:
    return ProbedCohort(
        source=store.source,
        simulated=store.simulated,
        fingerprint=store.fingerprint,
        n_records=int(usable.sum()),
        n_refused=int((~usable).sum()),
        label_set=label_set,
        display_names=dict(store.label_names[label_set]),
        encoders={name: encoder.card.fingerprint for name, encoder in encoders.items()},
    )


def _counted(report: Report, what: str) -> Callable[[int, int], None]:
    return lambda done, total: report(what, done / total)


def _resampled(
    results: Mapping[int, Mapping[str, ProbeResult]],
    records: pd.DataFrame,
    report: Report,
) -> tuple[dict[int, dict[str, NDArray[np.float32]]], pd.DataFrame]:
    """Return the draws of every result, and the subgroups of those of the first seed."""
    draws: dict[int, dict[str, NDArray[np.float32]]] = {}
    tables: list[pd.DataFrame] = []
    groups = subgroups_of(records)
    every = [(seed, model, r) for seed, of_seed in results.items() for model, r in of_seed.items()]
    for done, (seed, model, result) in enumerate(every):
        report("Resampling the patients", done / len(every))
        draws.setdefault(seed, {})[model] = auroc_draws(result).astype(np.float32)
        if len(draws) == 1:
            tables.append(score_subgroups(result, groups).assign(model=model))
    return draws, pd.concat(tables, ignore_index=True)


class _Stages:
    """Shares the progress out over what a run does, by how long each part takes."""

    def __init__(self, report: Report, n_seeds: int, fractions: Sequence[float]) -> None:
        self._report = report
        self._weights = {
            "embedding": 4.0,
            **{f"fitting{i}": 4.0 for i in range(n_seeds)},
            "resampling": 0.2 * n_seeds,
            "efficiency": n_seeds * sum(0.5 + 4.0 * fraction for fraction in fractions),
        }

    def of(self, stage: str, number: int | None = None) -> Report:
        name = stage if number is None else f"{stage}{number}"
        names, total = list(self._weights), sum(self._weights.values())
        before = sum(self._weights[one] for one in names[: names.index(name)]) / total
        own = self._weights[name] / total
        return lambda what, share: self._report(what, before + own * share)
