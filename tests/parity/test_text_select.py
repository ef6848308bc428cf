"""Vectorisers of text, selection of columns and parts of dates agree with scikit-learn, numpy and Python's calendar."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from kolosal._tables import to_native
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.metrics import mutual_info_score

from kolosal import _kolosal

ALPHABETS = [
    "abcdefgh",
    "ABCdef_9",
    "àéîõüßÆøżŁ",
    "αβγδΩΨλ",
    "ЖдИёЫя",
    "աբգԴԵ",
    "العربية",
    "한국어는",
]
SIGNS = "😀a→b"  # parts of words for us, not for scikit-learn: only where characters are taken
BLANKS = [" ", " ", "  ", "\t", ", ", "-", ". ", "\n\n", "!", "\u00a0", "\u3000"]


def fit(name: str, parameters: dict[str, Any], table: Any, target: Any = None, weights: Any = None) -> tuple[Any, pa.Table]:
    fitted, made = _kolosal.fit_transformer(name, json.dumps(parameters), to_native(table), target, weights, 2, 7)
    return fitted, pa.table(made)


def numbers(table: pa.Table) -> np.ndarray:
    columns = [column.to_numpy(zero_copy_only=False) for column in table.columns]
    return np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))


def random_texts(seed: int, n_rows: int, analyzer: str = "word") -> list[str]:
    """Texts of words that repeat, in several scripts, with blanks and signs of every sort between them."""
    random = np.random.default_rng(seed)
    words = []
    for _ in range(40):
        letters = list(random.choice(ALPHABETS if analyzer == "word" else [*ALPHABETS, SIGNS]))
        words.append("".join(random.choice(letters, random.integers(1, 7))))
    texts = []
    for _ in range(n_rows):
        pieces = [str(random.choice(BLANKS))] if random.random() < 0.2 else []
        for _ in range(random.integers(0, 12)):
            pieces += [words[min(int(random.exponential(8)), 39)], str(random.choice(BLANKS))]
        texts.append("".join(pieces))
    return [*texts, words[0] * 2 + " plain words"]


UNITS = [
    {"analyzer": "word", "min_n": 1, "max_n": 1},
    {"analyzer": "word", "min_n": 1, "max_n": 3},
    {"analyzer": "word", "min_n": 2, "max_n": 2},
    {"analyzer": "char", "min_n": 1, "max_n": 3},
    {"analyzer": "char", "min_n": 2, "max_n": 4},
    {"analyzer": "char_wb", "min_n": 1, "max_n": 1},
    {"analyzer": "char_wb", "min_n": 3, "max_n": 5},
]


def sklearn_parameters(parameters: dict[str, Any]) -> dict[str, Any]:
    theirs = {key: value for key, value in parameters.items() if key not in ("min_n", "max_n", "float64")}
    theirs["ngram_range"] = (parameters.get("min_n", 1), parameters.get("max_n", 1))
    if theirs.get("norm") == "none":
        theirs["norm"] = None
    return theirs


def expect_same_terms(texts: list[str], name: str, vectorizer: type, parameters: dict[str, Any]) -> None:
    ours = {"max_features": None, **parameters}
    theirs = vectorizer(**sklearn_parameters(parameters))
    try:
        expected = theirs.fit_transform(texts).toarray()
    except ValueError:  # no term is left
        with pytest.raises(Exception):  # noqa: B017, PT011
            assert fit(name, ours, {"t": texts})[1].num_columns > 0
        return
    fitted, made = fit(name, ours, {"t": texts})
    assert json.loads(fitted.to_json())["fitted"]["columns"][0]["terms"] == list(theirs.get_feature_names_out())
    np.testing.assert_allclose(numbers(made), expected, rtol=1e-12, atol=0)
    others = ["", "plain unknown words", *random_texts(99, 5, parameters.get("analyzer", "word")), *texts[:3]]
    np.testing.assert_allclose(
        numbers(pa.table(fitted.transform(to_native({"t": others})))), theirs.transform(others).toarray(), rtol=1e-12
    )


@pytest.mark.parametrize("unit", UNITS, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_count_vectorizer(unit: dict[str, Any], seed: int) -> None:
    variants: list[dict[str, Any]] = [{}, {"binary": True}, {"lowercase": False}, {"min_df": 2, "max_df": 0.5}, {"min_df": 0.1}]
    for options in variants:
        expect_same_terms(random_texts(seed, 30, unit["analyzer"]), "text_count", CountVectorizer, {**unit, **options})


@pytest.mark.parametrize("unit", UNITS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_tfidf_is_that_of_tfidf_vectorizer(unit: dict[str, Any], seed: int) -> None:
    texts = random_texts(seed + 10, 25, unit["analyzer"])
    variants: list[dict[str, Any]] = [{}, {"sublinear_tf": True}, {"use_idf": False}, {"smooth_idf": False}, {"binary": True, "min_df": 2}]
    for norm in ["none", "l1", "l2"]:
        for options in variants:
            expect_same_terms(texts, "tfidf", TfidfVectorizer, {**unit, **options, "norm": norm, "float64": True})


def test_stop_words_are_left_out_before_pairs_are_made() -> None:
    texts = random_texts(3, 40)
    words = list(CountVectorizer().fit(texts).get_feature_names_out())[::4]
    expect_same_terms(texts, "text_count", CountVectorizer, {"stop_words": words, "max_n": 2})


@pytest.mark.parametrize("limit", [1, 3, 10, 1000])
def test_the_most_frequent_terms_are_kept_and_of_equals_the_first(limit: int) -> None:
    texts = random_texts(5, 60)
    theirs = CountVectorizer()
    counts = theirs.fit_transform(texts).sum(axis=0).A1
    terms = theirs.get_feature_names_out()
    wanted = sorted(terms[np.argsort(-counts, kind="stable")[:limit]])
    fitted, _ = fit("text_count", {"max_features": limit}, {"t": texts})
    assert json.loads(fitted.to_json())["fitted"]["columns"][0]["terms"] == wanted


def test_a_weight_is_a_number_of_repetitions_and_missing_texts_are_no_rows() -> None:
    texts = random_texts(8, 50)
    weights = np.random.default_rng(1).integers(0, 4, len(texts))
    with_gaps: list[str | None] = [*texts, None, None]
    fitted, made = fit("tfidf", {"max_features": None, "float64": True}, {"t": with_gaps}, None, np.array([*weights, 1.0, 2.0]))
    theirs = TfidfVectorizer().fit([text for text, weight in zip(texts, weights, strict=True) for _ in range(weight)])
    np.testing.assert_allclose(numbers(made)[:-2], theirs.transform(texts).toarray(), rtol=1e-12)
    assert not numbers(made)[-2:].any()
    assert fitted is not None


@pytest.mark.parametrize("seed", range(3))
def test_text_svd_spans_the_space_of_truncated_svd(seed: int) -> None:
    random = np.random.default_rng(seed)
    topics = [[f"w{k}x{i}" for i in range(20)] for k in range(6)]
    texts = []
    for row in range(300):
        words = random.choice(topics[row % 6][: 8 + 2 * (row % 6)], 8).tolist() + random.choice(topics[random.integers(6)], 2).tolist()
        texts.append(" ".join(words))
    n_components = 5
    fitted, made = fit("text_svd", {"n_components": n_components, "n_iterations": 60}, {"t": texts})
    theirs = TruncatedSVD(n_components, algorithm="arpack")
    expected = theirs.fit_transform(TfidfVectorizer().fit_transform(texts))
    assert made.column_names == [f"t__svd{k}" for k in range(n_components)]
    explained = json.loads(fitted.to_json())["fitted"]["columns"][0]["explained"]
    np.testing.assert_allclose(explained, theirs.explained_variance_ratio_, rtol=1e-6)
    ours = numbers(made)
    cosines = np.linalg.svd(np.linalg.qr(ours)[0].T @ np.linalg.qr(expected)[0])[1]
    np.testing.assert_allclose(cosines, 1, atol=1e-6)
    np.testing.assert_allclose(ours, expected * np.sign((ours * expected).sum(axis=0)), atol=2e-4)


def random_numbers(seed: int) -> dict[str, np.ndarray]:
    """Columns of every size, among them constant ones, copies, and gaps."""
    random = np.random.default_rng(seed)
    n = int(random.integers(2, 60))
    base = random.normal(size=n)
    columns = {
        "x": base,
        "near": base * -3 + random.normal(size=n) * 10.0 ** random.integers(-3, 1),
        "copy": base.copy(),
        "constant": np.full(n, random.normal()),
        "huge": random.normal(size=n) * 1e150,
        "tiny": random.normal(size=n) * 1e-150,
        "few": random.integers(0, 3, n).astype(float),
        "with_x": base + random.normal(size=n) * 0.3,
    }
    names = list(columns)
    random.shuffle(names)
    return {name: columns[name] for name in names}


@pytest.mark.parametrize("seed", range(200))
def test_variance_threshold_keeps_the_columns_of_scikit_learn(seed: int) -> None:
    columns = random_numbers(seed)
    for threshold in [0.0, 0.5, 5.0]:
        support = VarianceThreshold(threshold).fit(np.column_stack(list(columns.values()))).get_support()
        _, made = fit("variance_threshold", {"threshold": threshold}, columns)
        assert made.column_names == [name for name, keeps in zip(columns, support, strict=True) if keeps]


@pytest.mark.parametrize("seed", range(200))
def test_drop_correlated_keeps_what_a_loop_over_numpy_keeps(seed: int) -> None:
    columns = {name: values.copy() for name, values in random_numbers(seed).items()}
    random = np.random.default_rng(seed + 100)
    n = len(columns["x"])
    weights = random.integers(0, 3, n).astype(float)
    weights[:2] = 1
    if seed % 2:
        for name in ["near", "few"]:
            columns[name][random.random(n) < 0.2] = np.nan
    threshold = float(random.choice([0.5, 0.9, 0.99]))
    kept: list[str] = []
    for name, values in columns.items():
        largest = 0.0
        for other in kept:
            rows = np.repeat(np.arange(n), weights.astype(int))
            a, b = values[rows], columns[other][rows]
            both = ~np.isnan(a) & ~np.isnan(b)
            a, b = a[both], b[both]
            if len(a) == 0 or np.ptp(a) == 0 or np.ptp(b) == 0:
                continue
            largest = max(largest, abs(np.corrcoef(a / abs(a).max(), b / abs(b).max())[0, 1]))
        assert abs(largest - threshold) > 1e-9
        if largest <= threshold:
            kept.append(name)
    _, made = fit("drop_correlated", {"threshold": threshold}, columns, None, weights)
    assert made.column_names == kept


def score_of(fitted: Any, column: str) -> float:
    reasons = {dropped["name"]: dropped["reason"] for dropped in json.loads(fitted.to_json())["fitted"]["dropped"]}
    return float(reasons[column].split(", ")[1].split(" nats")[0])


@pytest.mark.parametrize("seed", range(200))
def test_mutual_information_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(5, 200))
    classes = random.integers(0, 3, n)
    real_target = random.normal(size=n) + classes
    real = random.normal(size=n) - classes
    real[random.random(n) < 0.1] = np.nan
    table: dict[str, Any] = {
        "target_itself": classes.astype(float),
        "few": (random.integers(0, 4, n) + classes).astype(float),
        "city": [f"city{i}" for i in random.integers(0, 5, n)],
        "real": real,
        "ties": np.round(random.normal(size=n) * 8),
    }
    n_bins = 6

    def in_bins(values: np.ndarray) -> np.ndarray:
        there = values[~np.isnan(values)]
        if len(np.unique(there)) <= n_bins:
            return np.where(np.isnan(values), 1e9, values)
        bounds = np.quantile(there, np.arange(1, n_bins) / n_bins)
        return np.where(np.isnan(values), n_bins, np.searchsorted(bounds, np.nan_to_num(values), side="right"))

    class_names = [f"class{number}" for number in classes]
    for target, groups in [(pa.table({"y": class_names}), classes), (pa.table({"y": real_target}), in_bins(real_target))]:
        native = to_native(target)
        fitted, _ = fit("mutual_information", {"k": 1, "n_bins": n_bins, "correct_bias": False}, table, native)
        for name, values in table.items():
            x = np.asarray(values) if name == "city" else in_bins(np.asarray(values))
            if any(column["name"] == name for column in json.loads(fitted.to_json())["fitted"]["dropped"]):
                assert math.isclose(score_of(fitted, name), mutual_info_score(groups, x), rel_tol=1e-5, abs_tol=1e-12)


def test_date_parts_are_those_of_pythons_calendar() -> None:
    random = np.random.default_rng(4)
    epoch = datetime.datetime(1970, 1, 1)
    moments = [epoch + datetime.timedelta(seconds=int(s)) for s in random.integers(-3_000_000_000, 6_000_000_000, 500)]
    moments += [datetime.datetime(year, month, day) for year in range(1999, 2030) for month, day in [(1, 1), (12, 31), (2, 28), (3, 1)]]
    parts: dict[str, Callable[[datetime.datetime], float]] = {
        "year": lambda m: m.year,
        "quarter": lambda m: (m.month + 2) // 3,
        "month": lambda m: m.month,
        "week": lambda m: m.isocalendar().week,
        "weekday": lambda m: m.weekday(),
        "day_of_year": lambda m: m.timetuple().tm_yday,
        "hour": lambda m: m.hour,
        "minute": lambda m: m.minute,
        "second": lambda m: m.second,
        "is_weekend": lambda m: float(m.weekday() >= 5),
        "is_month_start": lambda m: float(m.day == 1),
        "is_month_end": lambda m: float((m + datetime.timedelta(days=1)).month != m.month),
        "hour_sin": lambda m: math.sin((m.hour * 3600 + m.minute * 60 + m.second) / 86400 * 2 * math.pi),
        "day_of_year_cos": lambda m: math.cos((m.timetuple().tm_yday - 1) / 365.25 * 2 * math.pi),
        "elapsed": lambda m: (m - datetime.datetime(2000, 1, 1)).total_seconds() / 86400,
    }
    table = pa.table({"t": pa.array(moments, pa.timestamp("us"))})
    _, made = fit("date_parts", {"parts": list(parts), "reference": "2000-01-01"}, table)
    for name, part in parts.items():
        np.testing.assert_allclose(made[f"t__{name}"].to_numpy(), [part(m) for m in moments], rtol=1e-6, atol=1e-6, err_msg=name)
