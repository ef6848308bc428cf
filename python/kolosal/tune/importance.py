"""How much the results of a study depend on each parameter."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .. import _kolosal
from .._errors import InvalidInputError
from ._trial import FrozenTrial, TrialState

if TYPE_CHECKING:
    from ._study import Study

    Target = Callable[[FrozenTrial], float]


class BaseImportanceEvaluator:
    """A native measure of importance: its name and its parameters. A subclass of one's own gives ``evaluate``."""

    _name = ""

    def __init__(self, **parameters: Any) -> None:
        self._parameters = parameters

    def evaluate(self, study: Study, params: Sequence[str] | None = None, *, target: Target | None = None) -> dict[str, float]:
        """Importances by name, the greatest first, as they are.

        Args:
            study: the study.
            params: names of the parameters to assess.
            target: what of a trial is explained, less is better; without, the study's value.
        """
        study._native.refresh()
        if isinstance(params, str):
            raise InvalidInputError(f"importance: params is the text '{params}'; it must be a list of names", "bad_value")
        values = None
        if target is not None:
            values = [(trial.number, float(target(trial))) for trial in study.get_trials(states=[TrialState.COMPLETE])]
        wanted = None if params is None else list(params)
        return dict(_kolosal.param_importances(study._native, self._name, json.dumps(self._parameters), wanted, values, False))


class PedAnovaImportanceEvaluator(BaseImportanceEvaluator):
    """PED-ANOVA, the default: how far the density of a parameter among the best trials is from that among all.

    Quick, for parameters that only some trials have too, and for several objectives.

    Args:
        target_quantile: share of the trials that count as the best.
        region_quantile: share of the trials, from the best, that these are compared with.
        evaluate_on_local: whether they are compared with where the others lie, rather than with the whole range.
    """

    _name = "ped_anova"

    def __init__(self, *, target_quantile: float = 0.1, region_quantile: float = 1.0, evaluate_on_local: bool = True) -> None:
        super().__init__(target_quantile=target_quantile, region_quantile=region_quantile, evaluate_on_local=evaluate_on_local)


class FanovaImportanceEvaluator(BaseImportanceEvaluator):
    """fANOVA: the share of the variance of a random forest over the space that a parameter explains alone.

    It assesses the parameters that all complete trials have with one range, or those that are named. A logarithmic range counts by its
    logarithm.

    Args:
        n_trees: trees of the forest.
        max_depth: splits from the root of a tree to a leaf, at most.
        seed: which random numbers are drawn; None: one is drawn.
    """

    _name = "fanova"

    def __init__(self, *, n_trees: int = 64, max_depth: int = 64, seed: int | None = None) -> None:
        super().__init__(n_trees=n_trees, max_depth=max_depth, seed=secrets.randbits(62) if seed is None else seed)


def get_param_importances(
    study: Study,
    *,
    evaluator: BaseImportanceEvaluator | None = None,
    params: Sequence[str] | None = None,
    target: Target | None = None,
    normalize: bool = True,
) -> dict[str, float]:
    """Importances of the parameters of a study by name, the greatest first.

    Args:
        study: a study with complete trials.
        evaluator: how importance is measured; without, ``PedAnovaImportanceEvaluator()``.
        params: names of the parameters to assess; without, all that the evaluator can.
        target: what of a trial is explained, as ``lambda trial: trial.duration.total_seconds()``; less is better. Without, the value.
        normalize: whether the importances are made to sum to 1.
    """
    if evaluator is not None and not isinstance(evaluator, BaseImportanceEvaluator):
        raise InvalidInputError(f"get_param_importances: evaluator is {evaluator!r}, which is none of these", "bad_value")
    measure = evaluator if evaluator is not None else PedAnovaImportanceEvaluator()
    found = measure.evaluate(study, params, target=target)
    if not normalize:
        return found
    whole = sum(found.values())
    return {name: value / whole if whole > 0 else 1 / len(found) for name, value in found.items()}
