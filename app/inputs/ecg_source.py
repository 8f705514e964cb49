"""Where an ECG comes from: the visitor's files, or the demo cohort."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from physioclr.io.plugin_formats import FORMATS

__all__ = ["pick_from", "upload_box"]


def upload_box(*, key: str) -> list[UploadedFile]:
    """Ask for the files of an ECG."""
    plugged = ", ".join(plugin.name for plugin in FORMATS.plugins)
    also = f" Plug-ins also read {plugged}." if plugged else ""
    return st.file_uploader(
        "Upload an ECG: DICOM, SCP, aECG, MUSE, Philips, EDF, ISHNE, MFER, WFDB, CSV or NumPy",
        accept_multiple_files=True,
        key=key,
        help="Several ECGs may be uploaded at once, also as a zip. A WFDB record is its header "
        "(.hea) and its signal file (.dat or .mat) together. Files stay on the computer that runs "
        f"this app.{also}",
    )


def pick_from(
    names: Sequence[str], chosen: int | None, *, label: str, placeholder: str, key: str
) -> int | None:
    """Ask for one of several ECGs by its name; return its place in `names`."""
    return st.selectbox(
        label,
        options=range(len(names)),
        format_func=names.__getitem__,
        index=chosen,
        placeholder=placeholder,
        key=key,
    )
