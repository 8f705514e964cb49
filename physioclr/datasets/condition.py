"""A condition over columns, such as ``age_years >= 65 and sex == 'female'``, and nothing more.

pandas would run a condition as a program: one from a link could read and write files. Here it is
parsed as an expression of Python, each part of which must be one of a few that only compare and
reckon; nothing of it is handed to `eval`.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["columns_of", "condition_holds"]

_LONGEST = 10_000
_SAID_AT_MOST = 40
_LARGEST = 2.0**53  # up to where float64 tells whole numbers apart
# What is quoted stays as it is; what is in backticks is a column; & and | bind as `and` and `or`.
_PIECES = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`([^`]*)`|[&|]""", re.DOTALL)
_WORDS = {"&": " and ", "|": " or "}
_RECKONED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
}
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_Values = NDArray[Any]


def condition_holds(condition: str, columns: Mapping[str, pd.Series]) -> NDArray[np.bool_]:
    """Say for which rows a condition holds.

    Parameters
    ----------
    condition : str
        Comparisons (``== != < <= > >=``, ``in`` and ``not in`` a list) joined by ``and``, ``or``,
        ``not`` (``& | ~``), over columns, numbers, quoted text, and ``+ - * /`` of numbers. A
        column of which the name is no word stands in backticks.
    columns : mapping of str to Series
        All of one length, at least one.

    Returns
    -------
    (n,) bool
        A comparison with what is unknown does not hold, whichever it is; `not` holds wherever what
        it negates does not.

    Raises
    ------
    ValueError
        If it is no such condition, with the reason.
    """
    tree, names = _parsed(condition)
    try:
        return _Rows(columns, names).truth(tree)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def columns_of(condition: str) -> set[str]:
    """Return the columns that a condition names.

    Parameters
    ----------
    condition : str
        As `condition_holds` takes it.

    Returns
    -------
    set of str

    Raises
    ------
    ValueError
        If it is no expression.
    """
    tree, names = _parsed(condition)
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {names.get(name, name) for name in found}


def _parsed(condition: str) -> tuple[ast.expr, dict[str, str]]:
    """Return the expression, and which column each name stands for that was in backticks."""
    if len(condition) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST:,} characters")
    stem = "column"
    while stem in condition:
        stem += "_"
    names: dict[str, str] = {}

    def plain(piece: re.Match[str]) -> str:
        if piece[1] is None:
            return _WORDS.get(piece[0], piece[0])
        names[name := f"{stem}{len(names)}"] = piece[1]
        return f" {name} "

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python would warn of in a program
            return ast.parse(_PIECES.sub(plain, condition).strip(), mode="eval").body, names
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("it cannot be read") from None


