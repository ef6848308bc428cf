"""Preprocessing, fitted natively: one configured front, and the transformers of the catalog under scikit-learn's names."""

from __future__ import annotations

from ._data_preprocessor import DataPreprocessor
from ._transformers import (
    FrequencyEncoder,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    SimpleImputer,
    StandardScaler,
    TargetEncoder,
)

__all__ = [
    "DataPreprocessor",
    "FrequencyEncoder",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "RobustScaler",
    "SimpleImputer",
    "StandardScaler",
    "TargetEncoder",
]
