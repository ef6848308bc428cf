"""The storages, and their addresses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ... import _kolosal
from ..._errors import InvalidInputError
from .._theirs import Absent, theirs
from ._backend import JournalFileBackend

if TYPE_CHECKING:
    from .._study import Study
    from .._trial import FrozenTrial

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
"""The name that Optuna had for it before version 5."""


class BaseStorage:
    """A native storage."""

    def __init__(self, name: str, **parameters: Any) -> None:
        self._native = _kolosal.make_storage(name, json.dumps(parameters))
        self._stale_callback: StaleCallback | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        raise InvalidInputError(
            f"{type(self).__name__} ends with its process and cannot be copied", "unsupported", "Copy its studies with copy_study."
        )

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
        address: tuple[str, dict[str, Any]],
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
        name, where = address
        super().__init__(
            name, **where, durable=durable, heartbeat_seconds=float(heartbeat_interval or 0), grace_seconds=float(grace_period or 0)
        )
        self._stale_callback = stale_callback
        self._given = (address, heartbeat_interval, grace_period, stale_callback, durable)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy opens the same address."""
        return _reopened, (type(self), self._given)


def _reopened(kind: type[_SharedStorage], given: tuple[Any, ...]) -> _SharedStorage:
    storage = kind.__new__(kind)
    _SharedStorage.__init__(storage, *given)
    return storage


class RDBStorage(_SharedStorage):
    """A database of Optuna's schema: Optuna and its dashboard read and write it too.

    In a file of SQLite, for many processes of one machine; on a server of PostgreSQL, for processes on many machines. The latter needs
    PostgreSQL's client library: the system's (``apt-get install libpq5``), or ``pip install psycopg2-binary``, which has one inside.

    Args:
        url: ``"sqlite:///relative/path.db"``, ``"sqlite:////absolute/path.db"`` or ``"postgresql://user:password@host:port/database"``;
            a driver, as in ``"postgresql+psycopg2://"``, may be named and is not used.
        heartbeat_interval: seconds between two beats of a running trial; without, a killed worker's trial runs for ever.
        grace_period: seconds without a beat after which a trial fails; without, twice the interval.
        heartbeat_stale_trial_callback: is called with the study and each trial that failed so.
        durable: whether a call returns only when the disk has what was written. Without, a power cut, but no kill of a worker, may lose
            the last seconds.
    """

    @theirs(
        engine_kwargs=Absent("the database is opened without SQLAlchemy; options of libpq follow a question mark in the address"),
        skip_compatibility_check=Absent("the version of the tables is always looked at", False),
        skip_table_creation=Absent("tables are made where there are none", False),
        failed_trial_callback=Absent("it is called heartbeat_stale_trial_callback"),
    )
    def __init__(
        self,
        url: str,
        *,
        heartbeat_interval: float | None = None,
        grace_period: float | None = None,
        heartbeat_stale_trial_callback: StaleCallback | None = None,
        durable: bool = False,
    ) -> None:
        address = _address(url)
        if address[0] == "journal":
            raise InvalidInputError("RDBStorage: the address is a journal's, which is no database", "bad_value", "Use JournalStorage.")
        super().__init__(address, heartbeat_interval, grace_period, heartbeat_stale_trial_callback, durable)


class JournalStorage(_SharedStorage):
    """A file to which records are appended, which Optuna's ``JournalFileBackend`` reads too. For many processes that lock it.

    Args:
        path: the file, its address ``"journal:///path"``, or a ``JournalFileBackend``.
        heartbeat_interval: seconds between two beats of a running trial; without, a killed worker's trial runs for ever.
        grace_period: seconds without a beat after which a trial fails; without, twice the interval.
        heartbeat_stale_trial_callback: is called with the study and each trial that failed so.
        durable: whether a call returns only when the disk has what was written. Without, a power cut, but no kill, may lose the last
            seconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | JournalFileBackend,
        *,
        heartbeat_interval: float | None = None,
        grace_period: float | None = None,
        heartbeat_stale_trial_callback: StaleCallback | None = None,
        durable: bool = False,
    ) -> None:
        plain = os.fspath(path.file_path if isinstance(path, JournalFileBackend) else path)
        super().__init__(
            _address(plain) if plain.startswith("journal:") else ("journal", {"path": plain}),
            heartbeat_interval,
            grace_period,
            heartbeat_stale_trial_callback,
            durable,
        )


def _address(url: str) -> tuple[str, dict[str, Any]]:
    name, where = _kolosal.storage_address(url)
    return name, json.loads(where)


def get_storage(storage: str | BaseStorage | None) -> BaseStorage:
    """The storage of this address; a storage is itself, and None a new one in memory."""
    return InMemoryStorage() if storage is None else storage_of(storage)


def fail_stale_trials(study: Study) -> None:
    """Fails trials of a study whose workers have gone, and calls the storage's callback with each; does nothing without a heartbeat."""
    study._fail_stale()


def storage_of(storage: str | os.PathLike[str] | BaseStorage) -> BaseStorage:
    """The storage of this address; a storage is itself."""
    if isinstance(storage, BaseStorage):
        return storage
    if not isinstance(storage, (str, os.PathLike)):
        raise InvalidInputError(
            f"storage is {storage!r}, which is none of kolosal.tune.storages and no address", "bad_value", "Give RDBStorage(...) of those."
        )
    url = os.fspath(storage)
    return JournalStorage(url) if url.startswith("journal:") else RDBStorage(url)
