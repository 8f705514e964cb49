"""What the app remembers between reruns and page changes.

Streamlit forgets a widget's value when its page is left, so pages read their values from here and
write them back. Nothing else touches ``st.session_state``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from app.resources import content_hash

if TYPE_CHECKING:
    from physioclr.explore.map_layout import MapSettings
    from physioclr.pretraining.plan import PretrainPlan
    from physioclr.records import EcgRecord

__all__ = [
    "AppState",
    "AugmentState",
    "CompareState",
    "DatasetsState",
    "MapState",
    "PairState",
    "PaperState",
    "PretrainState",
    "ProbeState",
    "ReadState",
    "ReaderNotes",
    "app_state",
    "typed_into",
]

_KEY = "physioclr"


@dataclass(frozen=True)
class ReaderNotes:
    """What the reader wrote about one ECG: findings, a comment, agreement label by label."""

    findings: str = ""
    comment: str = ""
    agreement: dict[str, str] = field(default_factory=dict)


@dataclass
class ReadState:
    """The ECG being read.

    Parameters
    ----------
    record : EcgRecord or None
        What every page works on; survives a bad upload.
    demo_row : int or None
        Its row in the demo cohort, where it comes from there.
    uploaded : tuple of EcgRecord
        All records of the last upload.
    uploaded_row : int or None
        Which of them it is, where it comes from there.
    upload_ids : tuple of str
        The files in the uploader when it was last looked at.
    problems : tuple of str
        What of the last upload could not be read, and why; until another ECG is opened.
    unread : tuple of str
        The same, as long as the upload is there.
    overview : dict of (str, int) to str
        Checkpoint and row of `uploaded` → what that ECG comes to, where it was asked for.
    start_s : float
        Where the page shown of a long record begins, in s.
    findings, comment, reader : str
        What the reader wrote about it, and who the reader is.
    agreement : dict of str to str
        Label of the prediction → whether the reader agrees.
    kept_notes : dict of str to ReaderNotes
        Content hash → what the reader wrote about the ECGs opened before it.
    why : str or None
        The label whose attribution is drawn.
    opened : int
        How many ECGs were opened so far; part of the keys of widgets that start afresh with each.
    overrule_reversal : bool
        Whether the reader wants calls of it although exchanged electrodes are suspected.
    """

    record: EcgRecord | None = None
    demo_row: int | None = None
    uploaded: tuple[EcgRecord, ...] = ()
    uploaded_row: int | None = None
    upload_ids: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    overview: dict[tuple[str, int], str] = field(default_factory=dict)
    start_s: float = 0.0
    findings: str = ""
    comment: str = ""
    reader: str = ""
    agreement: dict[str, str] = field(default_factory=dict)
    kept_notes: dict[str, ReaderNotes] = field(default_factory=dict)
    why: str | None = None
    opened: int = 0
    overrule_reversal: bool = False

    def open(
        self, record: EcgRecord, *, demo_row: int | None = None, uploaded_row: int | None = None
    ) -> None:
        """Make another ECG the one being read, with what was written about it before."""
        self._keep_notes()
        self.record = record
        self.demo_row = demo_row
        self.uploaded_row = uploaded_row
        self.problems = ()
        self.overrule_reversal = False
        self.start_s = 0.0
        self._take_notes()
        self.opened += 1

    def _keep_notes(self) -> None:
        notes = ReaderNotes(self.findings, self.comment, dict(self.agreement))
        if self.record is not None and notes != ReaderNotes():
            self.kept_notes[content_hash(self.record)] = notes

    def _take_notes(self) -> None:
        notes = ReaderNotes()
        if self.kept_notes and self.record is not None:
            notes = self.kept_notes.pop(content_hash(self.record), notes)
        self.findings, self.comment = notes.findings, notes.comment
        self.agreement = dict(notes.agreement)


@dataclass
class PaperState:
    """How every page draws ECG paper: what the reader last chose.

    Parameters
    ----------
    arrangement : str
        One of `physioclr.ecg_paper.ARRANGEMENTS`.
    cabrera : bool
    rhythm, leads : tuple of str or None
        Leads of the strips below, and all that are shown; None where each ECG's own layout is
        kept (`physioclr.ecg_paper.record_layout`).
    speed_mm_per_s, gain_mm_per_mv : float
    band_hz : tuple of two of float or None
        One of `physioclr.signal.display_filter.DISPLAY_BANDS_HZ`.
    mains_hz : float or None
    raw : bool
        Whether the ECG is shown as recorded for now, whatever filter is chosen.
    waves : bool
        Whether the delineated waves are drawn.
    magnification : int
    """

    arrangement: str = "3 × 4"
    cabrera: bool = False
    rhythm: tuple[str, ...] | None = None
    leads: tuple[str, ...] | None = None
    speed_mm_per_s: float = 25.0
    gain_mm_per_mv: float = 10.0
    band_hz: tuple[float | None, float | None] = (None, None)
    mains_hz: float | None = None
    raw: bool = False
    waves: bool = False
    magnification: int = 1


@dataclass
class AugmentState:
    """Which augmentation is shown, and how it is set."""

    key: str | None = None
    seed: int = 0
    parameters: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass
class MapState:
    """What is mapped, how it is shown, and what is selected on it.

    Parameters
    ----------
    store_path : str
        The cohort; the demo cohort if empty.
    checkpoint : str
        Its folder; the shipped one if empty.
    beside : str or None
        The checkpoint whose map stands beside it, where one does.
    settings : MapSettings or None
        How the map is to be laid out; as by default where None.
    kept : dict of (str, str) to MapSettings
        Of each cohort and checkpoint the settings of the map that was shown last.
    colour, query, sought : str
        What it is coloured by, the condition its ECGs meet, and the id that is looked for.
    cluster_size : int
        ECGs a cluster has at least.
    fingerprint : str
        Of the cohort as it was shown last; empty before.
    rows : tuple of int
        The selected ECGs, by their rows in the cohort.
    read_from : tuple of (int, str) or None
        The ECG that was last opened from the map to be read: its number among the opened, and the
        fingerprint of its store.
    page : int
        Of the strips.
    strip_leads : tuple of str
        Which leads a strip shows.
    selection : str
        The name the selection is saved under; empty where it is not.
    link : dict of str to str
        The address of this view, as it was last written or followed.
    problems : tuple of str
        What of an address could not be followed, one sentence each.
    opened : int
        How often a view was opened so far; part of the keys of widgets that start afresh with each.
    """

    store_path: str = ""
    checkpoint: str = ""
    beside: str | None = None
    settings: MapSettings | None = None
    kept: dict[tuple[str, str], MapSettings] = field(default_factory=dict)
    colour: str = ""
    query: str = ""
    sought: str = ""
    cluster_size: int = 25
    fingerprint: str = ""
    rows: tuple[int, ...] = ()
    read_from: tuple[int, str] | None = None
    page: int = 0
    strip_leads: tuple[str, ...] = ("II",)
    selection: str = ""
    link: dict[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    opened: int = 0

    def open(self, store_path: str) -> None:
        """Map another cohort, of which nothing is selected."""
        self.store_path = store_path
        self.fingerprint = self.query = self.sought = ""
        self.select(())
        self.opened += 1

    def select(self, rows: tuple[int, ...]) -> None:
        """Select ECGs; their strips begin at the first page."""
        self.rows, self.page, self.selection = rows, 0, ""


@dataclass
class ProbeState:
    """The run of probes that is shown and how, and what the next one is to be.

    Parameters
    ----------
    store_path : str
        The next run's cohort; the demo cohort if empty.
    label_set : str or None
    checkpoints : tuple of str
        Names of known checkpoints, or folders.
    fractions : tuple of float
        Of the labelled patients, for the label-efficiency curve.
    n_seeds : int
    run : str
        The id of the run that is shown; none if empty.
    link : str
        The run that the page's address named when it was last read.
    view : str or None
        Which of its results.
    seed, reference, score, label, model, wrong : str or int or None
        What of them; None until chosen.
    compared : tuple of str
        The ids of the runs that are put side by side.
    """

    store_path: str = ""
    label_set: str | None = None
    checkpoints: tuple[str, ...] = ()
    fractions: tuple[float, ...] = (0.05, 0.25, 1.0)
    n_seeds: int = 1
    run: str = ""
    link: str = ""
    view: str | None = None
    seed: int | None = None
    reference: str | None = None
    score: str | None = None
    label: str | None = None
    model: str | None = None
    wrong: str | None = None
    compared: tuple[str, ...] = ()

    def open(self, store_path: str) -> None:
        """Choose the next run's cohort; no run is shown until it begins."""
        self.store_path = store_path
        self.run = ""


