"""Where studies outlive a process and where several processes share them.

``create_study(storage=...)`` takes one of these, or its address: ``"sqlite:///studies.db"``, ``"journal:///studies.log"``,
``"postgresql://user:password@host:port/database"``.
"""

from __future__ import annotations

from . import journal
from ._storages import (
    BaseStorage,
    InMemoryStorage,
    JournalStorage,
    RDBStorage,
    RetryFailedTrialCallback,
    RetryHeartbeatStaleTrialCallback,
    fail_stale_trials,
    get_storage,
    storage_of,
)

__all__ = [
    "BaseStorage",
    "InMemoryStorage",
    "JournalStorage",
    "RDBStorage",
    "RetryFailedTrialCallback",
    "RetryHeartbeatStaleTrialCallback",
    "fail_stale_trials",
    "get_storage",
    "journal",
    "storage_of",
]
