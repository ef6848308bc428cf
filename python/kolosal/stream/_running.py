"""What works in native threads is stopped before the interpreter goes: the threads must not come back to it then."""

from __future__ import annotations

import atexit
import weakref
from typing import Any

_running: weakref.WeakSet[Any] = weakref.WeakSet()


def stop_at_exit(running: Any) -> None:
    """Calls ``running.stop()`` at the end of the program, if ``running`` still is there."""
    _running.add(running)


@atexit.register
def _stop_all() -> None:
    for running in list(_running):
        running.stop()
