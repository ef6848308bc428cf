"""Scalers and encoders under scikit-learn's names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .. import _kolosal
from .._errors import InvalidInputError
from ._base import CatalogTransformer, Invertible, Weighted, fitted_column
from ._input import Input


class StandardScaler(Weighted, Invertible):
    """Each column gets mean 0 and standard deviation 1; missing values stay missing and do not count.

    Attributes:
        mean_: what is subtracted, (n_features,); None without ``with_mean``.
        scale_: what the difference is divided by, (n_features,); None without ``with_std``.
    """

    _catalog_name = "standard_scale"

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.mean_ = fitted_column(fitted, "center") if self.with_mean else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_std else None


class MinMaxScaler(Weighted, Invertible):
    """Each column is brought to ``feature_range``.

    Attributes:
        data_min_: the smallest value of each column, (n_features,).
        scale_, min_: a value x becomes x * scale_ + min_; both (n_features,).
    """

    _catalog_name = "min_max_scale"

    def __init__(self, feature_range: tuple[float, float] = (0, 1)) -> None:
        self.feature_range = feature_range

    def _native_parameters(self) -> dict[str, Any]:
        low, high = self.feature_range
        return {"low": low, "high": high}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.data_min_ = fitted_column(fitted, "center")
        self.scale_ = 1 / fitted_column(fitted, "scale")
        self.min_ = fitted_column(fitted, "offset") - self.data_min_ * self.scale_


class RobustScaler(Invertible):
    """Each column loses its median and is divided by the distance of two quantiles.

    Attributes:
        center_: the medians, (n_features,); None without ``with_centering``.
        scale_: the distances, (n_features,); None without ``with_scaling``.
    """

    _catalog_name = "robust_scale"

    def __init__(
        self, *, with_centering: bool = True, with_scaling: bool = True, quantile_range: tuple[float, float] = (25.0, 75.0)
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range

    def _native_parameters(self) -> dict[str, Any]:
        low, high = self.quantile_range
        return {
            "with_centering": self.with_centering,
            "with_scaling": self.with_scaling,
            "low_quantile": low / 100,
            "high_quantile": high / 100,
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.center_ = fitted_column(fitted, "center") if self.with_centering else None
        self.scale_ = fitted_column(fitted, "scale") if self.with_scaling else None


class MaxAbsScaler(Weighted, Invertible):
    """Each column is divided by its largest magnitude.

    Attributes:
        scale_: the magnitudes, 1 where a column is all zeros; (n_features,).
    """

    _catalog_name = "max_abs_scale"

    def __init__(self) -> None:
        pass

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self.scale_ = fitted_column(fitted, "scale")


class Normalizer(CatalogTransformer):
    """The numbers of each row are divided by the row's ``norm``: "l1", "l2" or "max"."""

    _catalog_name = "normalize"

    def __init__(self, norm: str = "l2") -> None:
        self.norm = norm


class _Encoder(CatalogTransformer):
    """What the encoders share: the levels of each column.

    Attributes:
        categories_: the levels of each column, in order; missing is none of them.
    """

    _numeric = False

    def _fit(self, given: Input, y: Any, sample_weight: Any, transform: bool) -> Any:
        made = super()._fit(given, y, sample_weight, transform)
        numbers = given.rows is not None and given.rows.dtype.kind in "fiu"
        self.categories_ = [np.array(texts, dtype=np.float64 if numbers else object) for texts in self._levels]
        return made

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        self._levels = [column["levels"] for column in fitted["columns"]]

    def _refuse_unknown(self, names: list[str], unknown: list[int]) -> None:
        if unknown:
            found = ", ".join(f"'{names[j]}'" for j in unknown)
            raise InvalidInputError(
                f"Found unknown categories in column {found} during transform", "bad_value", "Set handle_unknown to allow them."
            )


class OrdinalEncoder(_Encoder):
    """Each level becomes its number in order; missing values stay missing.

    ``handle_unknown`` is "error" or "use_encoded_value", which gives ``unknown_value`` (None: missing). Missing values become
    ``encoded_missing_value`` where it is not None.
    """

    _catalog_name = "ordinal"

    def __init__(
        self, *, handle_unknown: str = "error", unknown_value: float | None = None, encoded_missing_value: float | None = None
    ) -> None:
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value
        self.encoded_missing_value = encoded_missing_value

    def _native_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "use_encoded_value"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, use_encoded_value", "bad_value")
        return {
            "unknown_value": _UNKNOWN if self.handle_unknown == "error" else _number_or_none(self.unknown_value),
            "missing_value": _number_or_none(self.encoded_missing_value),
        }

    def _apply(self, given: Input) -> Any:
        made = super()._apply(given)
        if self.handle_unknown == "error":
            rows = made if isinstance(made, np.ndarray) else np.asarray(_kolosal.rows_from_table(made))
            self._refuse_unknown(self._names_in(), [j for j in range(rows.shape[1]) if (rows[:, j] == _UNKNOWN).any()])
        return made


_UNKNOWN = -2147483648.0


