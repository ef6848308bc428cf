"""Where studies outlive a process and where several processes share them.

``create_study(storage=...)`` takes one of these, or its address: ``"sqlite:///studies.db"``, ``"journal:///studies.log"``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import _kolosal
from .._errors import InvalidInputError

if TYPE_CHECKING:
    from ._study import Study
    from ._trial import FrozenTrial

    StaleCallback = Callable[[Study, FrozenTrial], None]


class RetryHeartbeatStaleTrialCallback:
    """Lets a trial whose worker has gone be run again, with the same parameters.

    Args:
        max_retry: how often a trial is tried again; None: as often as it takes.
        inherit_intermediate_values: whether the new trial begins with the reports of the old one.
    """

    def __init__(self, max_retry: int | None = None, inherit_intermediate_values: bool = False) -> None:
        if max_retry is not None and max_retry < 0:
            raise InvalidInputError(f"RetryHeartbeatStaleTrialCallback: max_retry is {max_retry}; it must be at least 0", "bad_value")
        self._max_retry = max_retry
        self._inherit_intermediate_values = inherit_intermediate_values

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Adds a waiting trial with the parameters of this one."""
        most = 2**62 if self._max_retry is None else self._max_retry
        study._native.retry(trial.number, most, self._inherit_intermediate_values)

    @staticmethod
    def retried_trial_number(trial: FrozenTrial) -> int | None:
        """Number of the first trial that this one repeats; None where it repeats none."""
        number: int | None = trial.system_attrs.get("failed_trial")
        return number

    @staticmethod
    def retry_history(trial: FrozenTrial) -> list[int]:
        """Numbers of the trials that this one repeats, the first first."""
        return list(trial.system_attrs.get("retry_history", []))


RetryFailedTrialCallback = RetryHeartbeatStaleTrialCallback


class BaseStorage:
    """A native storage."""

    def __init__(self, name: str, **parameters: Any) -> None:
        self._native = _kolosal.make_storage(name, json.dumps(parameters))
        self._stale_callback: StaleCallback | None = None

    @property
    def _has_heartbeat(self) -> bool:
        return self._native.heartbeat_seconds > 0


class InMemoryStorage(BaseStorage):
    """Studies of this process, which end with it; to share them between ``Study`` objects."""

    def __init__(self) -> None:
        super().__init__("memory")


class _SharedStorage(BaseStorage):
    def __init__(
        self,
        name: str,
        path: str,
        heartbeat_interval: float | None,
        grace_period: float | None,
        stale_callback: StaleCallback | None,
        durable: bool,
    ) -> None:
        for label, seconds in (("heartbeat_interval", heartbeat_interval), ("grace_period", grace_period)):
            if seconds is not None and not seconds > 0:
                raise InvalidInputError(f"{type(self).__name__}: {label} is {seconds}; it must be above 0", "bad_value")
        if heartbeat_interval is None and (grace_period is not None or stale_callback is not None):
            raise InvalidInputError(
                f"{type(self).__name__}: without heartbeat_interval no trial is found stale", "bad_value", "Give heartbeat_interval."
            )
        super().__init__(
            name, path=path, durable=durable, heartbeat_seconds=float(heartbeat_interval or 0), grace_seconds=float(grace_period or 0)
        )
        self._stale_callback = stale_callback


class RDBStorage(_SharedStorage):
    """An SQLite database of Optuna's schema: Optuna and its dashboard read and write it too. For many processes of one machine.

    Args:
        url: ``"sqlite:///relative/path.db"`` or ``"sqlite:////absolute/path.db"``.
        heartbeat_interval: seconds between two beats of a running trial; without, a killed worker's trial runs for ever.
        grace_period: seconds without a beat after which a trial fails; without, twice the interval.
        heartbeat_stale_trial_callback: is called with the study and each trial that failed so.
        durable: whether a call returns only when the disk has what was written. Without, a power cut, but no kill, may lose the last
            seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        heartbeat_interval: float | None = None,
        grace_period: float | None = None,
        heartbeat_stale_trial_callback: StaleCallback | None = None,
        durable: bool = False,
    ) -> None:
        super().__init__("sqlite", _path_of(url, "sqlite"), heartbeat_interval, grace_period, heartbeat_stale_trial_callback, durable)


class JournalStorage(_SharedStorage):
    """A file to which records are appended, which Optuna's ``JournalFileBackend`` reads too. For many processes that lock it.

    Args:
        path: the file, or its address ``"journal:///path"``.
        heartbeat_interval: seconds between two beats of a running trial; without, a killed worker's trial runs for ever.
        grace_period: seconds without a beat after which a trial fails; without, twice the interval.
        heartbeat_stale_trial_callback: is called with the study and each trial that failed so.
        durable: whether a call returns only when the disk has what was written. Without, a power cut, but no kill, may lose the last
            seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        heartbeat_interval: float | None = None,
        grace_period: float | None = None,
        heartbeat_stale_trial_callback: StaleCallback | None = None,
        durable: bool = False,
    ) -> None:
        plain = os.fspath(path)
        super().__init__(
            "journal",
            _path_of(plain, "journal") if plain.startswith("journal:") else plain,
            heartbeat_interval,
            grace_period,
            heartbeat_stale_trial_callback,
            durable,
        )


def _path_of(url: str, scheme: str) -> str:
    start = f"{scheme}:///"
    path = url.removeprefix(start)
    if not url.startswith(start) or not path or path.startswith(":") or "?" in path:
        raise InvalidInputError(
            f"storage {url!r}: it must be '{start}' and a path",
            "bad_value",
            "For studies of this process leave storage out, or use InMemoryStorage().",
        )
    return path


def storage_of(storage: str | os.PathLike[str] | BaseStorage) -> BaseStorage:
    """The storage of this address; a storage is itself."""
    if isinstance(storage, BaseStorage):
        return storage
    url = os.fspath(storage)
    if url.startswith("sqlite:"):
        return RDBStorage(url)
    if url.startswith("journal:"):
        return JournalStorage(url)
    raise InvalidInputError(
        f"storage {url!r} is not known; it is 'sqlite:///PATH' or 'journal:///PATH'", "bad_value", "Put one of the two before the path."
    )
