"""The Python tests that the migration plan writes out (section 6.5), with scikit-learn in place of the old Python classes."""

from __future__ import annotations

import timeit

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_almost_equal, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, StandardScaler

import kolosal as kolosal_rust
from kolosal import TrainEngine


class TestDataPreprocessorParity:
    @pytest.fixture
    def sample_data(self):
        np.random.seed(42)
        return np.random.randn(1000, 10)

    @pytest.fixture
    def sample_df(self):
        np.random.seed(42)
        return pd.DataFrame(
            {
                "numeric1": np.random.randn(1000),
                "numeric2": np.random.randn(1000) * 10 + 5,
                "category": np.random.choice(["A", "B", "C"], 1000),
            }
        )

    def test_standard_scaler_parity(self, sample_data):
        expected = StandardScaler().fit_transform(sample_data)
        result = kolosal_rust.DataPreprocessor(scaling="standard").fit_transform(sample_data)
        assert_array_almost_equal(result, expected, decimal=10)

    def test_minmax_scaler_parity(self, sample_data):
        expected = MinMaxScaler().fit_transform(sample_data)
        result = kolosal_rust.DataPreprocessor(scaling="minmax").fit_transform(sample_data)
        assert_array_almost_equal(result, expected, decimal=10)

    def test_label_encoding_parity(self, sample_df):
        categories = sample_df["category"].values
        expected = LabelEncoder().fit_transform(categories)
        result = kolosal_rust.DataPreprocessor(categorical_encoding="label").fit_transform_categorical(categories)
        assert_array_equal(result, expected)

    def test_inverse_transform_roundtrip(self, sample_data):
        preprocessor = kolosal_rust.DataPreprocessor(scaling="standard")
        recovered = preprocessor.inverse_transform(preprocessor.fit_transform(sample_data))
        assert_array_almost_equal(recovered, sample_data, decimal=10)

    def test_handles_nan_values(self):
        data = np.array([[1.0, np.nan], [3.0, 4.0], [np.nan, 6.0]])
        result = kolosal_rust.DataPreprocessor(scaling="standard", missing_strategy="mean").fit_transform(data)
        assert not np.isnan(result).any()


class TestTrainingEngineParity:
    @pytest.fixture
    def classification_data(self):
        np.random.seed(42)
        x = np.random.randn(1000, 10)
        return x, (x[:, 0] > 0).astype(int)

    def test_cross_validation_scores(self, classification_data):
        x, y = classification_data
        expected = cross_val_score(HistGradientBoostingClassifier(random_state=0), x, y, cv=5).mean()
        result = TrainEngine(cv_folds=5, metric="accuracy").cross_validate(x, y)
        assert len(result["scores"]) == 5
        assert abs(expected - result["mean_score"]) < 0.01

    @pytest.mark.asyncio
    async def test_async_training(self, classification_data):
        x, y = classification_data
        result = await kolosal_rust.TrainEngine().train_async(x, y)
        assert result.best_model is not None
        assert result.cv_results.mean_score > 0.5


class TestPerformanceImprovement:
    @pytest.fixture
    def large_data(self):
        np.random.seed(42)
        return np.random.randn(100_000, 50)

    def test_preprocessing_speedup(self, large_data):
        preprocessor = kolosal_rust.DataPreprocessor(scaling="standard")
        assert min(timeit.repeat(lambda: preprocessor.fit_transform(large_data.copy()), number=1, repeat=3)) < 1.0

    def test_inference_latency(self):
        np.random.seed(42)
        x = np.random.randn(10000, 20)
        y = (x[:, 0] > 0).astype(int)
        model = kolosal_rust.TrainEngine().train(x, y).best_model
        single = np.random.randn(1, 20)
        assert min(timeit.repeat(lambda: model.predict(single), number=20, repeat=10)) / 20 < 0.001


class TestErrorHandling:
    def test_raises_on_unfitted_transform(self):
        with pytest.raises(RuntimeError, match="not fitted"):
            kolosal_rust.DataPreprocessor().transform(np.random.randn(10, 5))

    def test_raises_on_shape_mismatch(self):
        preprocessor = kolosal_rust.DataPreprocessor()
        preprocessor.fit(np.random.randn(100, 10))
        with pytest.raises(ValueError, match="feature"):
            preprocessor.transform(np.random.randn(10, 5))

    def test_handles_empty_input(self):
        with pytest.raises(ValueError, match="empty"):
            kolosal_rust.DataPreprocessor().fit(np.array([]).reshape(0, 5))
