"""What fits of one search share: rows that trials learn from are binned once in each process that fits them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from . import _kolosal

_current: ContextVar[_kolosal.FitCache | None] = ContextVar("kolosal_fit_cache", default=None)
_lock = threading.Lock()
_caches: dict[str, _kolosal.FitCache] = {}  # by search: the last one that this process saw


@contextmanager
def sharing(search: str) -> Iterator[None]:
    """Within it, fits of this thread share what others of the search made of the same rows; what they give is the same."""
    with _lock:
        if search not in _caches:
            _caches.clear()
        cache = _caches.setdefault(search, _kolosal.FitCache())
    before = _current.set(cache)
    try:
        yield
    finally:
        _current.reset(before)


def forget(search: str) -> None:
    """Gives the memory back that this process keeps for a search."""
    with _lock:
        _caches.pop(search, None)


def current_cache() -> _kolosal.FitCache | None:
    """Where a fit of this thread finds what others made; None outside of a search."""
    return _current.get()
