"""What is told of a fit while it runs, and the callbacks that come with Kolosal, spelt as LightGBM's."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from .._errors import InvalidInputError


@dataclass(frozen=True)
class FitProgress:
    """One iteration of a fit, told to callbacks.

    Attributes:
        iteration: finished iterations (trees, epochs, steps).
        n_iterations: planned iterations.
        train_loss: NaN where not measured.
        validation_loss: NaN where there are no evaluation rows.
    """

    iteration: int
    n_iterations: int
    train_loss: float
    validation_loss: float


Callback = Callable[[FitProgress], Any]


def _named_losses(told: FitProgress) -> list[tuple[str, float]]:
    losses = (("training", told.train_loss), ("valid_0", told.validation_loss))
    return [(name, loss) for name, loss in losses if not math.isnan(loss)]


def _shown(iteration: int, losses: list[tuple[str, float]]) -> str:
    return "\t".join([f"[{iteration}]", *(f"{name}'s loss: {loss:g}" for name, loss in losses)])


class EarlyStopping:
    """Ends a fit that gets no better on the rows of ``eval_set``; made by :func:`early_stopping`."""

    def __init__(self, stopping_rounds: int, verbose: bool, min_delta: float) -> None:
        self.stopping_rounds = stopping_rounds
        self.verbose = verbose
        self.min_delta = min_delta
        self._best: FitProgress | None = None
        self._last = 0

    def overrides(self, model: str, specs: dict[str, Any], has_evaluation: bool) -> dict[str, Any]:
        """What it sets of the parameters of a learner with these."""
        if "patience" not in specs or "min_delta" not in specs:
            raise InvalidInputError(f"{model} does not stop early", "unsupported", "Leave out early_stopping.")
        if not has_evaluation:
            raise InvalidInputError("early_stopping needs rows to evaluate by", "bad_value", "Pass eval_set=(X, y).")
        self._best, self._last = None, 0
        return {"patience": self.stopping_rounds, "min_delta": self.min_delta}

    def __call__(self, told: FitProgress) -> None:
        self._last = told.iteration
        if self._best is None or told.validation_loss < self._best.validation_loss - self.min_delta:
            self._best = told

    def tell_end(self, n_iterations: int) -> None:
        """Says which iteration the fit kept."""
        if not self.verbose or self._best is None:
            return
        print("Early stopping, best iteration is:" if self._last < self._best.n_iterations else "Best iteration is:")
        print(_shown(n_iterations, _named_losses(self._best) if n_iterations == self._best.iteration else []))


def early_stopping(stopping_rounds: int, verbose: bool = True, min_delta: float = 0.0) -> EarlyStopping:
    """A callback that ends a fit after so many iterations without a better loss of the rows of ``eval_set``.

    It stands above the estimator's own ``patience`` and ``min_delta``. The model is that of the best iteration.

    Args:
        stopping_rounds: Iterations without a better one.
        verbose: Whether the best iteration is printed at the end.
        min_delta: By how much a loss must be lower to be better.
    """
    return EarlyStopping(stopping_rounds, verbose, min_delta)


def log_evaluation(period: int = 1) -> Callback:
    """A callback that prints the losses of the training rows, where they are measured, and of the rows of ``eval_set``.

    Args:
        period: At every how many iterations; 0 and less for never.
    """

    def call(told: FitProgress) -> None:
        losses = _named_losses(told)
        if period > 0 and losses and told.iteration % period == 0:
            print(_shown(told.iteration, losses))

    return call


def record_evaluation(eval_result: dict[str, dict[str, list[float]]]) -> Callback:
    """A callback that keeps the losses of all iterations.

    Args:
        eval_result: Becomes ``{"training": {"loss": [...]}, "valid_0": {"loss": [...]}}``: a number for each iteration, NaN where it was
            not measured; sets of which none was are left out.
    """
    if not isinstance(eval_result, dict):
        raise TypeError("eval_result is not a dict")

    def call(told: FitProgress) -> None:
        if told.iteration == 1:
            eval_result.clear()
        for name, loss in (("training", told.train_loss), ("valid_0", told.validation_loss)):
            if name in eval_result or not math.isnan(loss):
                losses = eval_result.setdefault(name, {"loss": []})["loss"]
                losses.extend([math.nan] * (told.iteration - 1 - len(losses)))
                losses.append(loss)

    return call


def progress(stream: TextIO | None = None) -> Callback:
    """A callback that shows how far a fit is in one line, which it writes over.

    Args:
        stream: Where it is shown; the error output where not given.
    """

    def call(told: FitProgress) -> None:
        to = sys.stderr if stream is None else stream
        share = told.iteration / max(told.n_iterations, 1)
        bar = "#" * round(30 * share)
        losses = "  ".join(f"{name}'s loss {loss:.4g}" for name, loss in _named_losses(told))
        to.write(f"\r{bar:<30} {told.iteration}/{told.n_iterations}  {losses:<50}" + ("\n" if share >= 1 else ""))
        to.flush()

    return call


def checked(callbacks: Any) -> list[Callback]:
    """Callbacks as a list, each of which can be called with a FitProgress."""
    if callable(callbacks):
        raise InvalidInputError("callbacks is a single function", "bad_value", "Pass a list: callbacks=[...].")
    made = list(callbacks or ())
    for each in made:
        library = (getattr(each, "__module__", None) or type(each).__module__).partition(".")[0]
        if library in ("lightgbm", "xgboost", "catboost"):
            name = getattr(each, "__name__", type(each).__name__)
            raise InvalidInputError(
                f"callbacks holds {library}'s {name}, which only {library} can call",
                "bad_value",
                "kolosal.models has early_stopping, log_evaluation, record_evaluation and progress; any function of a FitProgress does.",
            )
        if not callable(each):
            raise InvalidInputError(f"callbacks holds {each!r}, which is no function", "bad_value", "Pass functions of a FitProgress.")
    return made


def dispatch(callbacks: Sequence[Callback]) -> Callable[[int, int, float, float], bool] | None:
    """One function that tells all callbacks, and whether to go on; None where there are none."""
    if not callbacks:
        return None

    def call(iteration: int, n_iterations: int, train_loss: float, validation_loss: float) -> bool:
        told = FitProgress(iteration, n_iterations, train_loss, validation_loss)
        answers = [callback(told) for callback in callbacks]
        return all(answer is not False for answer in answers)

    return call
