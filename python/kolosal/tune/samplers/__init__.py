"""What proposes the parameters of the next trial.

Proposals are a pure function of the history, the seed and the trial's number: the same seed and the same results, reported in the same
order, give the same trials. Without a seed one is drawn.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..._errors import InvalidInputError
from .._theirs import Absent, theirs
from . import nsgaii as nsgaii
from .nsgaii import BaseCrossover, native_crossover

if TYPE_CHECKING:
    from .._study import Study
    from .._trial import FrozenTrial

    ConstraintsFunc = Callable[[FrozenTrial], Sequence[float]]

_NO_WARNING = Absent("no such warning is given", False)
_NO_OTHER_SAMPLER = Absent("parameters that are drawn apart are drawn by this sampler itself")
_OWN_GENERATIONS = Absent("how generations follow on each other is fixed")
_GENETIC = {
    "mutation": Absent("numbers are mutated by polynomials, choices drawn anew"),
    "elite_population_selection_strategy": _OWN_GENERATIONS,
    "child_generation_strategy": _OWN_GENERATIONS,
    "after_trial_strategy": _OWN_GENERATIONS,
}


def _by_name(where: str, given: Any) -> dict[str, Any]:
    """A copy of what must be a dict by the names of parameters."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InvalidInputError(f"{where} is {given!r}; it must be a dict by the names of parameters", "bad_value")
    return dict(given)


class BaseSampler:
    """A native sampler: its name and its parameters.

    Attributes:
        seed: which random numbers are drawn.
        constraints_func: is called with each trial that is about to be complete or pruned, and gives the values of its constraints "0",
            "1", ..., which hold where they are at most 0; None: no trial has any but those of ``trial.set_constraint``.
    """

    _name = ""
    constraints_func: ConstraintsFunc | None = None

    def __init__(self, seed: int | None = None, **parameters: Any) -> None:
        if seed is not None and not hasattr(seed, "__index__"):
            raise InvalidInputError(f"{type(self).__name__}: seed is {seed!r}; it must be a whole number or None", "bad_value")
        self.seed = secrets.randbits(62) if seed is None else int(seed)
        self._parameters = parameters

    def _native(self) -> tuple[str, dict[str, Any]]:
        return self._name, {"seed": self.seed, **self._parameters}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._native()[1].items())
        return f"{type(self).__name__}({given})"


class RandomSampler(BaseSampler):
    """Each parameter uniform in its scale, apart from all others."""

    _name = "random"

    @theirs()
    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)


class QMCSampler(BaseSampler):
    """Points of a scrambled Sobol sequence, which fill the space more evenly than random ones."""

    _name = "qmc"

    @theirs(
        qmc_type=Absent("the sequence is Sobol's", "sobol"),
        scramble=Absent("the sequence is scrambled", True),
        independent_sampler=_NO_OTHER_SAMPLER,
        warn_asynchronous_seeding=_NO_WARNING,
        warn_independent_sampling=_NO_WARNING,
    )
    def __init__(self, *, seed: int | None = None) -> None:
        super().__init__(seed)


class GridSampler(BaseSampler):
    """Every combination of listed values, once, in an order shuffled by the seed; ``optimize`` then ends.

    Args:
        search_space: the values of each parameter.
        seed: the order.
    """

    _name = "grid"

    @theirs()
    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int | None = None) -> None:
        values = _by_name("GridSampler: search_space", search_space)
        for name, listed in values.items():
            if isinstance(listed, (str, bytes)) or not isinstance(listed, Iterable):
                raise InvalidInputError(f"GridSampler: the values of '{name}' are {listed!r}; they must be a list", "bad_value")
            values[name] = list(listed)
        super().__init__(0 if seed is None else seed, search_space=values)

    def is_exhausted(self, study: Study) -> bool:
        """Whether every combination has been tried in the study, whose sampler this is."""
        if study.sampler is not self:
            raise InvalidInputError(f"GridSampler: study '{study.study_name}' has another sampler, {study.sampler!r}", "bad_value")
        return study._native.is_exhausted


