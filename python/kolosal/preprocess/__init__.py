"""Preprocessing, fitted natively: one configured front, and the transformers of the catalog under scikit-learn's names."""

from __future__ import annotations

from ._data_preprocessor import DataPreprocessor
from ._imputers import IterativeImputer, KNNImputer, SimpleImputer
from ._pipeline import Pipeline, transformer_names
from ._select import VarianceThreshold
from ._shape import KBinsDiscretizer, PowerTransformer, QuantileTransformer
from ._transformers import (
    FrequencyEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

__all__ = [
    "DataPreprocessor",
    "FrequencyEncoder",
    "IterativeImputer",
    "KBinsDiscretizer",
    "KNNImputer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "Pipeline",
    "PowerTransformer",
    "QuantileTransformer",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
    "VarianceThreshold",
    "transformer_names",
]
