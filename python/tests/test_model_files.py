"""Models as files: everything comes back, and damage is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kolosal.models as km
from kolosal import AutoML, InvalidInputError, KolosalError

N = 200
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame({"size": RANDOM.normal(size=N), "town": pd.Categorical(RANDOM.choice(["bath", "hull", "york"], N))})
LABELS = np.where(FRAME["size"] + (FRAME["town"] == "hull") > 0, "yes", "no")
X = RANDOM.normal(size=(N, 3))

CASES = [
    (km.GradientBoostingClassifier(n_trees=10, learning_rate=0.3), FRAME, LABELS),
    (km.RandomForestRegressor(n_trees=5, n_threads=1), FRAME, FRAME["size"]),
    (km.LogisticRegression(l2=2.0), X, np.digitize(X[:, 0], [-1, 1])),
    (km.KNeighborsClassifier(k=3), X, X[:, 0] > 0),
    (km.Ridge(), X, np.column_stack([X[:, 0], X[:, 1]])),
]


@pytest.mark.parametrize(("made", "rows", "target"), CASES)
def test_what_was_saved_comes_back(made: Any, rows: Any, target: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.kolosal"
    made.fit(rows, target).save(path)
    again = km.load(path)
    assert type(again) is type(made) and again.get_params() == made.get_params() and again.n_features_in_ == made.n_features_in_
    np.testing.assert_array_equal(again.predict(rows), made.predict(rows))
    if hasattr(made, "classes_"):
        np.testing.assert_array_equal(again.predict_proba(rows), made.predict_proba(rows))
        assert again.classes_.dtype == made.classes_.dtype
    assert hasattr(again, "feature_names_in_") == isinstance(rows, pd.DataFrame)
    again.save(tmp_path / "twice.kolosal")
    assert (tmp_path / "twice.kolosal").read_bytes() == path.read_bytes()


def test_damaged_and_other_files_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "model.kolosal"
    km.Ridge().fit(X, X[:, 0]).save(path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], whole[:200] + bytes([whole[200] ^ 255]) + whole[201:]):
        path.write_bytes(damaged)
        with pytest.raises(KolosalError):
            km.load(path)
    AutoML(max_models=1, learners=["ridge"]).fit(X, X[:, 0]).save(path)
    with pytest.raises(InvalidInputError, match="not a single model"):
        km.load(path)
    with pytest.raises(OSError):
        km.load(tmp_path / "none.kolosal")


def test_labels_that_cannot_be_written_down_say_so(tmp_path: Path) -> None:
    days = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]")[(X[:, 0] > 0).astype(int)]
    with pytest.raises(InvalidInputError, match="cannot be written down"):
        km.DecisionTreeClassifier().fit(X, days).save(tmp_path / "model.kolosal")
