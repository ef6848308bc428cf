"""Preprocessing, fitted natively: one configured front, and the transformers of the catalog under scikit-learn's names."""

from __future__ import annotations

from ._data_preprocessor import DataPreprocessor
from ._dates import DatetimeEncoder
from ._encoders import (
    BinaryEncoder,
    CatBoostEncoder,
    CountEncoder,
    FrequencyEncoder,
    HashingEncoder,
    LeaveOneOutEncoder,
    OneHotEncoder,
    OrdinalEncoder,
    TargetEncoder,
)
from ._imputers import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from ._label import LabelEncoder
from ._outliers import DropMissing, IsolationForestOutliers, OutlierClipper
from ._pipeline import Pipeline, transformer_names
from ._scalers import MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, StandardScaler
from ._select import ColumnSelector, DropConstantFeatures, DropCorrelatedFeatures, DropDuplicateFeatures, SelectKBest, VarianceThreshold
from ._shape import (
    KBinsDiscretizer,
    Log1pTransformer,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    SqrtTransformer,
    TreeDiscretizer,
)
from ._text import CountVectorizer, HashingVectorizer, TextSVD, TfidfVectorizer

__all__ = [
    "BinaryEncoder",
    "CatBoostEncoder",
    "ColumnSelector",
    "CountEncoder",
    "CountVectorizer",
    "DataPreprocessor",
    "DatetimeEncoder",
    "DropConstantFeatures",
    "DropCorrelatedFeatures",
    "DropDuplicateFeatures",
    "DropMissing",
    "FrequencyEncoder",
    "HashingEncoder",
    "HashingVectorizer",
    "IsolationForestOutliers",
    "IterativeImputer",
    "KBinsDiscretizer",
    "KNNImputer",
    "LabelEncoder",
    "LeaveOneOutEncoder",
    "Log1pTransformer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "MissingIndicator",
    "Normalizer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "OutlierClipper",
    "Pipeline",
    "PowerTransformer",
    "QuantileTransformer",
    "RobustScaler",
    "SelectKBest",
    "SimpleImputer",
    "SplineTransformer",
    "SqrtTransformer",
    "StandardScaler",
    "TargetEncoder",
    "TextSVD",
    "TfidfVectorizer",
    "TreeDiscretizer",
    "VarianceThreshold",
    "transformer_names",
]
