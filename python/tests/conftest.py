"""Tables that several tests use."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """600 rows of mixed columns with missing values; the target follows age and city."""
    random = np.random.default_rng(1)
    n = 600
    age = random.integers(18, 80, n).astype(float)
    city = random.choice(["Oslo", "Rome", "Lima"], n)
    income = 20 + age + 15 * (city == "Oslo") + random.normal(0, 5, n)
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(n) < 0.05, np.nan, age),
            "city": np.where(random.random(n) < 0.05, None, city),
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, n), unit="D"),
            "member": random.random(n) < 0.5,
            "income": income,
        }
    )
    frame["rich"] = np.where(income + random.normal(0, 5, n) > 75, "yes", "no")
    return frame
