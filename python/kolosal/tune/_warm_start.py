"""What an earlier study gives a new one to begin with."""

from __future__ import annotations

from typing import Any

from .._errors import InvalidInputError
from ._running import whole_from
from ._study import Study, direction_text
from ._trial import FrozenTrial, TrialState, is_eligible, state_of

WARM_START = "warm_start"  # the user attribute of trials that begin with values of an earlier study, whose name it has


def best_parameters(source: Study, n_trials: int | None = None) -> list[dict[str, Any]]:
    """The parameters of the best trials of a study, the best first; those with equal parameters count once.

    Of several objectives the best are those of the Pareto front, the earliest first.

    Args:
        source: the study; one of Optuna is taken, too.
        n_trials: how many; None: a tenth of the trials that are complete, at most 25.
    """
    if n_trials is not None:
        n_trials = whole_from("best_parameters: n_trials", n_trials, 1)
    if not hasattr(source, "trials") or not hasattr(source, "directions"):
        raise InvalidInputError(f"best_parameters: the source is {source!r}; it must be a study", "bad_value")
    ranked = _best_first(source)
    most = min(25, -(-sum(state_of(trial.state) is TrialState.COMPLETE for trial in source.trials) // 10)) if n_trials is None else n_trials
    best: list[dict[str, Any]] = []
    for trial in ranked:
        if len(best) < most and trial.params and trial.params not in best:
            best.append(trial.params)
    return best


def earlier_trials(*sources: Study) -> list[list[dict[str, Any]]]:
    """The parameters and losses of complete trials of earlier studies, for ``GPSampler(earlier_trials=...)``.

    Losses are turned round where more is better, so studies may differ in direction; trials whose constraints fail are left out.

    Args:
        sources: the studies, each of one objective.
    """
    given: list[list[dict[str, Any]]] = []
    for source in sources:
        if len(source.directions) > 1:
            raise InvalidInputError(f"earlier_trials: study '{source.study_name}' has several objectives; ranks are of one", "bad_value")
        ranked = [trial for trial in _best_first(source) if trial.params]
        given.append([{"parameters": trial.params, "loss": _loss(source, trial)} for trial in ranked])
    return given


def warm_start(study: Study, source: Study, n_trials: int = 5) -> int:
    """Lets the first trials of a study have the parameters of the best ones of another.

    The values of the other study are of another objective and are not taken over: its best parameters are tried anew, and the sampler
    learns from what they come to. What the ranges of the study do not allow then is left to the sampler.

    Args:
        study: the study to begin.
        source: the study that is over, of the same parameters or of some of them.
        n_trials: how many trials of it are tried.

    Returns:
        How many there were to try.
    """
    best = best_parameters(source, n_trials)
    for params in best:
        study.enqueue_trial(params, user_attrs={WARM_START: source.study_name})
    return len(best)


def _best_first(source: Study) -> list[FrozenTrial]:
    if len(source.directions) > 1:
        return source.best_trials
    return sorted(filter(is_eligible, source.trials), key=lambda trial: (_loss(source, trial), trial.number))


def _loss(source: Study, trial: FrozenTrial) -> float:
    """The value of a complete trial, turned round where more is better."""
    value = (trial.values or [0.0])[0]
    return value if direction_text(source.direction) == "minimize" else -value
