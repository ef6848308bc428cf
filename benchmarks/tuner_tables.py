"""Makes the tables of benchmarks/tuner.py --tables: losses of a few hundred configurations of three learners on two data sets each.

    python benchmarks/tuner_tables.py --data FOLDER --out FILE [--configurations 300]

FOLDER holds NAME.train.csv of the data sets named below. The learners are scikit-learn's, one thread; configurations are points of a
scrambled Sobol sequence of the learner's space, and a loss is the mean over three folds of at most 1000 rows: the logarithmic loss, or of
numbers the root of the mean squared error in standard deviations of the target. FILE is JSON: a list of
{"name", "parameters": as of a SearchSpace, "configurations": [[value, ...], ...], "losses": [...]}; tables that it has are kept.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import qmc
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

MOST_ROWS = 1000

Parameters = dict[str, dict[str, Any]]


def number(low: float, high: float, log: bool = False) -> dict[str, Any]:
    """A parameter of numbers, or of integers where both bounds are such."""
    kind = "int" if isinstance(low, int) and isinstance(high, int) else "float"
    return {"type": kind, "low": low, "high": high, "log": log}


def choice(*choices: Any) -> dict[str, Any]:
    """A parameter of choices."""
    return {"type": "categorical", "choices": list(choices)}


SPACES: dict[str, Parameters] = {
    "boosting": {
        "learning_rate": number(0.01, 1.0, True),
        "max_iter": number(10, 120, True),
        "max_leaf_nodes": number(3, 48, True),
        "min_samples_leaf": number(2, 100, True),
        "l2_regularization": number(1e-3, 100.0, True),
        "max_features": number(0.2, 1.0),
    },
    "forest": {
        "n_estimators": number(8, 64, True),
        "max_features": number(0.05, 1.0),
        "max_depth": number(2, 20),
        "min_samples_leaf": number(1, 40, True),
        "bootstrap": choice(False, True),
    },
    "neural": {
        "width": number(4, 96, True),
        "n_layers": number(1, 3),
        "learning_rate_init": number(1e-4, 0.1, True),
        "alpha": number(1e-6, 10.0, True),
        "batch_size": number(16, 256, True),
        "activation": choice("logistic", "tanh", "relu"),
    },
}
TABLES = [
    ("boosting", "adult", "income"),
    ("boosting", "california", "median_house_value"),
    ("forest", "telco_churn", "Churn"),
    ("forest", "diamonds_cut", "price"),
    ("neural", "mammography", "class"),
    ("neural", "ames", "Sale_Price"),
]


def estimator(learner: str, is_classes: bool, features: pd.DataFrame, values: dict[str, Any]) -> Any:
    """The learner with a configuration, behind what its features need."""
    texts = [name for name in features if not pd.api.types.is_numeric_dtype(features[name])]
    numbers = [name for name in features if name not in texts]
    if learner == "neural":
        layers = [values["width"]] * values["n_layers"]
        of = {name: value for name, value in values.items() if name not in ("width", "n_layers")}
        made = (MLPClassifier if is_classes else MLPRegressor)(hidden_layer_sizes=layers, max_iter=15, random_state=0, **of)
        coded = OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False)
        return make_pipeline(make_column_transformer((make_pipeline(SimpleImputer(), StandardScaler()), numbers), (coded, texts)), made)
    if learner == "forest":
        made = (RandomForestClassifier if is_classes else RandomForestRegressor)(random_state=0, **values)
    else:
        made = (HistGradientBoostingClassifier if is_classes else HistGradientBoostingRegressor)(
            random_state=0, early_stopping=False, **values
        )
    coded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_pipeline(make_column_transformer((SimpleImputer(), numbers), (coded, texts)), made)


def loss_of(data: Path, learner: str, name: str, target: str) -> Callable[[dict[str, Any]], float]:
    """The loss of a configuration on a data set."""
    frame = pd.read_csv(data / f"{name}.train.csv").drop(columns="customerID", errors="ignore")
    frame = frame.sample(min(MOST_ROWS, len(frame)), random_state=0).reset_index(drop=True)
    features, truth = frame.drop(columns=target), frame[target]
    is_classes = truth.nunique() < 30
    if not is_classes:
        truth = (truth - truth.mean()) / truth.std()
    folds = list(KFold(3, shuffle=True, random_state=0).split(features))

    def loss(values: dict[str, Any]) -> float:
        losses = []
        for train, test in folds:
            fitted = estimator(learner, is_classes, features, values).fit(features.iloc[train], truth.iloc[train])
            if is_classes:
                losses.append(log_loss(truth.iloc[test], fitted.predict_proba(features.iloc[test]), labels=fitted.classes_))
            else:
                losses.append(math.sqrt(np.mean((fitted.predict(features.iloc[test]) - truth.iloc[test]) ** 2)))
        return float(np.mean(losses))

    return loss


def at_share(parameter: dict[str, Any], share: float) -> Any:
    """The value at a share from 0 to 1 of a parameter's range."""
    if parameter["type"] == "categorical":
        return parameter["choices"][int(share * len(parameter["choices"]))]
    half = 0.5 if parameter["type"] == "int" else 0.0
    low, high = parameter["low"] - half, parameter["high"] + half
    value = low * (high / low) ** share if parameter["log"] else low + share * (high - low)
    return max(parameter["low"], min(parameter["high"], round(value))) if half else value


def main() -> None:
    """Makes the tables that the file lacks."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="the file of tables")
    parser.add_argument("--configurations", type=int, default=300, help="how many each table has")
    given = parser.parse_args()
    tables = json.loads(given.out.read_text()) if given.out.exists() else []
    for learner, name, target in TABLES:
        if any(table["name"] == f"{learner}, {name}" for table in tables):
            continue
        begin, parameters = time.process_time(), SPACES[learner]
        shares = qmc.Sobol(len(parameters), rng=0).random(given.configurations)
        rows = [[at_share(p, float(s)) for p, s in zip(parameters.values(), row, strict=True)] for row in shares]
        loss = loss_of(given.data, learner, name, target)
        with threadpool_limits(1):
            losses = [loss(dict(zip(parameters, row, strict=True))) for row in rows]
        tables.append({"name": f"{learner}, {name}", "parameters": parameters, "configurations": rows, "losses": losses})
        given.out.write_text(json.dumps(tables))
        spread = " ".join(f"{q:.4f}" for q in np.quantile(losses, (0, 0.01, 0.1, 0.5, 1)))
        print(f"{learner}, {name}: {time.process_time() - begin:.0f} s, losses {spread}", flush=True)


if __name__ == "__main__":
    main()
