"""Laying out the map of a cohort as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from physioclr.jobs.task import Report, Task

if TYPE_CHECKING:
    from physioclr.explore.map_layout import MapSettings

__all__ = ["MapTask"]


@dataclass(frozen=True)
class MapTask(Task):
    """Embed a cohort, lay it out, and keep the map where `find_cohort_map` finds it.

    Parameters
    ----------
    store_path : str
        The folder of a store, or a saved selection of one; the demo cohort if empty.
    checkpoint : str
        Its folder; the shipped one if empty.
    settings : mapping of str to object
        The fields of `MapSettings`.
    """

    kind: ClassVar[str] = "map"

    store_path: str
    checkpoint: str
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, store_path: str, checkpoint: str, settings: MapSettings) -> MapTask:
        """Return the task that makes one map."""
        return cls(store_path, checkpoint, asdict(settings))

    @property
    def title(self) -> str:
        """What is mapped, in which space, by which method."""
        from physioclr.explore.map_layout import METHODS

        cohort = Path(self.store_path).stem if self.store_path else "demo cohort"
        space = Path(self.checkpoint).name if self.checkpoint else "the shipped encoder"
        return f"Map of {cohort} in the space of {space}, {METHODS[self.settings['method']]}"

    def makes_the_map_of(self, other: MapTask) -> bool:
        """Say whether another task makes the same map.

        Parameters
        ----------
        other : MapTask
            Perhaps of another version, with settings that are none here.
        """
        from physioclr.explore.map_layout import MapSettings

        try:
            one, two = (MapSettings(**task.settings).fingerprint for task in (self, other))
        except (TypeError, ValueError):
            return False
        return (self.store_path, self.checkpoint, one) == (other.store_path, other.checkpoint, two)

    def run(self, folder: Path, report: Report) -> dict[str, Any]:  # noqa: ARG002
        """Make the map; see `physioclr.explore.cohort_map.make_cohort_map`.

        Parameters
        ----------
        folder : Path
        report : callable

        Returns
        -------
        dict
            ``n_mapped``, ``n_left_out``, and the map's ``faithfulness``.
        """
        report("Opening the cohort", 0.0)
        # Loaded here, so that who stops the job while it loads is heard.
        from physioclr.datasets.demo import open_demo_store
        from physioclr.datasets.selection import open_cohort
        from physioclr.encoders.checkpoint import load_encoder
        from physioclr.explore.cohort_map import make_cohort_map
        from physioclr.explore.map_layout import MapSettings

        store = open_cohort(Path(self.store_path)) if self.store_path else open_demo_store()
        encoder = load_encoder(Path(self.checkpoint)) if self.checkpoint else load_encoder()
        made = make_cohort_map(store, encoder, MapSettings(**self.settings), on_progress=report)
        return {
            "n_mapped": len(made.rows),
            "n_left_out": len(store) - len(made.rows),
            "faithfulness": asdict(made.layout.faithfulness),
        }
