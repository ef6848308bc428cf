"""Models as files: everything comes back, and damage is an error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kolosal.models as km
from kolosal import AutoML, InvalidInputError, KolosalError

KOLOSAL = Path(sys.executable).parent / "kolosal"
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


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([KOLOSAL, *map(str, arguments)], capture_output=True, text=True, check=False)


def imported(path: Path) -> Any:
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1).fit(TABLE.assign(rooms=TABLE["rooms"].astype("category")), DEAR)
    booster.booster_.save_model(path / "booster.txt")
    done = run("import", path / "booster.txt", "-o", path / "model.kolosal", "--classes", "cheap,dear")
    assert done.returncode == 0, done.stderr
    return booster


TABLE = pd.DataFrame(
    {
        "size": RANDOM.normal(size=200).astype(np.float32),
        "town": pd.Categorical(RANDOM.choice(["bath", "hull", "york"], 200)),
        "rooms": RANDOM.integers(1, 5, 200),
    }
)
WORTH = TABLE["size"] + 2.0 * (TABLE["town"] == "hull") + 0.5 * TABLE["rooms"]
DEAR = np.where(WORTH.median() < WORTH, "dear", "cheap")


def test_the_program_predicts_with_a_single_model_by_the_names_of_columns(tmp_path: Path) -> None:
    shuffled = TABLE.assign(other=1, size=TABLE["size"].where(TABLE.index % 9 > 0))[["other", "town", "rooms", "size"]]
    shuffled.to_csv(tmp_path / "new.csv", index=False)
    for made, target in (
        (km.GradientBoostingClassifier(n_trees=10), DEAR),
        (km.GradientBoostingRegressor(n_trees=10), WORTH),
        (km.GradientBoostingRegressor(n_trees=10), np.column_stack([WORTH, -WORTH])),
    ):
        made.fit(TABLE, target).save(tmp_path / "model.kolosal")
        done = run("predict", tmp_path / "model.kolosal", tmp_path / "new.csv", "-o", tmp_path / "out.csv")
        assert done.returncode == 0, done.stderr
        got, rows = pd.read_csv(tmp_path / "out.csv"), shuffled[["size", "town", "rooms"]]
        if hasattr(made, "predict_proba"):
            assert got["prediction"].tolist() == made.predict(rows).tolist()
            np.testing.assert_allclose(got[["probability_cheap", "probability_dear"]], made.predict_proba(rows), atol=1e-6)
        else:
            np.testing.assert_allclose(got.to_numpy().squeeze(), made.predict(rows), rtol=1e-6)
    assert list(got.columns) == ["prediction_output_1", "prediction_output_2"]
    missing = shuffled.drop(columns="town")
    missing.to_csv(tmp_path / "new.csv", index=False)
    assert "town" in run("predict", tmp_path / "model.kolosal", tmp_path / "new.csv").stderr


def test_the_program_predicts_with_and_tells_of_an_imported_model(tmp_path: Path) -> None:
    booster = imported(tmp_path)
    TABLE[["rooms", "size", "town"]].to_csv(tmp_path / "new.csv", index=False)
    done = run("predict", tmp_path / "model.kolosal", tmp_path / "new.csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    rows = TABLE.assign(rooms=TABLE["rooms"].astype("category"))
    got = pd.read_csv(tmp_path / "out.csv")
    np.testing.assert_allclose(got[["probability_cheap", "probability_dear"]], booster.predict_proba(rows), atol=1e-6)
    assert got["prediction"].tolist() == booster.predict(rows).tolist()
    told = run("info", tmp_path / "model.kolosal").stdout
    assert "forest" in told and "ImportedClassifier" in told and "3: size, town, rooms" in told and "cheap, dear" in told
    assert json.loads(run("--json", "info", tmp_path / "model.kolosal").stdout)["form"] == "forest"
