"""Matrix products in one thread each, and several of them side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")
MOST = 4  # threads: each holds blocks of scores

_lock = threading.Lock()
_inside = 0
_controller: Any = None
_limit: Any = None


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS from starting threads of its own, for as long as anybody is inside.

    On a busy machine they wait for each other: a product of 4 ms took 120 ms. Unlike a limit of
    threadpoolctl by itself it may be used by many threads at once, and costs microseconds.
    """
    global _controller, _inside, _limit
    with _lock:
        if not _inside:
            if _controller is None:
                from threadpoolctl import ThreadpoolController

                _controller = ThreadpoolController()
            _limit = _controller.limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()


def side_by_side(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Do some work on each item, in as many threads as there are cores, at most ``MOST``."""
    todo = list(items)
    with one_thread():
        workers = min(len(todo), MOST, os.cpu_count() or 1)
        if workers <= 1:
            for one in todo:
                work(one)
            return
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(work, todo):
                pass