@dataclass
class PretrainState:
    """The pretraining run that is shown, and what the next one is to be.

    Parameters
    ----------
    run : str
        The name of the run that is shown; none if empty.
    link : str
        The run that the page's address named when it was last read.
    name : str
        Of the next run.
    preset : str
        A key of `physioclr.pretraining.plan.PRESETS`.
    plan : PretrainPlan or None
        The next run; the preset's on the demo cohort where None.
    steps_by_hand : bool
        Whether its steps were set, and do not follow from the recipe and the cohorts.
    estimate : str
        The id of the job that measures what it will take; none if empty.
    opened : int
        How often a preset was taken so far; part of the keys of widgets that start afresh with it.
    """

    run: str = ""
    link: str = ""
    name: str = ""
    preset: str = "shipped"
    plan: PretrainPlan | None = None
    steps_by_hand: bool = False
    estimate: str = ""
    opened: int = 0


@dataclass
class DatasetsState:
    """Which cohort is looked at (a path; the demo cohort if empty), and what is to be imported."""

    store_path: str = ""
    label_set: str | None = None
    import_source: str = ""
    import_out: str = ""


@dataclass
class CompareState:
    """The ECG that the one being read is compared with, and which of the two is the later one."""

    other: ReadState = field(default_factory=ReadState)
    read_is_later: bool = True


@dataclass
class PairState:
    """The ECG that the one being read is paired with, δ, and the cohort that δ is seen on."""

    other: ReadState = field(default_factory=ReadState)
    delta: float = 0.25
    store_path: str = ""
    label_set: str | None = None


@dataclass
class AppState:
    """One visitor's session.

    Parameters
    ----------
    qt_formula : str
        The correction of QT that tables show.
    checkpoint : str
        The folder of the checkpoint that predicts; the shipped one if empty.
    read, paper, compare, pairs, augment, map, probe, pretrain, datasets
        Of each page.
    """

    qt_formula: str = "fridericia"
    checkpoint: str = ""

    read: ReadState = field(default_factory=ReadState)
    paper: PaperState = field(default_factory=PaperState)
    compare: CompareState = field(default_factory=CompareState)
    pairs: PairState = field(default_factory=PairState)
    augment: AugmentState = field(default_factory=AugmentState)
    map: MapState = field(default_factory=MapState)
    probe: ProbeState = field(default_factory=ProbeState)
    pretrain: PretrainState = field(default_factory=PretrainState)
    datasets: DatasetsState = field(default_factory=DatasetsState)


def app_state() -> AppState:
    """Return this visitor's state."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = AppState()
    state: AppState = st.session_state[_KEY]
    return state


def typed_into(key: str) -> str:
    """Return what stands in a text input, also before the page has come to it in this run."""
    return str(st.session_state.get(key) or "")
