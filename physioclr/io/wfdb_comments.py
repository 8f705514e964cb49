"""What the comments of a WFDB header state about the person: age, sex, diagnosis codes.

Comments are free text and may name people: nothing else of them leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from physioclr.io.person import stated_person

__all__ = ["stated_by_comments"]

_FIELD = re.compile(r"<?(?P<key>age|sex|dx)>?\s*:\s*(?P<value>.*)", re.IGNORECASE)
_MIT_BIH = re.compile(r"(?P<age>-?\d{1,3})\s+(?P<sex>[MF])\s+\d+\s+\d+\s+\S+")
_AGE = re.compile(r"\d{1,3}(\.\d{1,4})?")
_CODE = re.compile(r"[A-Za-z0-9_.^-]{1,24}")


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
    age = fields.get("age", "")
    stated = stated_person(
        age_years=float(age) if _AGE.fullmatch(age) else None, sex=fields.get("sex")
    )
    codes = [code.strip() for code in fields.get("dx", "").split(",")]
    codes = [code for code in codes if _CODE.fullmatch(code) and code.lower() != "unknown"]
    if codes:
        stated["diagnosis_codes"] = tuple(dict.fromkeys(codes))
    return stated
