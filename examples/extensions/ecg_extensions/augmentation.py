"""An augmentation: the electrodes of the two arms in each other's place."""

from dataclasses import dataclass

from physioclr.augment import Augmentation, Draws, Parameter
from physioclr.augment.windows import EcgWindows

COMES_FROM = {"I": "I", "II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR"}


@dataclass(frozen=True)
class SwappedArms:
    probability: float = 1.0

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        if missing := set(COMES_FROM) - set(windows.leads):
            raise ValueError(f"no lead {', '.join(sorted(missing))}")
        rows = [windows.leads.index(COMES_FROM.get(lead, lead)) for lead in windows.leads]
        swapped = windows.signal[:, rows]
        swapped[:, windows.leads.index("I")] *= -1
        chosen = draws.uniform(len(windows), 1, 1) < self.probability
        return windows.with_signal(swapped.where(chosen, windows.signal))


SWAPPED_ARMS = Augmentation(
    key="swapped_arms",
    name="Swapped arm electrodes",
    kind=SwappedArms,
    preserves="The rhythm, all chest leads and aVF.",
    changes="Lead I is inverted; II and III, aVR and aVL change places; so does the axis.",
    citation="Kligfield et al. 2007, doi:10.1161/CIRCULATIONAHA.106.180200",
    parameters=(Parameter("probability", "Probability", "number", 1.0, step=0.1),),
)
