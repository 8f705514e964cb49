"""What the comments of a WFDB header state about the person: age, sex, diagnosis codes.

Comments are free text and may name people: nothing else of them leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["stated_by_comments"]

_FIELD = re.compile(r"<?(?P<key>age|sex|dx)>?\s*:\s*(?P<value>.*)", re.IGNORECASE)
_MIT_BIH = re.compile(r"(?P<age>-?\d{1,3})\s+(?P<sex>[MF])\s+\d+\s+\d+\s+\S+")
_CODE = re.compile(r"[A-Za-z0-9_.^]{1,24}")
_SEXES = {"f": "female", "female": "female", "m": "male", "male": "male"}
_OLDEST_YEARS = 120.0


def stated_by_comments(comments: Sequence[str]) -> dict[str, Any]:
    """Collect what a header's comments state.

    Parameters
    ----------
    comments : sequence of str
        Without their ``#``. Three forms are known: ``Age: 85`` (Challenge, PTB), ``<age>: 85``
        (LUDB) and ``69 M 1085 1629 x1`` (MIT-BIH).

    Returns
    -------
    dict
        ``age_years``, ``sex`` (``"female"``, ``"male"``) and ``diagnosis_codes`` (tuple of str),
        each only where it is stated and known.
    """
    fields: dict[str, str] = {}
    for comment in comments:
        if match := _FIELD.fullmatch(comment):
            fields.setdefault(match["key"].lower(), match["value"].strip())
        elif match := _MIT_BIH.fullmatch(comment):
            fields.setdefault("age", match["age"])
            fields.setdefault("sex", match["sex"])
    stated: dict[str, Any] = {}
    if re.fullmatch(r"\d{1,3}(\.\d{1,4})?", age := fields.get("age", "")) and (
        float(age) <= _OLDEST_YEARS
    ):
        stated["age_years"] = float(age)
    if sex := _SEXES.get(fields.get("sex", "").lower()):
        stated["sex"] = sex
    codes = [code.strip() for code in fields.get("dx", "").split(",")]
    codes = [code for code in codes if _CODE.fullmatch(code) and code.lower() != "unknown"]
    if codes:
        stated["diagnosis_codes"] = tuple(dict.fromkeys(codes))
    return stated