class NSGAIISampler(BaseSampler):
    """NSGA-II, a genetic algorithm: generations of trials, the best of which are crossed and mutated. For many trials, several objectives.

    Args:
        population_size: trials of a generation.
        mutation_prob: chance that a parameter is mutated; None: one over their number.
        crossover_prob: chance that a child has two parents.
        swapping_prob: chance that a parameter comes from the second parent's side.
        crossover: how numbers are crossed: a crossover of ``samplers.nsgaii``, or the name of one ("sbx", "vsbx", "uniform", "blx_alpha",
            "spx", "undx"); None: "sbx".
        seed: which random numbers are drawn.
        constraints_func: gives the values of a trial's constraints, which hold where they are at most 0, when it ends.
    """

    _name = "nsga2"

    @theirs(**_GENETIC)
    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation_prob: float | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        crossover: BaseCrossover | str | None = None,
        seed: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
    ) -> None:
        super().__init__(
            seed,
            population_size=population_size,
            mutation_prob=mutation_prob,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            crossover=native_crossover(crossover, type(self).__name__),
        )
        self.constraints_func = constraints_func


class TPESampler(BaseSampler):
    """Tree-structured Parzen estimator: the default.

    Args:
        n_startup_trials: trials that must be complete or pruned before the densities are used; until then values are uniform.
        n_ei_candidates: points drawn, of which the most promising is taken.
        seed: which random numbers are drawn.
        multivariate: whether parameters that all trials share are drawn together; None: where there is one objective.
        group: whether conditional parameters, too, are drawn together with those they always appear with.
        constant_liar: whether running trials count as bad ones, so that workers keep apart.
        prior_weight: weight of the density of what is not known, against 1 for a trial.
        constraints_func: gives the values of a trial's constraints, which hold where they are at most 0, when it ends.
        earlier_best: parameters of the best trials of an earlier study, as ``tune.best_parameters`` gives them: where good trials are to be
            expected. Those that lack a parameter, or have a value that is not allowed now, are passed over. They count once
            ``n_startup_trials`` have ended; of those before, which are uniform, none is drawn near them.
        earlier_weight: how many good trials all of these together weigh as much as.
    """

    _name = "tpe"

    @theirs(
        consider_prior=Absent("the density of what is not known always counts, by prior_weight", True),
        consider_magic_clip=Absent("widths of densities are always kept from getting too small", True),
        consider_endpoints=Absent("the ends of a range are no points", False),
        gamma=Absent("the best tenth of the trials, at most 25, are the good ones"),
        weights=Absent("of many trials the latest count in full, and the others less the older they are"),
        warn_independent_sampling=_NO_WARNING,
    )
    def __init__(
        self,
        *,
        n_startup_trials: int = 10,
        n_ei_candidates: int = 24,
        seed: int | None = None,
        multivariate: bool | None = None,
        group: bool = False,
        constant_liar: bool = True,
        prior_weight: float = 1.0,
        constraints_func: ConstraintsFunc | None = None,
        earlier_best: Sequence[Mapping[str, Any]] = (),
        earlier_weight: float = 3.0,
    ) -> None:
        if group and multivariate is False:
            raise InvalidInputError("TPESampler: group draws parameters together, and multivariate is False", "bad_value")
        if isinstance(earlier_best, (str, Mapping)) or not isinstance(earlier_best, Iterable):
            raise InvalidInputError(f"TPESampler: earlier_best is {earlier_best!r}; it must be a list of dicts", "bad_value")
        super().__init__(
            seed,
            n_startup_trials=n_startup_trials,
            n_ei_candidates=n_ei_candidates,
            multivariate=multivariate,
            group=group,
            constant_liar=constant_liar,
            prior_weight=prior_weight,
            earlier_best=[_by_name(f"TPESampler: earlier_best[{i}]", one) for i, one in enumerate(earlier_best)],
            earlier_weight=earlier_weight,
        )
        self.constraints_func = constraints_func


