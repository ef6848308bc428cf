"""Trains on every table of a folder inside a time limit and judges each model on its test split, beside what peers scored.

The folder holds ``index.json`` (name, target, task, eval_metric, positive), ``NAME.train.csv``, ``NAME.test.csv`` and, where
there is one, ``peers.json`` with the scores of other systems. Predictions are judged by scikit-learn, not by Kolosal.

    .venv/bin/python benchmarks/accuracy_round.py FOLDER --time-limit 60 -o round.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics

BOOSTING = ("lgbm", "xgb", "hgb", "catboost")


def run(arguments: list[str]) -> tuple[float, float, int, str]:
    """Wall seconds, peak MiB, exit code and standard error of a command."""
    started = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    return time.monotonic() - started, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), error


def judge(table: dict[str, Any], truth: pd.Series, predicted: pd.DataFrame) -> float:
    """The table's metric of predictions, by scikit-learn."""
    if table["eval_metric"] == "rmse":
        return float(np.sqrt(metrics.mean_squared_error(truth, predicted["prediction"])))
    truth = truth.astype(str)
    if table["eval_metric"] == "roc_auc":
        return float(metrics.roc_auc_score(truth == str(table["positive"]), predicted[f"probability_{table['positive']}"]))
    columns = sorted(name for name in predicted.columns if name.startswith("probability_"))
    probabilities = predicted[columns].to_numpy()
    labels = [name.removeprefix("probability_") for name in columns]
    return float(metrics.log_loss(truth, probabilities / probabilities.sum(axis=1, keepdims=True), labels=labels))


def one_table(kolosal: str, folder: Path, table: dict[str, Any], limit: float, extra: list[str]) -> dict[str, Any]:
    """Trains, predicts and judges one table."""
    name, target = table["name"], table["target"]
    with tempfile.TemporaryDirectory() as scratch:
        model, out = f"{scratch}/{name}.kolosal", f"{scratch}/out.csv"
        train = [kolosal, "train", str(folder / f"{name}.train.csv"), "--target", target, "--time-limit", f"{limit}s", "-o", model, *extra]
        wall, peak, code, error = run(train)
        row = {"table": name, "metric": table["eval_metric"], "exit": code, "wall_s": round(wall, 2), "peak_mib": round(peak)}
        if code != 0:
            return {**row, "error": error[-500:]}
        row["size_mb"] = round(Path(model).stat().st_size / 1e6, 2)
        predict_wall, _, code, error = run([kolosal, "predict", model, str(folder / f"{name}.test.csv"), "-o", out])
        if code != 0:
            return {**row, "exit": code, "error": error[-500:]}
        kind = {target: float if table["task"] == "regression" else str}
        test = pd.read_csv(folder / f"{name}.test.csv", dtype=kind, keep_default_na=False)
        row["predict_s"] = round(predict_wall, 2)
        row["score"] = judge(table, test[target], pd.read_csv(out, keep_default_na=False))
    return row


def beside_peers(row: dict[str, Any], peers: dict[str, Any]) -> dict[str, Any]:
    """The row with the best boosting baseline, random forest and the best peer."""
    scores = {system: found["score"] for system, found in peers.get("systems", {}).items() if found.get("score") is not None}
    if not scores or "score" not in row:
        return row
    higher = row["metric"] == "roc_auc"
    best = max if higher else min
    boosting = best(scores[system] for system in BOOSTING if system in scores)
    forest = scores.get("rf")
    behind = None if forest is None else (forest - row["score"] if higher else row["score"] - forest) / forest
    beats = row["score"] >= boosting if higher else row["score"] <= boosting
    return {
        **row,
        "best_boosting": boosting,
        "beats_boosting": beats,
        "forest": forest,
        "behind_forest": behind,
        "best_peer": best(scores.values()),
    }


def main() -> int:
    """Runs the round and writes one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--time-limit", type=float, default=60)
    parser.add_argument("--tables", default="", help="names, separated by commas; all where empty")
    parser.add_argument("--kolosal", default=str(Path(sys.executable).parent / "kolosal"))
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("extra", nargs="*", help="further options of kolosal train, after --")
    arguments = parser.parse_args()
    tables = json.loads((arguments.folder / "index.json").read_text())
    peers_file = arguments.folder / "peers.json"
    peers = json.loads(peers_file.read_text()) if peers_file.exists() else {}
    wanted = set(filter(None, arguments.tables.split(",")))
    rows = []
    for table in tables:
        if wanted and table["name"] not in wanted:
            continue
        row = one_table(arguments.kolosal, arguments.folder, table, arguments.time_limit, arguments.extra)
        rows.append(beside_peers(row, peers.get(table["name"], {})))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(pd.DataFrame(rows).to_string(index=False))
    compared = [row for row in rows if "beats_boosting" in row]
    if compared:
        print(f"\nbeats the best boosting baseline on {sum(row['beats_boosting'] for row in compared)} of {len(compared)} tables")
        print(f"slowest run {max(row['wall_s'] for row in rows)} s, largest peak {max(row['peak_mib'] for row in rows)} MiB")
    if arguments.output:
        arguments.output.write_text(json.dumps(rows, indent=1))
    return 0 if all(row["exit"] == 0 for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
