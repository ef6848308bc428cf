"""SciPy's matrices through transformers and linear models: they stay sparse, and give what dense arrays give."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.pipeline import make_pipeline

import kolosal.models as km
import kolosal.preprocess as kp
from kolosal import InvalidInputError

RANDOM = np.random.default_rng(0)
TABLE = sparse.random(120, 30, density=0.2, random_state=1, format="csr", data_rvs=lambda n: RANDOM.normal(size=n))
NUMBERS = RANDOM.normal(size=120)
KEEP = [
    kp.StandardScaler(with_mean=False),
    kp.RobustScaler(with_centering=False, quantile_range=(1.0, 99.0)),
    kp.MaxAbsScaler(),
    kp.Normalizer("l1"),
    kp.SqrtTransformer(),
    kp.Log1pTransformer(),
]
FORMATS = ["csr", "csc", "coo", "lil"]


@pytest.mark.parametrize("made", KEEP, ids=lambda made: type(made).__name__)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix, sparse.coo_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, bool])
def test_sparse_gives_what_dense_gives(made: Any, kind: Any, dtype: Any) -> None:
    table = kind(abs(TABLE * 3).astype(dtype))
    given = made.fit(table).transform(table)
    assert sparse.issparse(given) and given.nnz == table.nnz
    assert given.dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert given.format == (table.format if table.format in ("csr", "csc") else "csr" if isinstance(made, kp.Normalizer) else "csc")
    dense = table.toarray().astype(given.dtype)
    np.testing.assert_allclose(given.toarray(), type(made)(**made.get_params()).fit(dense).transform(dense), rtol=1e-6, atol=1e-7)
    again = pickle.loads(pickle.dumps(made)).transform(table)
    assert (again != given).nnz == 0
    assert (made.fit_transform(table) != given).nnz == 0


def test_what_is_given_is_left_as_it_was() -> None:
    twice = sparse.csr_matrix((np.array([1.0, 2.0, 4.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    before = twice.copy()
    made = kp.MaxAbsScaler().fit_transform(twice)
    np.testing.assert_array_equal(made.toarray(), [[0, 1], [1, 0]])
    assert twice.nnz == before.nnz == 3


@pytest.mark.parametrize(
    ("made", "remedy"),
    [
        (kp.StandardScaler(), "with_mean=False"),
        (kp.RobustScaler(), "with_centering=False"),
        (kp.MinMaxScaler(), "MaxAbsScaler"),
        (kp.SqrtTransformer(standardize=True), "standardize=False"),
    ],
)
def test_what_would_move_zeros_is_refused_with_a_remedy(made: Any, remedy: str) -> None:
    with pytest.raises(InvalidInputError, match=f"sparse matrix dense.*{remedy}"):
        made.fit(abs(TABLE))
    made.fit(abs(TABLE).toarray())
    with pytest.raises(InvalidInputError, match="sparse matrix dense"):
        made.transform(abs(TABLE))


def test_a_wrong_number_in_a_sparse_matrix_is_named() -> None:
    with pytest.raises(ValueError, match="'x3'"):
        kp.SqrtTransformer().fit(sparse.csr_matrix(([-1.0], ([0], [3])), shape=(2, 5)))
    with pytest.raises(ValueError, match="0 sample"):
        kp.MaxAbsScaler().fit(sparse.csr_matrix((0, 3)))
    scaler = kp.MaxAbsScaler().fit(TABLE)
    with pytest.raises(ValueError, match="X has 5 features"):
        scaler.transform(TABLE[:, :5])
    assert isinstance(scaler.set_output(transform="pandas").transform(TABLE), pd.DataFrame)


def test_what_does_not_fit_densely_is_scaled() -> None:
    huge = sparse.csr_matrix((np.array([2.0, -4.0]), (np.array([0, 999_999]), np.array([7, 7]))), shape=(1_000_000, 1000))
    made = kp.StandardScaler(with_mean=False).fit_transform(huge)
    assert made.nnz == 2 and made[0, 7] == pytest.approx(2 / np.sqrt(20 / 1e6), rel=1e-6)


@pytest.mark.parametrize("form", FORMATS)
def test_linear_models_predict_of_sparse_rows_what_they_do_of_dense_ones(form: str) -> None:
    table = TABLE.asformat(form)
    model = km.Ridge().fit(table, NUMBERS)
    np.testing.assert_array_equal(model.predict(table), model.predict(TABLE.toarray()))
    for n_classes in (2, 3):
        labels = np.arange(120) % n_classes
        classifier = km.LogisticRegression().fit(table, labels)
        np.testing.assert_array_equal(classifier.predict_proba(table), classifier.predict_proba(TABLE.toarray()))
        np.testing.assert_array_equal(classifier.predict(table), classifier.predict(TABLE.toarray()))
    with pytest.raises(ValueError, match="NaN"):
        model.predict(sparse.csr_matrix(([np.nan], ([0], [0])), shape=(1, 30)))
    with pytest.raises(ValueError, match="expecting 30"):
        model.predict(TABLE[:, :3])


def test_indicators_stay_sparse_to_the_end_of_a_pipeline() -> None:
    levels = RANDOM.choice([f"level {i}" for i in range(40)], (300, 2)).astype(object)
    target = RANDOM.normal(size=300)
    steps = [kp.OneHotEncoder(sparse_output=True), kp.StandardScaler(with_mean=False), km.Ridge()]
    pipeline = make_pipeline(*steps).fit(levels, target)
    assert sparse.issparse(pipeline[:-1].transform(levels))
    dense = make_pipeline(kp.OneHotEncoder(), kp.StandardScaler(with_mean=False), km.Ridge()).fit(levels, target)
    np.testing.assert_allclose(pipeline.predict(levels), dense.predict(levels), rtol=1e-5, atol=1e-5)
