"""What proposes the parameters of the next trial.

Proposals are a pure function of the history, the seed and the trial's number: the same seed and the same results, reported in the same
order, give the same trials. Without a seed one is drawn.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .._errors import InvalidInputError


class BaseSampler:
    """A native sampler: its name and its parameters."""

    _name = ""

    def __init__(self, seed: int | None = None, **parameters: Any) -> None:
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

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(seed)


class QMCSampler(BaseSampler):
    """Points of a scrambled Sobol sequence, which fill the space more evenly than random ones."""

    _name = "qmc"

    def __init__(self, *, seed: int | None = None) -> None:
        super().__init__(seed)


class GridSampler(BaseSampler):
    """Every combination of listed values, once, in an order shuffled by the seed; ``optimize`` then ends.

    Args:
        search_space: the values of each parameter.
        seed: the order.
    """

    _name = "grid"

    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int | None = None) -> None:
        values = {name: list(listed) for name, listed in search_space.items()}
        super().__init__(0 if seed is None else seed, search_space=values)


class NSGAIISampler(BaseSampler):
    """NSGA-II, a genetic algorithm: generations of trials, the best of which are crossed and mutated. For many trials, several objectives.

    Args:
        population_size: trials of a generation.
        mutation_prob: chance that a parameter is mutated; None: one over their number.
        crossover_prob: chance that a child has two parents.
        swapping_prob: chance that a parameter comes from the second parent's side.
        seed: which random numbers are drawn.
    """

    _name = "nsga2"

    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation_prob: float | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            seed,
            population_size=population_size,
            mutation_prob=mutation_prob,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
        )


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
    """

    _name = "tpe"

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
    ) -> None:
        if group and multivariate is False:
            raise InvalidInputError("TPESampler: group draws parameters together, and multivariate is False", "bad_value")
        super().__init__(
            seed,
            n_startup_trials=n_startup_trials,
            n_ei_candidates=n_ei_candidates,
            multivariate=multivariate,
            group=group,
            constant_liar=constant_liar,
            prior_weight=prior_weight,
        )


class NSGAIIISampler(BaseSampler):
    """NSGA-III, a genetic algorithm whose generations spread over directions. For many trials and three or more objectives.

    Args:
        population_size: trials of a generation.
        mutation_prob: chance that a parameter is mutated; None: one over their number.
        crossover_prob: chance that a child has two parents.
        swapping_prob: chance that a parameter comes from the second parent's side.
        seed: which random numbers are drawn.
        dividing_parameter: into how many parts the directions divide an axis; None: as many as the population can serve.
    """

    _name = "nsga3"

    def __init__(
        self,
        *,
        population_size: int = 50,
        mutation_prob: float | None = None,
        crossover_prob: float = 0.9,
        swapping_prob: float = 0.5,
        seed: int | None = None,
        dividing_parameter: int | None = None,
    ) -> None:
        super().__init__(
            seed,
            population_size=population_size,
            mutation_prob=mutation_prob,
            crossover_prob=crossover_prob,
            swapping_prob=swapping_prob,
            dividing_parameter=dividing_parameter,
        )


class CmaEsSampler(BaseSampler):
    """CMA-ES: a normal distribution follows the best trials. For one objective, numbers, and some hundred trials or more.

    Choices, and parameters that only some trials have, are drawn apart from the others.

    Args:
        sigma0: standard deviation at first, in shares of a parameter's range.
        n_startup_trials: complete trials that there must be before the first generation.
        seed: which random numbers are drawn.
        restarts: what follows when a run has converged: "bipop", "ipop" or "none".
        popsize: trials of a generation; None: by the number of parameters.
        use_separable_cma: whether only variances are learnt; None: where there are more than 100 parameters.
        with_margin: whether integers and steps are kept from getting stuck on one value.
        warm_start: whether to begin with the distribution of the best tenth of the trials that there are, as those of ``add_trials``.
    """

    _name = "cmaes"

    def __init__(
        self,
        *,
        sigma0: float = 1 / 6,
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
            sigma0=sigma0,
            n_startup_trials=n_startup_trials,
            restarts=restarts,
            population_size=popsize,
            separable=use_separable_cma,
            with_margin=with_margin,
            warm_start=warm_start,
        )


class GPSampler(BaseSampler):
    """A Gaussian process says where an improvement is to be expected. For one objective whose trials are few and costly.

    Args:
        seed: which random numbers are drawn.
        n_startup_trials: complete trials that there must be before the process is used.
        deterministic_objective: whether the same parameters always give the same value.
        warp_output: whether results worse than the median are drawn in: for objectives with outliers.
    """

    _name = "gp"

    def __init__(
        self,
        *,
        seed: int | None = None,
        n_startup_trials: int = 10,
        deterministic_objective: bool = False,
        warp_output: bool = False,
    ) -> None:
        super().__init__(
            seed,
            n_startup_trials=n_startup_trials,
            deterministic_objective=deterministic_objective,
            warp_output=warp_output,
        )


class AutoSampler(BaseSampler):
    """Chooses another sampler for each trial; ``trial.system_attrs["auto:sampler"]`` says which, and why."""

    _name = "auto"

    def __init__(self, *, seed: int | None = None) -> None:
        super().__init__(seed)
