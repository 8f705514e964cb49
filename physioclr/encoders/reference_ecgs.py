"""Labelled reference ECGs a checkpoint carries, to show beside a prediction the ECGs most like it.

The bank holds what is needed to name and compare them: embeddings, record ids, labels, a few
measurements, age and sex. It holds no signal, no patient identifier and no name.

Embeddings are compared as standardised numbers (the bank's mean and standard deviation), so that no
coordinate counts for its scale. How far an ECG lies from the bank is said against how far the
bank's own ECGs lie from each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.encoders.reference_comparison import COMPARED
from physioclr.encoders.reference_files import TENSORS, read_reference_files, write_reference_files
from physioclr.errors import CheckpointError, DatasetError

if TYPE_CHECKING:
    from physioclr.datasets.store import Store

__all__ = ["ReferenceEcgs"]


_ARRAYS = ("embeddings", "mean", "scale", "typical_distances")
_STATED = ("record_id", "age_years", "sex")
_ROWS_AT_ONCE = 1024
_MOST_ECGS = 10_000


@dataclass(frozen=True, eq=False)
class ReferenceEcgs:
    """A cohort's labelled ECGs, as one encoder sees them.

    Parameters
    ----------
    encoder_fingerprint, store_fingerprint : str
        Of the encoder that embedded them, and of the store they are from.
    cohort : str
    simulated : bool
    label_names : mapping of str to mapping of str to str
        Set of labels → label → the label's name on screen.
    table : (n, …) DataFrame
        ``record_id``, ``age_years`` and ``sex``, `COMPARED`, and the labels as ``set/label``
        (1, 0 or NaN = unknown). NaN or None where unknown.
    embeddings : (n, d) float16
        Standardised.
    mean, scale : (d,) float32
        What they were standardised with; every scale is above 0.
    typical_distances : (m,) float32
        Of each ECG to the nearest one of another patient, sorted; empty where there is none. The
        root mean square over the coordinates, in standard deviations.

    Raises
    ------
    ValueError
        If shapes or columns do not fit together.
    """

    encoder_fingerprint: str
    store_fingerprint: str
    cohort: str
    simulated: bool
    label_names: Mapping[str, Mapping[str, str]]
    table: pd.DataFrame
    embeddings: NDArray[np.float16]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    typical_distances: NDArray[np.float32]

    def __post_init__(self) -> None:
        width = len(self.mean)
        if self.embeddings.shape != (len(self.table), width) or self.scale.shape != (width,):
            raise ValueError(
                f"embeddings must be ({len(self.table)}, {width}) with one scale a column, got "
                f"{self.embeddings.shape} and {self.scale.shape}"
            )
        absent = [name for name in self._columns() if name not in self.table]
        if absent:
            raise ValueError(f"table must have a column {absent[0]!r}, got {list(self.table)}")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with anything in the bank."""
        digest = hashlib.sha256(json.dumps(self._notes(), sort_keys=True).encode())
        digest.update(self.table.to_csv(index=False).encode())
        for array in self._arrays().values():
            digest.update(array.tobytes())
        return digest.hexdigest()[:16]

    @classmethod
    def of_store(
        cls,
        store: Store,
        embeddings: NDArray[np.floating],
        label_set: str,
        *,
        encoder_fingerprint: str,
        most: int = _MOST_ECGS,
        seed: int = 0,
    ) -> ReferenceEcgs:
        """Make the bank of the ECGs of a store with a label that is known and an embedding.

        Parameters
        ----------
        store : Store
        embeddings : (n_records, embedding_dim) float array
            As `embed_store` returns them; NaN for an ECG without one.
        label_set : str
        encoder_fingerprint : str
            Of the encoder that embedded them.
        most : int
            A larger cohort is drawn from at random, by `seed`.
        seed : int

        Returns
        -------
        ReferenceEcgs

        Raises
        ------
        DatasetError
            If the store has no such label set, or no such ECG.
        """
        labels = store.labels(label_set)
        usable = np.isfinite(embeddings).all(axis=1) & labels.notna().any(axis=1).to_numpy()
        rows = np.flatnonzero(usable)
        if not rows.size:
            raise DatasetError(
                store.source, expected=f"an ECG with an embedding and a {label_set}", found="none"
            )
        if rows.size > most:
            rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
        values = np.asarray(embeddings[rows], dtype=np.float64)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)
        standard = ((values - mean) / scale).astype(np.float16)
        stated = store.records.reindex(columns=list(_STATED))
        measured = store.measurements.reindex(columns=list(COMPARED)).set_axis(stated.index)
        return cls(
            encoder_fingerprint=encoder_fingerprint,
            store_fingerprint=store.fingerprint,
            cohort=store.source,
            simulated=store.simulated,
            label_names={},
            table=pd.concat([stated, measured], axis="columns").iloc[rows].reset_index(drop=True),
            embeddings=standard,
            mean=mean.astype(np.float32),
            scale=scale.astype(np.float32),
            typical_distances=_typical_distances(
                standard, store.records["patient_id"].to_numpy(dtype=str)[rows]
            ),
        ).with_labels(store, label_set)

    def with_labels(self, store: Store, label_set: str) -> ReferenceEcgs:
        """Return the bank with another label set of the store it is from.

        Parameters
        ----------
        store : Store
        label_set : str

        Returns
        -------
        ReferenceEcgs

        Raises
        ------
        DatasetError
            If the store is another one, or has no such label set.
        """
        if store.fingerprint != self.store_fingerprint:
            raise DatasetError(
                store.source,
                expected=f"the store {self.store_fingerprint} of the reference ECGs",
                found=store.fingerprint,
            )
        rows = [store.index_of(record_id) for record_id in self.table["record_id"]]
        labels = store.labels(label_set).iloc[rows].add_prefix(f"{label_set}/")
        kept = self.table.drop(columns=list(labels), errors="ignore")
        return replace(
            self,
            label_names={**self.label_names, label_set: dict(store.label_names[label_set])},
            table=pd.concat([kept, labels.reset_index(drop=True)], axis="columns"),
        )

    def nearest(
        self, embedding: NDArray[Any], k: int = 5, *, label_set: str | None = None
    ) -> pd.DataFrame:
        """Find the reference ECGs most like an ECG.

        Parameters
        ----------
        embedding : (d,) array of numbers
            As `embed` returns it.
        k : int
            At least 1; all of the bank where it holds fewer.
        label_set : str, optional
            Which labels to name; the last set the bank was given where absent or unknown to it.

        Returns
        -------
        (k, …) DataFrame
            The most similar first: ``record_id``, ``cohort``, ``simulated``, ``labels`` (a tuple
            of those present, None where all are unknown), ``cosine`` (of the standardised
            embeddings, in [-1, 1]), ``age_years``, ``sex``, and `COMPARED`.

        Raises
        ------
        ValueError
            If `embedding` is of another length or not finite, or `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        standard = self._standardised(embedding)
        bank = self.embeddings.astype(np.float64)
        lengths = np.linalg.norm(bank, axis=1) * np.linalg.norm(standard)
        cosines = np.divide(bank @ standard, lengths, out=np.zeros(len(bank)), where=lengths > 0)
        rows = np.argsort(-cosines, kind="stable")[:k]
        found = self.table.iloc[rows].reset_index(drop=True)
        return pd.DataFrame(
            {
                "record_id": found["record_id"],
                "cohort": self.cohort,
                "simulated": self.simulated,
                "labels": self._labels(found, label_set),
                "cosine": np.clip(cosines[rows], -1.0, 1.0),
                **{name: found[name] for name in (*_STATED[1:], *COMPARED)},
            }
        )

    def cosine(self, embedding: NDArray[Any], other: NDArray[Any]) -> float:
        """Compare two ECGs as `nearest` does.

        Parameters
        ----------
        embedding, other : (d,) array of numbers

        Returns
        -------
        float
            Cosine of the embeddings, standardised as the bank is, in [-1, 1]; 0 where one of them
            is the bank's mean.

        Raises
        ------
        ValueError
            As `nearest` does.
        """
        a, b = self._standardised(embedding), self._standardised(other)
        lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(np.clip(a @ b / lengths, -1.0, 1.0)) if lengths else 0.0

    def distance_percentile(self, embedding: NDArray[Any]) -> float:
        """Say how far an ECG lies from the bank.

        Parameters
        ----------
        embedding : (d,) array of numbers

        Returns
        -------
        float
            In [0, 100]: the percentage of the bank's ECGs that lie nearer to their nearest
            neighbour of another patient than this ECG to its own. Above 99 the bank holds hardly
            anything like it; a low value is no proof that it does, for what the encoder does not
            tell apart lies near. NaN where the bank is of one patient.

        Raises
        ------
        ValueError
            As `nearest` does.
        """
        if not self.typical_distances.size:
            return float("nan")
        apart = self.embeddings.astype(np.float64) - self._standardised(embedding)
        distance = float(np.sqrt(np.mean(apart**2, axis=1).min()))
        nearer = np.searchsorted(self.typical_distances, distance, side="left")
        return 100.0 * float(nearer) / len(self.typical_distances)

    def save(self, folder: Path) -> None:
        """Write ``reference_ecgs.safetensors`` and ``reference_ecgs.parquet``.

        Parameters
        ----------
        folder : Path

        Raises
        ------
        PhysioclrError
            If they cannot be written.
        """
        write_reference_files(folder, self._arrays(), self._notes(), self.table)

    @classmethod
    def load(cls, folder: Path, *, encoder_fingerprint: str) -> ReferenceEcgs:
        """Read what `save` wrote; nothing is unpickled.

        Parameters
        ----------
        folder : Path
        encoder_fingerprint : str
            Of the encoder whose embeddings are to be compared with the bank's.

        Returns
        -------
        ReferenceEcgs

        Raises
        ------
        CheckpointError
            If a file is missing or damaged, or another encoder embedded the ECGs.
        """
        arrays, notes, table = read_reference_files(folder)
        subject = str(folder / TENSORS)
        try:
            bank = cls(table=table, **arrays, **notes)
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                subject, expected="reference ECGs that fit together", found=str(error)
            ) from error
        if bank.encoder_fingerprint != encoder_fingerprint:
            raise CheckpointError(
                subject,
                expected=f"reference ECGs embedded by the encoder {encoder_fingerprint}",
                found=f"those of {bank.encoder_fingerprint}",
            )
        return bank

    def _columns(self) -> list[str]:
        labels = [f"{s}/{label}" for s, names in self.label_names.items() for label in names]
        return [*_STATED, *COMPARED, *labels]

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name) for name in _ARRAYS}

    def _notes(self) -> dict[str, Any]:
        return {
            "encoder_fingerprint": self.encoder_fingerprint,
            "store_fingerprint": self.store_fingerprint,
            "cohort": self.cohort,
            "simulated": self.simulated,
            "label_names": {label_set: dict(n) for label_set, n in self.label_names.items()},
        }

    def _standardised(self, embedding: NDArray[Any]) -> NDArray[np.float64]:
        values = np.asarray(embedding, dtype=np.float64)
        if values.shape != self.mean.shape or not np.isfinite(values).all():
            raise ValueError(
                f"embedding must be {self.mean.shape} finite numbers, got shape {values.shape}"
            )
        return np.asarray((values - self.mean) / self.scale, dtype=np.float64)

    def _labels(self, rows: pd.DataFrame, label_set: str | None) -> list[tuple[str, ...] | None]:
        known = list(self.label_names)
        chosen = label_set if label_set is not None and label_set in known else known[-1]
        names = self.label_names[chosen]
        values = rows[[f"{chosen}/{label}" for label in names]].to_numpy(dtype=np.float64)
        return [
            None
            if np.isnan(row).all()
            else tuple(label for label, value in zip(names, row, strict=True) if value == 1)
            for row in values
        ]


def _typical_distances(
    standard: NDArray[np.float16], patients: NDArray[np.str_]
) -> NDArray[np.float32]:
    """Return the sorted distances of each ECG to the nearest one of another patient."""
    values = standard.astype(np.float32)
    squares = np.square(values).mean(axis=1)
    _, codes = np.unique(patients, return_inverse=True)
    nearest = []
    for start in range(0, len(values), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        products = values[block] @ values.T / values.shape[1]
        apart = squares[block, None] + squares - 2 * products
        apart[codes[block, None] == codes] = np.inf
        nearest.append(apart.min(axis=1))
    found = np.concatenate(nearest)
    distances = np.sqrt(np.maximum(found[np.isfinite(found)], 0.0))
    return np.asarray(np.sort(distances), dtype=np.float32)