def _number_or_none(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


class FrequencyEncoder(Weighted, _Encoder):
    """Each level becomes the share of the training rows that have it; 0 for a level not seen."""

    _catalog_name = "frequency_encode"

    def __init__(self) -> None:
        pass


class TargetEncoder(Weighted, _Encoder):
    """Each level becomes the mean target of its rows, drawn to the mean of all by ``smooth`` rows.

    ``fit_transform`` encodes each row without its own fold of ``cv``. A target of several classes gives a column for each.
    """

    _catalog_name = "target_encode"
    _needs_target = True

    def __init__(self, *, smooth: float = 10.0, cv: int = 5, random_state: int | None = None) -> None:
        self.smooth = smooth
        self.cv = cv
        self.random_state = random_state

    def _native_parameters(self) -> dict[str, Any]:
        return {"smoothing": self.smooth, "n_folds": self.cv}

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._endings = []
        for column in fitted["columns"]:
            outputs = column["outputs"]
            self._endings.append([""] if len(outputs) == 1 else [name[len(column["name"]) + len("__target") :] for name in outputs])

    def _names_out(self, names: list[str]) -> list[str]:
        return [name + ending for name, endings in zip(names, self._endings, strict=True) for ending in endings]


class OneHotEncoder(_Encoder):
    """A column of 0 and 1 for each level; levels rarer than ``min_frequency`` rows, or beyond ``max_categories``, share one.

    ``handle_unknown`` is "error", "ignore" (a row of zeros) or "infrequent_if_exist" (the shared column where there is one). A missing
    value is a level of its own where there was one in fit. ``sparse_output`` gives a SciPy CSR matrix.
    """

    _catalog_name = "one_hot"

    def __init__(
        self,
        *,
        drop: str | None = None,
        sparse_output: bool = False,
        handle_unknown: str = "error",
        min_frequency: float | None = None,
        max_categories: int | None = None,
    ) -> None:
        self.drop = drop
        self.sparse_output = sparse_output
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def _native_parameters(self) -> dict[str, Any]:
        if self.handle_unknown not in ("error", "ignore", "infrequent_if_exist"):
            raise InvalidInputError(f"handle_unknown is '{self.handle_unknown}'; allowed: error, ignore, infrequent_if_exist", "bad_value")
        return {
            "drop": self.drop or "none",
            "min_rows": self.min_frequency or 1,
            "max_categories": self.max_categories,
            "add_indicator": True,
        }

    def _read_fitted(self, fitted: dict[str, Any]) -> None:
        super()._read_fitted(fitted)
        self._output_of = [np.array(column["output_of"]) for column in fitted["columns"]]
        self._n_outputs = [len(column["outputs"]) for column in fitted["columns"]]
        codes = {"columns": [self._codes_of(column) for column in fitted["columns"]]}
        self._codes = json_form("lookup", codes)

    def _codes_of(self, column: dict[str, Any]) -> dict[str, Any]:
        places = [float(place) for place in column["output_of"]]
        if self.handle_unknown != "infrequent_if_exist":
            places[-2] = _UNKNOWN
        return {"name": column["name"], "levels": column["levels"], "outputs": [column["name"]], "values": places}

    def _names_out(self, names: list[str]) -> list[str]:
        made = []
        for name, levels, places, n in zip(names, self.categories_, self._output_of, self._n_outputs, strict=True):
            endings = [""] * n
            for place, level in zip(places[:-2], levels, strict=True):
                if place >= 0:
                    endings[place] = str(level) if (places[:-2] == place).sum() == 1 else "infrequent_sklearn"
            if places[-1] >= 0:
                endings[places[-1]] = "nan"
            made += [f"{name}_{ending}" for ending in endings]
        return made

    def _apply(self, given: Input) -> Any:
        names = self._names_in()
        codes = _kolosal.FittedTransformer.from_json(self._codes).transform(given.to_native(names))
        places = np.asarray(_kolosal.rows_from_table(codes)).astype(np.int64)
        if self.handle_unknown == "error":
            self._refuse_unknown(names, [j for j in range(places.shape[1]) if (places[:, j] == _UNKNOWN).any()])
        sets = places >= 0
        places += np.concatenate(([0], np.cumsum(self._n_outputs)[:-1]))
        n_out = sum(self._n_outputs)
        if self.sparse_output:
            from scipy.sparse import csr_matrix  # noqa: PLC0415

            starts = np.concatenate(([0], np.cumsum(sets.sum(axis=1))))
            return csr_matrix((np.ones(starts[-1]), places[sets], starts), shape=(given.n_rows, n_out))
        made = np.zeros((given.n_rows, n_out))
        made[np.nonzero(sets)[0], places[sets]] = 1
        return made

    def _give(self, given: Input, made: Any) -> Any:
        return made if self.sparse_output else super()._give(given, made)


def json_form(form: str, fitted: dict[str, Any]) -> str:
    """A fitted form as its to_json writes it."""
    return json.dumps({"form": form, "fitted": fitted})
