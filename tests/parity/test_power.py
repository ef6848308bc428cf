"""The power transformers beside scikit-learn's PowerTransformer."""

from __future__ import annotations

import json

import numpy as np
import pytest
from kolosal._tables import to_native
from sklearn.preprocessing import PowerTransformer

import kolosal.preprocess as kp
from kolosal import _kolosal


def fitted(name: str, column: np.ndarray, **parameters: object) -> tuple[dict, np.ndarray]:
    native, made = _kolosal.fit_transformer(name, json.dumps(parameters), to_native({"x": column}), None, None, 1, 0)
    return json.loads(native.to_json())["fitted"]["columns"][0], np.asarray(_kolosal.rows_from_table(made))[:, 0]


def column_of(seed: int, positive: bool) -> np.ndarray:
    random = np.random.default_rng(seed)
    shapes = [
        random.normal,
        random.standard_exponential,
        lambda size: random.normal(size=size) ** 3,
        lambda size: random.random(size) * 100,
    ]
    column = shapes[seed % 4](size=int(random.integers(20, 400))) * 10.0 ** random.integers(-2, 3)
    column[random.random(len(column)) < 0.1] = np.nan
    column[:3] = [1.0, 2.5, 0.5]
    return np.abs(column) + 1e-3 if positive else column


@pytest.mark.parametrize(("name", "method"), [("box_cox", "box-cox"), ("yeo_johnson", "yeo-johnson")])
def test_lambda_and_values_equal_those_of_scikit_learn(name: str, method: str) -> None:
    for seed in range(200):
        column = column_of(seed, name == "box_cox")
        theirs = PowerTransformer(method=method).fit(column[:, None])
        learnt, made = fitted(name, column)
        assert learnt["lambda"] == pytest.approx(np.clip(theirs.lambdas_[0], -30, 30), rel=1e-4, abs=1e-4), seed
        np.testing.assert_array_equal(np.isnan(made), np.isnan(column))
        if abs(theirs.lambdas_[0]) > 30:  # ours stops there
            continue
        # At their lambda the values are the same; the likelihood is flat at its top, which leaves both sides a few digits of lambda.
        _, same = fitted(name, column, **{"lambda": theirs.lambdas_[0]})
        np.testing.assert_allclose(same, theirs.transform(column[:, None])[:, 0], rtol=1e-9, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("method", ["box-cox", "yeo-johnson"])
def test_the_class_equals_that_of_scikit_learn(method: str) -> None:
    table = np.column_stack([column_of(seed, True)[:20] for seed in range(5)])
    ours, theirs = kp.PowerTransformer(method=method).fit(table), PowerTransformer(method=method).fit(table)
    np.testing.assert_allclose(ours.lambdas_, theirs.lambdas_, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(ours.transform(table), theirs.transform(table), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(table)), table, rtol=1e-7)
