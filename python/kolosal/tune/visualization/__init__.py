"""Figures of studies for notebooks, made by Plotly (``pip install kolosal[plotly]``), and a report that needs nothing.

Each function gives a ``plotly.graph_objects.Figure``. ``write_report`` writes all there is to see of a study to one HTML file, without it.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..._errors import KolosalError
from . import _figures

if TYPE_CHECKING:
    from .._study import Study
    from .._trial import FrozenTrial
    from ..importance import BaseImportanceEvaluator
    from ..terminator import BaseErrorEvaluator, BaseImprovementEvaluator

    Target = Callable[[FrozenTrial], float]

__all__ = [
    "is_available",
    "plot_contour",
    "plot_edf",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_pareto_front",
    "plot_rank",
    "plot_slice",
    "plot_terminator_improvement",
    "plot_timeline",
    "write_report",
]

_VALUE = "value"


class MissingPlotlyError(KolosalError, ImportError):
    """Plotly is not installed."""


def is_available() -> bool:
    """Whether Plotly is installed, which the figures need."""
    return importlib.util.find_spec("plotly") is not None


def _drawn(figure: dict[str, Any]) -> Any:
    if not is_available():
        raise MissingPlotlyError(
            "this figure is made by Plotly, which is not installed",
            "missing_package",
            'Run `pip install "kolosal[plotly]"`, or use write_report(study, "report.html"), which needs nothing.',
        )
    import plotly.graph_objects

    return plotly.graph_objects.Figure(figure)


def write_report(study: Study, path: str | os.PathLike[str]) -> None:
    """Writes all there is to see of a study to one HTML file, to look into with a browser; it needs neither Plotly nor a network.

    Args:
        study: the study.
        path: the file.
    """
    study.report(path)


def plot_optimization_history(
    study: Study | Sequence[Study], *, target: Target | None = None, target_name: str = _VALUE, error_bar: bool = False
) -> Any:
    """Values by trial, and the best so far.

    Args:
        study: one or several studies.
        target: what of a trial is drawn; without, its value.
        target_name: what the axis is called.
        error_bar: whether several studies are drawn as mean and deviation by trial.
    """
    return _drawn(_figures.optimization_history(study, target, target_name, error_bar))


def plot_slice(study: Study, params: Sequence[str] | None = None, *, target: Target | None = None, target_name: str = _VALUE) -> Any:
    """The value against each parameter, shaded by trial.

    Args:
        study: the study.
        params: names of parameters; without, all.
        target: what of a trial is drawn; without, its value.
        target_name: what the axis is called.
    """
    return _drawn(_figures.slices(study, params, target, target_name))


def plot_contour(study: Study, params: Sequence[str] | None = None, *, target: Target | None = None, target_name: str = _VALUE) -> Any:
    """The value over pairs of parameters: the mean of the trials near each point.

    Args:
        study: the study.
        params: names of parameters; without, all.
        target: what of a trial is drawn; without, its value.
        target_name: what the scale is called.
    """
    return _drawn(_figures.contour(study, params, target, target_name))


def plot_rank(study: Study, params: Sequence[str] | None = None, *, target: Target | None = None, target_name: str = _VALUE) -> Any:
    """The rank of each trial over pairs of parameters.

    Args:
        study: the study.
        params: names of parameters; without, all.
        target: what of a trial is ranked, less is better; without, its value.
        target_name: what the scale is called.
    """
    return _drawn(_figures.rank(study, params, target, target_name))


def plot_parallel_coordinate(
    study: Study, params: Sequence[str] | None = None, *, target: Target | None = None, target_name: str = _VALUE
) -> Any:
    """Each trial as a line through its value and its parameters.

    Args:
        study: the study.
        params: names of parameters; without, those that all trials have.
        target: what of a trial is drawn; without, its value.
        target_name: what the axis is called.
    """
    return _drawn(_figures.parallel_coordinate(study, params, target, target_name))


def plot_param_importances(
    study: Study,
    evaluator: BaseImportanceEvaluator | None = None,
    params: Sequence[str] | None = None,
    *,
    target: Target | None = None,
    target_name: str = _VALUE,
) -> Any:
    """Importances of the parameters; with several objectives and no target those for each.

    Args:
        study: the study.
        evaluator: how importance is measured; without, PED-ANOVA.
        params: names of parameters; without, all that the evaluator can assess.
        target: what of a trial is explained, less is better; without, its value.
        target_name: what the bars are called.
    """
    return _drawn(_figures.param_importances(study, evaluator, params, target, target_name))


def plot_pareto_front(
    study: Study,
    *,
    target_names: Sequence[str] | None = None,
    include_dominated_trials: bool = True,
    constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
    targets: Callable[[FrozenTrial], Sequence[float]] | None = None,
) -> Any:
    """Trials by two or three objectives; those that no other is better than stand out.

    Args:
        study: a study with several objectives.
        target_names: what the axes are called; without, as ``study.set_metric_names`` says.
        include_dominated_trials: whether the other trials are drawn.
        constraints_func: gives the constraints of a trial, which hold where they are at most 0; without, those that were noted.
        targets: chooses two or three values of a trial; without, all.
    """
    return _drawn(_figures.pareto_front(study, target_names, include_dominated_trials, targets, constraints_func))


def plot_timeline(study: Study, n_recent_trials: int | None = None) -> Any:
    """When each trial ran, and how it ended.

    Args:
        study: the study.
        n_recent_trials: how many of the last trials are drawn; without, all.
    """
    return _drawn(_figures.timeline(study, n_recent_trials))


def plot_intermediate_values(study: Study) -> Any:
    """What each trial reported on its way; pruned ones are dotted."""
    return _drawn(_figures.intermediate_values(study))


def plot_edf(study: Study | Sequence[Study], *, target: Target | None = None, target_name: str = _VALUE) -> Any:
    """The share of trials with at most a value.

    Args:
        study: one or several studies.
        target: what of a trial is drawn; without, its value.
        target_name: what the axis is called.
    """
    return _drawn(_figures.edf(study, target, target_name))


def plot_hypervolume_history(study: Study, reference_point: Sequence[float]) -> Any:
    """The volume that the trials so far dominate.

    Args:
        study: a study with several objectives.
        reference_point: a point that is worse than the trials that count, a value an objective.
    """
    return _drawn(_figures.hypervolume_history(study, reference_point))


def plot_terminator_improvement(
    study: Study,
    plot_error: bool = False,
    improvement_evaluator: BaseImprovementEvaluator | None = None,
    error_evaluator: BaseErrorEvaluator | None = None,
    min_n_trials: int = 20,
) -> Any:
    """What a terminator held to be possible after each trial.

    Args:
        study: a study with one objective.
        plot_error: whether the error, which the improvement must fall below, is drawn too.
        improvement_evaluator: without, ``RegretBoundEvaluator()``.
        error_evaluator: without, ``CrossValidationErrorEvaluator()``.
        min_n_trials: complete trials from which on it is drawn.
    """
    return _drawn(_figures.terminator_improvement(study, plot_error, improvement_evaluator, error_evaluator, min_n_trials))
