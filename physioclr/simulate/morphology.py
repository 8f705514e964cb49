"""The vectors of P, QRS, ST and T for each morphology, lead by lead as cardiologists know them.

X points left, Y down, Z back. The vectors are ours, chosen by eye on the twelve leads against the
criteria in `physioclr.simulate.conditions` and against real ECGs of the same class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from physioclr.simulate.dipole import Wave

__all__ = ["MORPHOLOGIES", "PVC_MORPHOLOGIES", "P_WAVE", "Morphology"]


@dataclass(frozen=True)
class Morphology:
    """How the ventricles look on the surface.

    Parameters
    ----------
    qrs, t : Wave
    st_mv : tuple of float
        Direction of the ST vector, scaled so that the least of `st_leads` has ±1 mV; or the ST
        vector itself in mV where `st_leads` is empty.
    st_leads : tuple of str
        Leads (of I, II, V1–V6 and those derived) whose ST level defines the condition.
    """

    qrs: Wave
    t: Wave
    st_mv: tuple[float, float, float]
    st_leads: tuple[str, ...] = ()


def _wave(*rows: tuple[float, float, float, float, float]) -> Wave:
    """Rows of centre, sigma, X, Y, Z."""
    table = np.array(rows)
    return Wave(table[:, 0], table[:, 1], table[:, 2:])


def _t_wave(x: float, y: float, z: float) -> Wave:
    """Rise slowly and fall fast, as T waves do: a wide Gaussian under the foot of a narrow one."""
    vector = np.array([x, y, z])
    return Wave(
        np.array([-0.35, 0.4]), np.array([0.95, 0.66]), np.stack([0.34 * vector, 0.58 * vector])
    )


# Right atrium first (down and forward), then the left (left and back): biphasic in V1.
P_WAVE = _wave((-0.45, 0.55, 0.040, 0.080, -0.055), (0.45, 0.55, 0.060, 0.045, 0.045))

_NORMAL_QRS = _wave(
    (0.22, 0.085, -0.15, 0.0, -0.26),  # septum: r in V1–V2, q in I and V6
    (0.45, 0.125, 1.05, 0.70, 0.05),  # the free walls: R
    (0.60, 0.100, 0.26, 0.05, 0.78),  # posterior left: S in V1–V3
    (0.80, 0.085, -0.14, -0.16, 0.12),  # base: s in II and V5–V6
)
_NORMAL = Morphology(qrs=_NORMAL_QRS, t=_t_wave(0.34, 0.21, -0.17), st_mv=(0.015, 0.008, -0.02))

_LBBB = Morphology(
    qrs=_wave(
        (0.15, 0.085, 0.28, 0.08, 0.10),
        (0.35, 0.112, 0.84, 0.28, 0.86),
        (0.62, 0.118, 0.88, 0.22, 1.02),  # the notch lies between these two
        (0.84, 0.070, 0.18, 0.02, 0.22),
    ),
    t=_t_wave(-0.36, -0.12, -0.50),
    st_mv=(-0.06, -0.02, -0.11),
)

_RBBB = Morphology(
    qrs=_wave(
        (0.13, 0.055, -0.13, 0.0, -0.28),
        (0.28, 0.078, 0.95, 0.68, 0.08),
        (0.38, 0.062, 0.26, 0.05, 0.66),
        (0.64, 0.100, -0.36, -0.06, -0.48),  # the late right ventricle: R' in V1, slow S in I, V6
        (0.80, 0.085, -0.20, 0.02, -0.26),
    ),
    t=_t_wave(0.30, 0.17, 0.10),
    st_mv=(0.01, 0.0, 0.02),
)

_LVH = Morphology(
    qrs=_wave(
        (0.20, 0.085, -0.08, 0.0, -0.16),
        (0.45, 0.130, 1.05, 0.50, 0.22),
        (0.60, 0.105, 0.38, 0.05, 0.85),
        (0.80, 0.085, -0.06, -0.08, 0.10),
    ),
    t=_t_wave(-0.30, -0.06, -0.32),  # strain: against the QRS in I, aVL, V5–V6
    st_mv=(-0.06, -0.015, -0.07),
)

# From the apex of the right ventricle: as in LBBB, but upward, and slow from the beginning.
_PACED = Morphology(
    qrs=_wave(
        (0.16, 0.110, 0.22, -0.20, 0.14),
        (0.38, 0.125, 0.70, -0.80, 0.78),
        (0.64, 0.125, 0.66, -0.74, 0.90),
        (0.86, 0.085, 0.16, -0.20, 0.24),
    ),
    t=_t_wave(-0.34, 0.36, -0.46),
    st_mv=(-0.05, 0.06, -0.10),
)

_STEMI_ANTERIOR = Morphology(
    qrs=_wave(
        (0.22, 0.085, -0.06, 0.0, -0.08),  # the r waves of V1–V3 dwindle
        (0.45, 0.125, 0.85, 0.60, 0.20),
        (0.60, 0.100, 0.24, 0.05, 0.60),
        (0.80, 0.085, -0.10, -0.12, 0.10),
    ),
    t=_t_wave(0.30, 0.0, -0.38),
    st_mv=(0.22, -0.30, -0.85),
    st_leads=("V2", "V3"),
)

_STEMI_INFERIOR = Morphology(
    qrs=_wave(
        (0.20, 0.085, -0.06, -0.30, -0.20),  # q in III and aVF
        (0.47, 0.120, 1.00, 0.72, 0.06),
        (0.61, 0.100, 0.26, 0.05, 0.74),
        (0.80, 0.085, -0.12, -0.10, 0.12),
    ),
    t=_t_wave(0.12, 0.36, -0.03),
    st_mv=(0.05, 0.90, 0.14),
    st_leads=("II", "III", "aVF"),
)

MORPHOLOGIES = MappingProxyType(
    {
        "normal": _NORMAL,
        "lbbb": _LBBB,
        "rbbb": _RBBB,
        "paced": _PACED,
        "lvh": _LVH,
        "stemi_anterior": _STEMI_ANTERIOR,
        "stemi_inferior": _STEMI_INFERIOR,
    }
)

# From the right outflow tract (left bundle-branch block pattern, downward), and from the left
# ventricle (right bundle-branch block pattern, upward). T and ST against the QRS.
_PVC_RIGHT = replace(
    _LBBB,
    qrs=_wave(
        (0.20, 0.100, 0.25, 0.45, 0.20),
        (0.45, 0.140, 0.75, 1.25, 0.95),
        (0.72, 0.110, 0.35, 0.45, 0.55),
    ),
    t=_t_wave(-0.26, -0.42, -0.40),
    st_mv=(-0.06, -0.10, -0.10),
)
_PVC_LEFT = replace(
    _LBBB,
    qrs=_wave(
        (0.22, 0.100, -0.25, -0.35, -0.35),
        (0.45, 0.140, -0.60, -1.00, -0.90),
        (0.74, 0.110, -0.45, -0.30, -0.20),
    ),
    t=_t_wave(0.34, 0.38, 0.34),
    st_mv=(0.06, 0.08, 0.08),
)
PVC_MORPHOLOGIES = (_PVC_RIGHT, _PVC_LEFT)
