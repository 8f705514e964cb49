"""Texts of a file without the patient's name and identifier."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["mask_person", "reader_name"]

_MASK = "[name]"
_SHORTEST_NAME = 3
_SHORTEST_NUMBER = 5
_LONGEST_TEXT = 500
# What anonymised files have in place of a name.
_PLACEHOLDERS = frozenset({"anon", "anonymous", "anonymized", "unknown", "unk", "none", "patient"})
# Words of ECG statements that are surnames as well: a name among them is masked only with another
# part of the name beside it.
_ECG_WORD_LIST = """
    abnormal acute age analysis anterior aortic atrial axis baseline beat block blocked
    borderline brady branch bundle change changes child complete conduction cute degree delay
    deep early ecg ectopic elevation fast first flat flutter good grade heart high impulse
    incomplete infarct inferior lateral law lead leads left long low major minor marked mild
    moderate narrow new normal old other pace paced pacer pause peak point poor possible
    posterior pre probable rate read rhythm right rising sharp short sinus slow small status
    strain strong sudden systole tall text time tracing ventricular voltage wander wave waves
    white wide with young man woman male female years the and for not may date test review
    reviewed confirmed
"""
_ECG_WORDS = frozenset(_ECG_WORD_LIST.split())


def mask_person(text: str, names: Iterable[str]) -> str:
    """Return one line of a file's text without the patient's name.

    Parameters
    ----------
    text : str
    names : iterable of str
        The patient's names and identifiers, as the file writes them.

    Returns
    -------
    str
        White space collapsed, at most 500 characters, each word of a name replaced by ``[name]``.
        A name that is a word of ECG statements (Mr Block) is replaced only if the text contains
        another part of the name too.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_TEXT]
    parts = {part for name in names for part in _words(name)} - _PLACEHOLDERS
    parts = {
        part
        for part in parts
        if len(part) >= (_SHORTEST_NUMBER if any(map(str.isdigit, part)) else _SHORTEST_NAME)
    }
    present = parts & set(_words(line))
    if not present - _ECG_WORDS and len(present) < 2:
        return line
    return "".join(_MASK if piece.casefold() in present else piece for piece in _pieces(line))


def reader_name(text: str, names: Iterable[str]) -> str:
    """Return the name of the physician who read an ECG.

    Parameters
    ----------
    text : str
    names : iterable of str
        The patient's names and identifiers.

    Returns
    -------
    str
        Empty if it shares a word with the patient's name.
    """
    masked = mask_person(text, names)
    return "" if _MASK in masked else masked


def _words(text: str) -> list[str]:
    return [piece.casefold() for piece in _pieces(text) if piece[:1].isalnum()]


def _pieces(text: str) -> list[str]:
    """Split into words (letters, digits, inner hyphens and apostrophes) and what is between."""
    pieces: list[str] = []
    in_word = False
    for char in text:
        is_word = char.isalnum() or (in_word and char in "-'’")
        if pieces and is_word == in_word:
            pieces[-1] += char
        else:
            pieces.append(char)
        in_word = is_word
    return pieces
