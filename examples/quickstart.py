"""Reads a trained model, predicts rows of a CSV file, and trains another from a data frame.

python examples/quickstart.py MODEL NEW.csv
"""

import sys

import pyarrow.csv

from kolosal import AutoML, Model

model = Model.load(sys.argv[1])
rows = pyarrow.csv.read_csv(sys.argv[2])
print(f"{model.task} model of {', '.join(model.record['options']['target'])}; classes {model.classes.tolist()}")
print("first predictions:", model.predict(rows)[:5].tolist())

automl = AutoML(max_models=2, seed=1).fit(rows, target="body_mass_g")
print(automl.leaderboard())
print("what matters:", {name: round(share, 3) for name, share in list(automl.feature_importance().items())[:3]})
