"""Work shared out to a Ray cluster, with the results in the order of what was asked for.

Ray is the extra ``cluster``. The nodes read the files themselves, so a cohort must lie where all of
them find it under the same path.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from physioclr.errors import DatasetError

__all__ = ["map_on_cluster"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AHEAD_PER_CORE = 4


def map_on_cluster(
    work: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Generator[_Result, None, None]:
    """Do a piece of work for each item, on every core of a cluster.

    The cluster is the one this process is connected to; else that of ``RAY_ADDRESS``; else this
    machine. What a lost node was at is done again by another.

    Parameters
    ----------
    work : callable
        Importable on every node; what it returns is sent back. It runs with one thread.
    items : iterable
        Taken from as results are, a few for each core ahead.

    Yields
    ------
    object
        The result of each item, in order.

    Raises
    ------
    DatasetError
        If Ray is not installed or no cluster answers, or a piece of work is lost for good.
    """
    ray = _connected()
    task = ray.remote(max_retries=3)(_alone)
    shared = ray.put(work)
    ahead = _AHEAD_PER_CORE * max(1, int(ray.cluster_resources().get("CPU", 1)))
    pending: deque[Any] = deque()
    try:
        for item in items:
            pending.append(task.remote(shared, item))
            if len(pending) >= ahead:
                yield ray.get(pending.popleft())
        while pending:
            yield ray.get(pending.popleft())
    except ray.exceptions.RaySystemError as error:
        raise _lost(error) from error
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
        raise _lost(error) from error
    finally:
        for left in pending:
            ray.cancel(left)


def _alone(work: Callable[[_Item], _Result], item: _Item) -> _Result:
    with threadpool_limits(1):
        return work(item)


def _connected() -> Any:
    try:
        import ray
    except ImportError as error:
        raise DatasetError(
            "ray", expected="the extra: pip install 'physioclr[cluster]'", found="no ray installed"
        ) from error
    if not ray.is_initialized():
        try:
            ray.init(log_to_driver=False, include_dashboard=False)
        except ConnectionError as error:
            raise DatasetError(
                "ray", expected="a cluster at RAY_ADDRESS", found="none that answers"
            ) from error
    return ray


def _lost(error: Exception) -> DatasetError:
    return DatasetError(
        "ray", expected="nodes that finish", found=str(error).splitlines()[0] or "one that was lost"
    )
