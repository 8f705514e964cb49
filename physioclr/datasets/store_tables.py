"""The tables of a store: their columns, and how parts written one after another become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = [
    "BEAT_COLUMNS",
    "LEFT_OUT_SCHEMA",
    "RECORD_COLUMNS",
    "TABLE_NAMES",
    "join_parts",
    "part_file",
    "write_part",
]

TABLE_NAMES = ("records", "labels", "measurements", "physiology", "beats", "statements")

RECORD_COLUMNS = {
    "record_id": pa.string(),
    "patient_id": pa.string(),
    "age_years": pa.float64(),
    "sex": pa.string(),
    "fold": pa.int64(),
    "source": pa.string(),
    "quality_score": pa.float64(),
    "acceptable": pa.bool_(),
    "signal_hash": pa.string(),
}

BEAT_COLUMNS = ("r_peaks_samples", "cuts_samples", "p_peaks_samples", "t_peaks_samples")

LEFT_OUT_SCHEMA = pa.schema([("record_id", pa.string()), ("reason", pa.string())])

_BEAT_SCHEMA = pa.schema([(name, pa.list_(pa.int32())) for name in BEAT_COLUMNS])
_ROWS_IN_A_GROUP = 65_536
"""Rows of a Parquet row group: with fewer, a wide table's footer outgrows its numbers."""


def part_file(name: str, part: int) -> str:
    """Return the file of one part of a table: the first has no number.

    Parameters
    ----------
    name : str
    part : int

    Returns
    -------
    str
    """
    return f"{name}.parquet" if part == 0 else f"{name}-{part:05d}.parquet"


def write_part(name: str, rows: Sequence[dict[str, Any]], file: Path) -> None:
    """Write consecutive rows of one table.

    Parameters
    ----------
    name : str
        One of `TABLE_NAMES`.
    rows : sequence of dict
        Column → value.
    file : Path
    """
    pq.write_table(_table(name, rows), file, compression="zstd")


def join_parts(parts: Sequence[tuple[Path, int]], out: Path) -> None:
    """Write one table from its parts, a row group at a time.

    Parameters
    ----------
    parts : sequence of (Path, int)
        The file and its number of rows, which Parquet does not keep of a table without columns.
    out : Path
        A column that a part lacks is missing in that part's rows.
    """
    schema = pa.unify_schemas([_bare(pq.read_schema(file)) for file, _ in parts])
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for table in _groups(parts, schema):
            writer.write_table(table)


def _bare(schema: pa.Schema) -> pa.Schema:
    return schema.remove_metadata()


def _groups(parts: Sequence[tuple[Path, int]], schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    n_waiting = 0
    for file, n_rows in parts:
        waiting.append(_with_columns(pq.read_table(file), schema, n_rows))
        n_waiting += n_rows
        if n_waiting >= _ROWS_IN_A_GROUP:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting, n_waiting = [], 0
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _with_columns(table: pa.Table, schema: pa.Schema, n_rows: int) -> pa.Table:
    columns = [
        table[field.name] if field.name in table.column_names else pa.nulls(n_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _table(name: str, rows: Sequence[dict[str, Any]]) -> pa.Table:
    if name == "records":
        frame = pd.DataFrame(rows, columns=list(RECORD_COLUMNS))
        schema = pa.schema(list(RECORD_COLUMNS.items()))
        return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    if name == "statements":
        columns = dict.fromkeys(column for row in rows for column in row)
        schema = pa.schema([(column, pa.string()) for column in columns])
        return pa.Table.from_pylist(list(rows), schema=schema)
    if name == "beats":
        return pa.Table.from_pylist(list(rows), schema=_BEAT_SCHEMA)
    # float32 has seven digits, more than any of these numbers is known to.
    frame = pd.DataFrame(rows, index=range(len(rows)), dtype=np.float32)
    return pa.Table.from_pandas(frame, preserve_index=False)
