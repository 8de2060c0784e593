"""Snorkel's LabelModel, in an interpreter of its own that REFINERY_NB_SNORKEL names.

Nothing but the benches needs it; a virtual environment with ``pip install snorkel`` will do.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from refinery_nb.core.votes import VoteMatrix

CHILD = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np
from snorkel.labeling.model import LabelModel
matrix = np.load(sys.argv[1])
labels, where = int(sys.argv[2]), sys.argv[3]
model = LabelModel(cardinality=labels, verbose=False)
begin = time.perf_counter()
model.fit(matrix, seed=0, progress_bar=False)
fitted = time.perf_counter()
proba = model.predict_proba(matrix)
done = time.perf_counter()
np.save(where, proba)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"seconds": done - begin, "fit": fitted - begin, "peak": peak}))
"""


def as_dense(votes: VoteMatrix) -> np.ndarray:
    """Return the matrix as Snorkel takes it: -1 for an abstention."""
    dense = np.full((len(votes), len(votes.sources)), -1, dtype=np.int64)
    dense[votes.row, votes.source] = votes.label
    return dense


def snorkel(dense: np.ndarray, labels: int) -> tuple[dict[str, float], np.ndarray] | None:
    """Return what Snorkel needs for a matrix and what it answers; None where there is none."""
    interpreter = os.environ.get("REFINERY_NB_SNORKEL")
    if not interpreter:
        return None
    with tempfile.TemporaryDirectory() as folder:
        matrix, proba = Path(folder) / "matrix.npy", Path(folder) / "proba.npy"
        np.save(matrix, dense)
        done = subprocess.run(
            [interpreter, "-c", CHILD, str(matrix), str(labels), str(proba)],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1]), np.load(proba)
