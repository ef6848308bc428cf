"""Preprocessing, fitted natively: one configured front, and the transformers of the catalog under scikit-learn's names."""

from __future__ import annotations

from ._data_preprocessor import DataPreprocessor
from ._imputers import IterativeImputer, KNNImputer, SimpleImputer
from ._power import PowerTransformer
from ._select import VarianceThreshold
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
    "KNNImputer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PowerTransformer",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
    "VarianceThreshold",
]
