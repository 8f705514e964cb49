"""What a page says of plug-ins."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components.problems import literal
from physioclr.runtime.plugins import Plugin

__all__ = ["say_what_is_broken"]


def say_what_is_broken(broken: Mapping[Plugin, str]) -> None:
    """Name the plug-ins that cannot be used, and why.

    Parameters
    ----------
    broken : mapping of Plugin to str
        As `physioclr.runtime.plugins.PluginTable.broken`.
    """
    for problem in broken.values():
        st.warning(literal(f"{problem}."), icon=":material/extension_off:")
