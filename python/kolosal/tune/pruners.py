"""What stops trials that lead nowhere: asked by ``trial.should_prune()`` after a report, in studies with one objective."""

from __future__ import annotations

from typing import Any, Literal

from .. import _kolosal
from .._errors import InvalidInputError
from ._theirs import theirs
from ._trial import json_text


class BasePruner:
    """A native pruner: its name and its parameters."""

    _name = ""

    def __init__(self, **parameters: Any) -> None:
        self._parameters = parameters
        _kolosal.check_pruner(self._name, json_text(parameters, type(self).__name__))

    def _native(self) -> tuple[str, dict[str, Any]]:
        return self._name, self._parameters

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"{type(self).__name__}({given})"


class NopPruner(BasePruner):
    """Stops no trial."""

    @theirs()
    def __init__(self) -> None:
        super().__init__()


class MedianPruner(BasePruner):
    """Stops a trial whose best report is worse than the median of complete trials at the same step: the default.

    Args:
        n_startup_trials: complete trials that there must be before any is stopped.
        n_warmup_steps: step before which none is stopped.
        interval_steps: steps between two looks.
        n_min_trials: complete trials that must have reported this step.
    """

    _name = "median"

    @theirs()
    def __init__(self, n_startup_trials: int = 5, n_warmup_steps: int = 0, interval_steps: int = 1, *, n_min_trials: int = 1) -> None:
        super().__init__(
            n_startup_trials=n_startup_trials,
            n_warmup_steps=n_warmup_steps,
            interval_steps=interval_steps,
            n_min_trials=n_min_trials,
        )


class PercentilePruner(BasePruner):
    """Stops a trial whose best report is not among the best ``percentile`` percent of complete trials at the same step.

    Args:
        percentile: share of trials, in percent, that may go on.
        n_startup_trials: complete trials that there must be before any is stopped.
        n_warmup_steps: step before which none is stopped.
        interval_steps: steps between two looks.
        n_min_trials: complete trials that must have reported this step.
    """

    _name = "percentile"

    @theirs()
    def __init__(
        self,
        percentile: float,
        n_startup_trials: int = 5,
        n_warmup_steps: int = 0,
        interval_steps: int = 1,
        *,
        n_min_trials: int = 1,
    ) -> None:
        super().__init__(
            percentile=percentile,
            n_startup_trials=n_startup_trials,
            n_warmup_steps=n_warmup_steps,
            interval_steps=interval_steps,
            n_min_trials=n_min_trials,
        )


class SuccessiveHalvingPruner(BasePruner):
    """Asynchronous successive halving (ASHA): at steps that grow by a factor one trial in so many goes on.

    Args:
        min_resource: step of the first rung; "auto": a hundredth of the steps of the first complete trial.
        reduction_factor: one in so many goes on, to a rung at so many times the step.
        min_early_stopping_rate: rungs that are left out at the start.
        bootstrap_count: trials that must have reached a rung before any goes on from there.
    """

    _name = "successive_halving"

    @theirs()
    def __init__(
        self,
        min_resource: int | Literal["auto"] = "auto",
        reduction_factor: int = 4,
        min_early_stopping_rate: int = 0,
        bootstrap_count: int = 0,
    ) -> None:
        super().__init__(
            min_resource=None if min_resource == "auto" else min_resource,
            reduction_factor=reduction_factor,
            min_early_stopping_rate=min_early_stopping_rate,
            bootstrap_count=bootstrap_count,
        )


class HyperbandPruner(BasePruner):
    """Several successive halvings with different first rungs; each trial belongs to one by its number.

    Args:
        min_resource: step of the first rung of the first bracket.
        max_resource: steps of a whole trial; "auto": those of the first complete trial.
        reduction_factor: one in so many goes on, to a rung at so many times the step.
        bootstrap_count: trials that must have reached a rung before any goes on from there.
    """

    _name = "hyperband"

    @theirs()
    def __init__(
        self,
        min_resource: int = 1,
        max_resource: int | Literal["auto"] = "auto",
        reduction_factor: int = 3,
        bootstrap_count: int = 0,
    ) -> None:
        super().__init__(
            min_resource=min_resource,
            max_resource=None if max_resource == "auto" else max_resource,
            reduction_factor=reduction_factor,
            bootstrap_count=bootstrap_count,
        )


class ThresholdPruner(BasePruner):
    """Stops a trial whose report is NaN or leaves given bounds.

    Args:
        lower: reports below this stop a trial.
        upper: reports above this stop a trial.
        n_warmup_steps: step before which none is stopped.
        interval_steps: steps between two looks.
    """

    _name = "threshold"

    @theirs()
    def __init__(self, lower: float | None = None, upper: float | None = None, n_warmup_steps: int = 0, interval_steps: int = 1) -> None:
        super().__init__(lower=lower, upper=upper, n_warmup_steps=n_warmup_steps, interval_steps=interval_steps)


class PatientPruner(BasePruner):
    """Asks another pruner once a trial has not got better for some reports; without another it stops it then.

    Args:
        wrapped_pruner: the pruner that is asked.
        patience: reports that may bring nothing better.
        min_delta: how much worse the latest reports must be than those before.
    """

    _name = "patient"

    @theirs()
    def __init__(self, wrapped_pruner: BasePruner | None, patience: int, min_delta: float = 0.0) -> None:
        if isinstance(wrapped_pruner, NopPruner):
            raise InvalidInputError("PatientPruner: it wraps NopPruner, so it would never stop a trial", "bad_value", "Use NopPruner.")
        if wrapped_pruner is not None and not isinstance(wrapped_pruner, BasePruner):
            raise InvalidInputError(f"PatientPruner: wrapped_pruner is {wrapped_pruner!r}, which is none of these", "bad_value")
        name, parameters = wrapped_pruner._native() if wrapped_pruner is not None else ("", {})
        super().__init__(pruner=name, parameters=parameters, patience=patience, min_delta=min_delta)


class WilcoxonPruner(BasePruner):
    """Stops a trial that a signed-rank test finds worse than the best one on the steps both have: folds, or problems.

    Args:
        p_threshold: a trial stops where the test's p value is below this.
        n_startup_steps: steps in common with the best trial that there must be.
    """

    _name = "wilcoxon"

    @theirs()
    def __init__(self, *, p_threshold: float = 0.1, n_startup_steps: int = 2) -> None:
        super().__init__(p_threshold=p_threshold, n_startup_steps=n_startup_steps)