class NSGAIIISampler(BaseSampler):
    """NSGA-III, a genetic algorithm whose generations spread over directions. For many trials and three or more objectives.

    Args:
        population_size: trials of a generation.
        mutation_prob: chance that a parameter is mutated; None: one over their number.
        crossover_prob: chance that a child has two parents.
        swapping_prob: chance that a parameter comes from the second parent's side.
        crossover: how numbers are crossed: a crossover of ``samplers.nsgaii``, or the name of one ("sbx", "vsbx", "uniform", "blx_alpha",
            "spx", "undx"); None: "sbx".
        seed: which random numbers are drawn.
        dividing_parameter: into how many parts the directions divide an axis; None: as many as the population can serve.
        constraints_func: gives the values of a trial's constraints, which hold where they are at most 0, when it ends.
    """

    _name = "nsga3"

    @theirs(**_GENETIC, reference_points=Absent("directions divide each axis into dividing_parameter parts"))
    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation_prob: float | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        crossover: BaseCrossover | str | None = None,
        seed: int | None = None,
        dividing_parameter: int | None = None,
        constraints_func: ConstraintsFunc | None = None,
    ) -> None:
        super().__init__(
            seed,
            population_size=population_size,
            mutation_prob=mutation_prob,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            crossover=native_crossover(crossover, type(self).__name__),
            dividing_parameter=dividing_parameter,
        )
        self.constraints_func = constraints_func


class CmaEsSampler(BaseSampler):
    """CMA-ES: a normal distribution follows the best trials. For one objective, numbers, and some hundred trials or more.

    Choices, and parameters that only some trials have, are drawn apart from the others.

    Args:
        x0: values at which it begins, by parameter; others begin in the middle of their ranges.
        sigma0: standard deviation at first, in shares of a parameter's range; None: a sixth.
        n_startup_trials: complete trials that there must be before the first generation.
        seed: which random numbers are drawn.
        restarts: what follows when a run has converged: "bipop", "ipop" or "none".
        popsize: trials of a generation; None: by the number of parameters.
        use_separable_cma: whether only variances are learnt; None: where there are more than 100 parameters.
        with_margin: whether integers and steps are kept from getting stuck on one value.
        warm_start: whether to begin with the distribution of the best tenth of the trials that there are, as those of ``add_trials``.
    """

    _name = "cmaes"

    @theirs(
        independent_sampler=_NO_OTHER_SAMPLER,
        warn_independent_sampling=_NO_WARNING,
        consider_pruned_trials=Absent("complete trials alone count", False),
        restart_strategy=Absent("it is called restarts"),
        inc_popsize=Absent('generations double at a restart by "ipop"', -1, 2),
        lr_adapt=Absent("the learning rate is fixed", False),
        source_trials=Absent("it is called warm_start, and takes the trials of add_trials"),
    )
    def __init__(
        self,
        x0: Mapping[str, Any] | None = None,
        sigma0: float | None = None,
        *,
        n_startup_trials: int = 1,
        seed: int | None = None,
        restarts: Literal["bipop", "ipop", "none"] = "bipop",
        popsize: int | None = None,
        use_separable_cma: bool | None = None,
        with_margin: bool = True,
        warm_start: bool = False,
    ) -> None:
        super().__init__(
            seed,
            x0=dict(x0 or {}),
            sigma0=1 / 6 if sigma0 is None else sigma0,
            n_startup_trials=n_startup_trials,
            restarts=restarts,
            population_size=popsize,
            separable=use_separable_cma,
            with_margin=with_margin,
            warm_start=warm_start,
        )