class _Rows:
    """What an expression is of each row.

    A value is an array of float (NaN where unknown; yes is 1, no is 0), of object (text, None where
    unknown), or of bool (what a comparison gives). It has one entry, or one a row.
    """

    def __init__(self, columns: Mapping[str, pd.Series], names: Mapping[str, str]) -> None:
        self._columns, self._names = columns, names
        self._n = len(next(iter(columns.values())))
        self._read: dict[str, _Values] = {}

    def truth(self, node: ast.expr) -> NDArray[np.bool_]:
        """Return where an expression holds."""
        found = self._value(node)
        if isinstance(node, ast.Name) and _is_flag(self._series(node)):
            found = found == 1
        if found.dtype != np.bool_:
            raise ValueError(f"{self._said(node)} compares nothing")
        return np.broadcast_to(found, self._n)

    def _value(self, node: ast.expr) -> _Values:
        match node:
            case ast.Name():
                return self._column(node)
            case ast.Constant():
                return _constant(node.value)
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return reduce(join, map(self.truth, node.values))
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                return ~self.truth(node.operand)
            case ast.UnaryOp(op=ast.USub()):
                return -self._number(node.operand)
            case ast.UnaryOp(op=ast.UAdd()):
                return self._number(node.operand)
            case ast.BinOp() if type(node.op) in _RECKONED:
                with np.errstate(all="ignore"):
                    reckon = _RECKONED[type(node.op)]
                    return np.asarray(reckon(self._number(node.left), self._number(node.right)))
            case ast.Compare():
                sides = zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                )
                return reduce(np.logical_and, [self._compared(*side) for side in sides])
        raise ValueError(f"{self._said(node)} is not allowed")

    def _series(self, node: ast.Name) -> pd.Series:
        name = self._names.get(node.id, node.id)
        if name not in self._columns:
            raise ValueError(f"there is no column {name}")
        return self._columns[name]

    def _column(self, node: ast.Name) -> _Values:
        if node.id not in self._read:
            self._read[node.id] = _values_of(self._series(node))
        return self._read[node.id]

    def _number(self, node: ast.expr) -> NDArray[np.float64]:
        found = self._value(node)
        if found.dtype != np.float64:
            raise ValueError(f"{self._said(node)} is no number")
        return found

    def _compared(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> NDArray[np.bool_]:
        if isinstance(how, ast.In | ast.NotIn | ast.Eq | ast.NotEq) and isinstance(
            right, ast.List | ast.Tuple
        ):
            return self._among(left, right.elts, wanted=isinstance(how, ast.In | ast.Eq))
        if type(how) not in _COMPARED:
            raise ValueError(f"{self._said(right)} is no list")
        one, other = self._value(left), self._value(right)
        if one.dtype != other.dtype:
            raise ValueError(
                f"{self._said(left)} and {self._said(right)} are not of one kind: numbers, text"
            )
        known = _is_known(one) & _is_known(other)
        holds = np.zeros(known.shape, dtype=np.bool_)
        one, other = np.broadcast_to(one, known.shape), np.broadcast_to(other, known.shape)
        holds[known] = _COMPARED[type(how)](one[known], other[known])
        return holds

    def _among(self, left: ast.expr, items: list[ast.expr], *, wanted: bool) -> NDArray[np.bool_]:
        values = self._value(left)
        listed = [one.item() for one in map(self._listed, items) if one.dtype == values.dtype]
        found = pd.Series(values).isin(listed).to_numpy()
        return np.asarray((found == wanted) & _is_known(values))

    def _listed(self, item: ast.expr) -> _Values:
        if any(isinstance(node, ast.Name | ast.Compare) for node in ast.walk(item)):
            raise ValueError(f"{self._said(item)} is no constant")
        return self._value(item)

    def _said(self, node: ast.expr) -> str:
        """Write a part of the condition, cut short."""
        text = ast.unparse(node)
        for name, column in self._names.items():
            text = text.replace(name, f"`{column}`")
        return f"“{text}”" if len(text) <= _SAID_AT_MOST else f"“{text[:_SAID_AT_MOST]} …”"


def _values_of(column: pd.Series) -> _Values:
    if _is_flag(column):
        return column.astype("boolean").to_numpy(np.float64, na_value=np.nan)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    text = column.astype(str).to_numpy(object, copy=True)
    text[column.isna().to_numpy()] = None
    return text


def _is_flag(column: pd.Series) -> bool:
    """Say whether a column is of yes and no; it may lack some."""
    return pd.api.types.infer_dtype(column, skipna=True) == "boolean"


def _constant(value: object) -> _Values:
    if isinstance(value, bool):
        return np.array([float(value)])
    if isinstance(value, int | float):
        if not abs(value) <= _LARGEST:
            raise ValueError("a number in it is too large")
        return np.array([value], dtype=np.float64)
    if isinstance(value, str):
        return np.array([value], dtype=object)
    raise ValueError(f"{value!r} is neither number nor text")


def _is_known(values: _Values) -> NDArray[np.bool_]:
    return np.asarray(pd.notna(values))
