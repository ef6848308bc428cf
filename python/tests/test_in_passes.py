"""DataPreprocessor on files and chunks, in passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kolosal._errors import InvalidInputError, KolosalError

from kolosal import DataPreprocessor


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"x": random.normal(size=3000), "c": random.choice(list("pqr"), 3000), "y": random.integers(0, 2, 3000)})
    frame.loc[::7, "x"] = None
    return frame


def test_fit_file_is_fit(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "in.parquet")
    fitted = DataPreprocessor().fit_file(tmp_path / "in.parquet", memory="100MB")
    expected = DataPreprocessor().fit(frame)
    assert list(fitted.get_feature_names_out()) == ["x", "c", "y"] and fitted.n_features_in_ == 3
    for ours, theirs in zip(fitted.transform(frame).columns, expected.transform(frame).columns, strict=True):
        np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-12, atol=1e-12)


def test_preprocess_file_writes_reports_and_lets_the_target_through(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "in.csv", index=False)
    seen: list[tuple[int, int, int, float]] = []
    preprocessor = DataPreprocessor(missing_strategy="drop")
    report = preprocessor.preprocess_file(
        tmp_path / "in.csv", tmp_path / "out.parquet", memory="100MB", target="y", progress=lambda *at: seen.append(at)
    )
    kept = frame.dropna()
    assert (report["rows_read"], report["rows_written"], report["rows_removed"]) == (3000, len(kept), 3000 - len(kept))
    assert seen[-1][:3] == (report["passes"], report["passes"], 3000)
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == ["x", "c", "y"]
    assert out["y"].to_pylist() == kept["y"].tolist()
    assert abs(np.mean(out["x"].to_numpy())) < 1e-12


def test_what_progress_raises_ends_the_run_and_leaves_nothing(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "in.csv", index=False)

    def stop(*at: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DataPreprocessor().preprocess_file(tmp_path / "in.csv", tmp_path / "out.csv", progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_chunks_may_be_any_frames(frame: pd.DataFrame) -> None:
    halves = [frame[:1000], frame[1000:]]
    expected = DataPreprocessor().fit_chunks(halves).transform(frame)
    assert expected.equals(DataPreprocessor().fit_chunks([pl.from_pandas(half) for half in halves]).transform(frame))
    assert expected.equals(DataPreprocessor().fit_chunks(lambda: (pa.Table.from_pandas(half) for half in halves)).transform(frame))
    with pytest.raises(InvalidInputError, match="several passes"):
        DataPreprocessor().fit_chunks(iter(halves))
    with pytest.raises(KolosalError, match="empty"):
        DataPreprocessor().fit_chunks([])


def test_a_strategy_that_needs_all_rows_is_refused_by_name(frame: pd.DataFrame) -> None:
    with pytest.raises(KolosalError, match="missing_strategy 'iterative'"):
        DataPreprocessor(missing_strategy="iterative").fit_chunks([frame])