class CostFrugalSampler(BaseSampler):
    """Cost-frugal local search (CFO): steps in random directions from a cheap point. For costs that parameters decide, as numbers of trees.

    Args:
        low_cost_partial_config: values with which a trial is cheap, by parameter: the search starts there. Other parameters start in the
            middle of their ranges, choices at the first.
        step: length of a step at first, in shares of a parameter's range.
        least_step: length of a step below which the search starts again elsewhere.
        seed: which random numbers are drawn.
    """

    _name = "cfo"

    def __init__(
        self,
        low_cost_partial_config: Mapping[str, Any] | None = None,
        *,
        step: float = 0.2,
        least_step: float = 0.005,
        seed: int | None = None,
    ) -> None:
        low_cost = _by_name("CostFrugalSampler: low_cost_partial_config", low_cost_partial_config or {})
        super().__init__(seed, low_cost=low_cost, step=step, least_step=least_step)


class GPSampler(BaseSampler):
    """A Gaussian process says where an improvement is to be expected. For one objective whose trials are few and costly.

    Args:
        seed: which random numbers are drawn.
        n_startup_trials: complete trials that there must be before the process is used.
        deterministic_objective: whether the same parameters always give the same value.
        warp_output: whether results are put on the scale on which the process explains them best.
        warp_input: whether parameters are, too, where that explains much: for ranges whose scale is given amiss.
        constraints_func: gives the values of a trial's constraints, which hold where they are at most 0, when it ends.
        earlier_trials: trials of earlier studies, as ``tune.earlier_trials`` gives them: how good they were is learnt from, by rank within
            their study, and so is how alike the studies are. The process is then used from the second trial on.
    """

    _name = "gp"

    @theirs(
        independent_sampler=_NO_OTHER_SAMPLER,
        warn_independent_sampling=_NO_WARNING,
    )
    def __init__(
        self,
        *,
        seed: int | None = None,
        n_startup_trials: int = 10,
        deterministic_objective: bool = False,
        warp_output: bool = True,
        warp_input: bool = True,
        constraints_func: ConstraintsFunc | None = None,
        earlier_trials: Sequence[Sequence[Mapping[str, Any]]] = (),
    ) -> None:
        super().__init__(
            seed,
            n_startup_trials=n_startup_trials,
            deterministic_objective=deterministic_objective,
            warp_output=warp_output,
            warp_input=warp_input,
            earlier_trials=[[dict(trial) for trial in study] for study in earlier_trials],
        )
        self.constraints_func = constraints_func


class AutoSampler(BaseSampler):
    """Chooses another sampler for each trial; ``trial.system_attrs["auto:sampler"]`` says which, and why."""

    _name = "auto"

    @theirs()
    def __init__(self, *, seed: int | None = None) -> None:
        super().__init__(seed)


class BruteForceSampler(BaseSampler):
    """Every combination of values that the objective's questions lead to, once; ``optimize`` then ends.

    Each parameter has finitely many values: floats need a step. Which parameters there are may depend on values before.

    Args:
        seed: the order.
        avoid_premature_stop: whether what a running trial tries counts as untried until that trial has ended, so that nothing is left out
            where it fails on its way; some combinations may then be tried twice.
    """

    _name = "brute_force"

    @theirs()
    def __init__(self, seed: int | None = None, avoid_premature_stop: bool = False) -> None:
        super().__init__(seed, avoid_premature_stop=avoid_premature_stop)


class PartialFixedSampler(BaseSampler):
    """Some parameters have given values, and another sampler proposes the others.

    Args:
        fixed_params: values by name.
        base_sampler: what proposes the other parameters.
    """

    _name = "partial_fixed"

    @theirs()
    def __init__(self, fixed_params: Mapping[str, Any], base_sampler: BaseSampler) -> None:
        if not isinstance(base_sampler, BaseSampler) or not base_sampler._native()[0]:
            raise InvalidInputError(f"PartialFixedSampler: base_sampler is {base_sampler!r}, which is none of these", "bad_value")
        super().__init__(base_sampler.seed, fixed_params=_by_name("PartialFixedSampler: fixed_params", fixed_params))
        self.base_sampler = base_sampler
        self.constraints_func = base_sampler.constraints_func

    def _native(self) -> tuple[str, dict[str, Any]]:
        sampler, parameters = self.base_sampler._native()
        return self._name, {"sampler": sampler, "parameters": parameters, **self._parameters}
