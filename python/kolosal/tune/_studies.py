"""Studies of a storage: loaded, listed, copied, removed; and studies as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._errors import InvalidInputError
from ._study import Study, StudyDirection, _opened
from ._trial import FrozenTrial, from_json, frozen
from .exceptions import StudyNotFoundError
from .pruners import BasePruner
from .samplers import BaseSampler, RandomSampler
from .storages import BaseStorage, storage_of


def load_study(
    *,
    study_name: str | None,
    storage: str | BaseStorage,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """A study of a storage, with all its trials.

    Args:
        study_name: its name; None: the only one that there is.
        storage: where it is.
        sampler: what proposes further trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
    """
    kept = storage_of(storage)
    if study_name is None:
        names = get_all_study_names(kept)
        if len(names) != 1:
            raise InvalidInputError(f"load_study: the storage has {len(names)} studies; study_name must say which", "bad_value")
        study_name = names[0]
    return _opened(study_name, [], kept, sampler, pruner, "load")


def delete_study(*, study_name: str, storage: str | BaseStorage) -> None:
    """Removes a study and its trials from a storage."""
    kept = storage_of(storage)
    if study_name not in get_all_study_names(kept):
        raise StudyNotFoundError(f"the storage has no study '{study_name}'", "unknown_name")
    kept._native.delete_study(study_name)


def get_all_study_names(storage: str | BaseStorage) -> list[str]:
    """Names of the studies of a storage, the oldest first."""
    return [name for name, _ in storage_of(storage)._native.studies()]


@dataclass(frozen=True)
class StudySummary:
    """What a study is, and how far it has come; ``best_trial`` is None where there is none or are several objectives."""

    study_name: str
    directions: list[StudyDirection]
    best_trial: FrozenTrial | None
    user_attrs: dict[str, Any]
    n_trials: int
    datetime_start: datetime | None

    @property
    def direction(self) -> StudyDirection:
        """The direction of the single objective."""
        if len(self.directions) != 1:
            raise InvalidInputError(f"study '{self.study_name}' has {len(self.directions)} objectives; use directions", "bad_value")
        return self.directions[0]


def get_all_study_summaries(storage: str | BaseStorage, include_best_trial: bool = True) -> list[StudySummary]:
    """What the studies of a storage are, the oldest first.

    Args:
        storage: where they are.
        include_best_trial: whether to look for the best trial of each.
    """
    kept = storage_of(storage)
    summaries = []
    for name in get_all_study_names(kept):
        study = load_study(study_name=name, storage=kept, sampler=RandomSampler(0))
        trials = study.trials
        starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
        summaries.append(
            StudySummary(
                study_name=name,
                directions=study.directions,
                best_trial=best_or_none(study) if include_best_trial else None,
                user_attrs=study.user_attrs,
                n_trials=len(trials),
                datetime_start=min(starts, default=None),
            )
        )
    return summaries


def best_or_none(study: Study) -> FrozenTrial | None:
    """The best trial of a study of one objective, where there is one whose constraints hold."""
    study._native.refresh()
    number = study._native.best_or_none()
    return None if number is None else frozen(study._native.snapshot(number))


def study_from_json(
    text: str,
    *,
    storage: str | BaseStorage | None = None,
    study_name: str | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """A new study with all that ``Study.to_json`` wrote. A trial that ran then is a failed one.

    Args:
        text: what was written.
        storage: where the study is kept; without, it ends with the object.
        study_name: its name; without, the one it had.
        sampler: what proposes further trials; without, ``TPESampler()``.
        pruner: what ``trial.should_prune()`` asks; without, ``MedianPruner()``.
    """
    described = from_json(text, "study_from_json")
    directions = described.get("directions") if isinstance(described, dict) else None
    is_listed = isinstance(directions, list) and all(isinstance(one, str) for one in directions)
    if not is_listed or not isinstance(described.get("study_name"), str):
        raise InvalidInputError("study_from_json: the text is no study", "bad_value", "Give what Study.to_json wrote.")
    study = _opened(study_name or described["study_name"], described["directions"], storage, sampler, pruner, "create")
    study._native.add_json(text)
    return study


def copy_study(
    *,
    from_study_name: str,
    from_storage: str | BaseStorage,
    to_storage: str | BaseStorage,
    to_study_name: str | None = None,
) -> None:
    """Copies a study from one storage to another, or within one under a new name. A trial that runs becomes a failed one in the copy."""
    source = load_study(study_name=from_study_name, storage=from_storage)
    study_from_json(source.to_json(), storage=to_storage, study_name=to_study_name or from_study_name)
