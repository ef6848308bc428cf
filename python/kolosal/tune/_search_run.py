"""One run of a search: trials, each scored step by step, inside limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ._folds import Folds, FoldScore
from ._param_space import ParamSpace
from ._study import Study
from ._trial import FrozenTrial, TrialPruned, TrialState


@dataclass(frozen=True)
class Step:
    """What a trial gets at once: folds [begin, end), training rows of each (None: all), parameters; ``amount`` is for the pruner."""

    amount: int
    begin: int
    end: int
    n_train_rows: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """When a search ends: trials, a moment of time.monotonic, trials without a better one; and whether a refit has to end by then too."""

    max_iter: int
    end: float | None
    early_stopping: int | None
    refit: bool


@dataclass
class _Record:
    """What is known of a trial: the estimator's parameters, and the folds of its last step."""

    params: dict[str, Any] = field(default_factory=dict)
    folds: list[FoldScore] = field(default_factory=list)
    amount: int = 0


class _ScoreMissingError(Exception):
    """The mean score of a trial is no number."""


class Search:
    """Trials of a study over the folds of an estimator."""

    def __init__(self, study: Study, space: ParamSpace, folds: Folds, steps: list[Step], limits: Limits, is_told: bool) -> None:
        if limits.max_iter < 1:
            raise InvalidInputError(f"max_iter is {limits.max_iter}; it must be at least 1", "bad_value")
        self.study, self.space, self.folds, self.steps, self.limits, self.is_told = study, space, folds, steps, limits, is_told
        self.records: list[_Record] = []
        self.best: FrozenTrial | None = None
        self.since_better = 0

    def run(self) -> None:
        """Runs trials until one of the limits is met; at least one comes to a score where any can."""
        self.study.optimize(self._objective, n_trials=self.limits.max_iter, catch=(_ScoreMissingError,), callbacks=[self._after_trial])

    def best_number(self) -> int:
        """The number of the best trial. Raises InvalidInputError where none came to a score."""
        if self.best is None:
            failures = [fold.failure for record in self.records for fold in record.folds if fold.failure]
            reason = f"; the last fit failed with {failures[-1]}" if failures else ""
            raise InvalidInputError(
                f"no trial of the search came to a score{reason}", "bad_value", "Pass error_score='raise' to see the error."
            )
        return self.best.number

    def results(self) -> dict[str, Any]:
        """What all trials came to: arrays with an entry a trial, as in scikit-learn's ``cv_results_``."""
        states = [trial.state.value for trial in self.study.trials]
        scores = np.full((len(self.records), len(self.folds.splits)), np.nan)
        for i, record in enumerate(self.records):
            scores[i, : len(record.folds)] = [fold.score for fold in record.folds]
        made: dict[str, Any] = {}
        for name, of in (("fit", "fit_seconds"), ("score", "score_seconds")):
            seconds = [[getattr(fold, of) for fold in record.folds] or [np.nan] for record in self.records]
            made[f"mean_{name}_time"] = np.array([np.mean(each) for each in seconds])
            made[f"std_{name}_time"] = np.array([np.std(each) for each in seconds])
        for name in sorted({name for record in self.records for name in record.params}):
            column = np.empty(len(self.records), dtype=object)
            column[:] = [record.params.get(name) for record in self.records]
            made[f"param_{name}"] = np.ma.MaskedArray(column, [name not in record.params for record in self.records])
        made["params"] = [record.params for record in self.records]
        for k in range(scores.shape[1]):
            made[f"split{k}_test_score"] = scores[:, k]
        n_scored = np.array([len(record.folds) for record in self.records])
        known = n_scored > 0
        made["mean_test_score"] = np.full(len(scores), np.nan)
        made["std_test_score"] = np.full(len(scores), np.nan)
        made["mean_test_score"][known] = [np.mean(row[:n]) for row, n in zip(scores[known], n_scored[known], strict=True)]
        made["std_test_score"][known] = [np.std(row[:n]) for row, n in zip(scores[known], n_scored[known], strict=True)]
        made["rank_test_score"] = self._ranks(made["mean_test_score"], states)
        made["state"] = np.array(states)
        made["resource"] = np.array([record.amount for record in self.records])
        return made

    def _ranks(self, scores: np.ndarray, states: list[str]) -> np.ndarray:
        """1 for the best; equal scores share a rank; trials that ended early come after all others, those without a score last."""
        sign = -1 if self.study.direction == "maximize" else 1
        keys = [
            (state != "complete", score != score, sign * score if score == score else 0.0)
            for state, score in zip(states, scores, strict=True)
        ]
        ordered = sorted(keys)
        return np.array([ordered.index(key) + 1 for key in keys], dtype=np.int32)

    def _objective(self, trial: _kolosal.Trial) -> float:
        record = _Record()
        self.records.append(record)
        trial.suggest(self.space.native)
        record.params = self.space.values_of(trial.params)
        mean = float("nan")
        for step in self.steps:
            kept = record.folds[: step.begin]
            record.params = {**record.params, **step.params}
            record.folds, record.amount = kept, step.amount
            for fold in self.folds.scores(record.params, step.begin, step.end, step.n_train_rows):
                record.folds.append(fold)
                self._check_time()
            mean = float(np.mean([fold.score for fold in record.folds]))
            if mean != mean:
                failures = [fold.failure for fold in record.folds if fold.failure]
                raise _ScoreMissingError(failures[0] if failures else "the score is not a number")
            trial.report(mean, step.amount)
            if step is not self.steps[-1] and trial.should_prune():
                raise TrialPruned
        return mean

    def _seconds_left(self) -> float:
        """Seconds until trials have to end, the refit left room for."""
        if self.limits.end is None:
            return float("inf")
        refit = 0.0
        if self.limits.refit and self.best is not None:
            n_folds = len(self.folds.splits)
            fit = np.mean([fold.fit_seconds for fold in self.records[self.best.number].folds])
            refit = float(fit) * (n_folds / (n_folds - 1) if n_folds > 1 else 1)
        return self.limits.end - time.monotonic() - refit

    def _check_time(self) -> None:
        if self.best is not None and self._seconds_left() <= 0:
            raise TrialPruned

    def _after_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.since_better += 1
        if trial.state is TrialState.COMPLETE and study.best_trial.number == trial.number:
            self.best, self.since_better = trial, 0
        patience = self.limits.early_stopping
        if self._seconds_left() <= 0 or (patience is not None and self.since_better >= patience):
            study.stop()
        if self.is_told:
            known = "none yet" if self.best is None else f"{self.best.value:.6g} of trial {self.best.number}"
            value = "" if trial.value is None else f" {trial.value:.6g}"
            print(f"trial {trial.number} {trial.state.value}{value}, best {known}: {self.records[trial.number].params}", file=sys.stderr)
