"""Encoders that scikit-learn has not agree with category_encoders, on 200 random tables each.

New rows whose level one training row alone had get the mean of all from theirs, whatever the smoothing; here they are left out.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kolosal.preprocess as kp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import category_encoders as ce

pytestmark = pytest.mark.filterwarnings("ignore")


def table_of(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    n_rows = int(random.integers(4, 80))
    columns = {
        name: random.choice([f"level {i}" for i in range(n_levels)], n_rows, p=random.dirichlet(np.full(n_levels, 0.6)))
        for name, n_levels in (("a", random.integers(1, 9)), ("b", random.integers(1, 30)))
    }
    target = random.integers(0, 2, n_rows).astype(float) if seed % 2 else random.normal(size=n_rows)
    return pd.DataFrame(columns).astype(object), target


def unseen(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, pd.DataFrame({"a": ["never"], "b": ["level 0"]})], ignore_index=True)


def several(frame: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Where the level of a row is one that several training rows have, or none."""
    return np.column_stack([rows[name].map(frame[name].value_counts()).fillna(0) != 1 for name in rows])


PAIRS: dict[str, Any] = {
    "count": lambda seed: (
        kp.CountEncoder(normalize=seed % 4 > 1),
        ce.CountEncoder(normalize=seed % 4 > 1, handle_unknown=0),
    ),
    "leave_one_out": lambda seed: (kp.LeaveOneOutEncoder(smoothing=0), ce.LeaveOneOutEncoder()),
    "catboost": lambda seed: (kp.CatBoostEncoder(a=0.5 + seed % 4, shuffle=False), ce.CatBoostEncoder(a=0.5 + seed % 4)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_encodings_are_those_of_category_encoders(name: str) -> None:
    for seed in range(200):
        frame, target = table_of(seed)
        ours, theirs = PAIRS[name](seed)
        made, expected = ours.fit_transform(frame, target), theirs.fit_transform(frame, target)
        np.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-12, err_msg=f"training rows of table {seed}")
        rows = unseen(frame)
        told = several(frame, rows) if name != "count" else np.full(rows.shape, True)
        new, expected = (np.where(told, made.transform(rows), 0.0) for made in (ours, theirs))
        np.testing.assert_allclose(new, expected, rtol=1e-9, atol=1e-12, err_msg=f"table {seed}")


def test_binary_encoding_is_theirs_where_levels_come_in_order() -> None:
    """Theirs numbers levels as they come and writes the highest bit first."""
    for seed in range(200):
        frame, _ = table_of(seed)
        levels = np.sort(frame["b"].unique())
        column = pd.DataFrame({"b": np.concatenate([levels, frame["b"]])})
        ours = kp.BinaryEncoder().set_output(transform="default").fit_transform(column)
        np.testing.assert_array_equal(ours[:, ::-1], ce.BinaryEncoder().fit_transform(column).to_numpy())
