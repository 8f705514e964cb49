"""How the threads of one process wait for each other.

OpenMP's threads, torch's among them, spin while they wait. That is soonest where each has a core to
itself. Where another program wants the core too, a thread spins while the one it waits for does not
run: on two cores, one of them busy, a probe of 349 ECGs took 18 s, and 10 s when the threads sleep.
What that costs where nobody else is, says ``docs/performance.md``.
"""

from __future__ import annotations

from collections.abc import MutableMapping

__all__ = ["sleep_while_waiting"]


def sleep_while_waiting(environment: MutableMapping[str, str]) -> None:
    """Have the threads of a process sleep while they wait, unless the user chose otherwise.

    Parameters
    ----------
    environment : mutable mapping of str to str
        Of the process; is changed. OpenMP reads it when torch is first imported.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
