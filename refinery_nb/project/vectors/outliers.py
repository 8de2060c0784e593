"""Records that lie far from all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import GivenField, Keys, Labelled, Or, Selection
from refinery_nb.core.threads import side_by_side
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.vectors.search import chosen
from refinery_nb.project.view import View
from refinery_nb.quality.outliers import farthest, sparsest
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Method = Literal["density", "refinery"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
USUAL = 100
SHARE = 0.05  # of the unlabelled records, that refinery calls outliers, up to 100


def outliers(
    project: Project,
    n: int | None = None,
    *,
    share: float | None = None,
    method: Method = "density",
    neighbours: int = 10,
    task: str | None = None,
    on: str | None = None,
    embedding: str | None = None,
) -> View:
    """Return the records that lie farthest from others, as they are now; the farthest first.

    ``view.scores()`` says how far. Records that have no vector, or a blank text, are left out.

    Parameters
    ----------
    n, share
        How many, or which share of the records that are looked at; by default 100, and as refinery
        does it 5 %, but not more than 100.
    method
        ``density``: the mean cosine distance to the ``neighbours`` nearest, of all records
        (``quality.outliers.sparsest``). ``refinery``: of the unlabelled records the sum of the
        distances to all labelled ones (``quality.outliers.farthest``); refinery itself looks at
        10,000 of each only.
    task
        For ``refinery``, by name: whose manual labels count; by default those of all tasks.
    on, embedding
        The attribute, or the embedding; by default the newest.

    Raises
    ------
    QueryError
        If there are no vectors, or an argument is none of these.
    """
    if method not in get_args(Method):
        hint = did_you_mean(str(method), get_args(Method))
        raise QueryError(f"method={method!r} is not known.", hint=hint)
    if isinstance(neighbours, bool) or not isinstance(neighbours, int) or neighbours < 1:
        raise QueryError(f"neighbours={neighbours!r} is not a number of records.")
    if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0):
        raise QueryError(f"n={n!r} is not a number of records.")
    if share is not None and (n is not None or not 0 < share <= 1):
        raise QueryError("give n or a share in (0, 1], not both.")
    row = chosen(project, on, embedding, levels=("record",))
    vectors = project.embeddings.value(row.name)
    some = vectors.values.any(axis=1)
    if not some.all():
        vectors = Vectors(vectors.records[some], vectors.values[some])
    if method == "refinery":
        ids, scores = _as_refinery(project, vectors, row, n, share, task)
    else:
        wanted = _wanted(len(vectors), n, share, USUAL)
        rows, scores = sparsest(vectors.values, wanted, neighbours=neighbours, run=side_by_side)
        ids = vectors.records[rows]
    return _view(project, ids, scores)


def _wanted(count: int, n: int | None, share: float | None, usual: int) -> int:
    if share is not None:
        return round(share * count)
    return int(n) if n is not None else usual


def _as_refinery(
    project: Project,
    vectors: Vectors,
    row: EmbeddingRow,
    n: int | None,
    share: float | None,
    task: str | None,
) -> tuple[Ints, Floats]:
    names = [task] if task is not None else list(project.tasks)
    labelled = project.where(Or(tuple(Labelled(name) for name in names))).ids()
    done = np.isin(vectors.records, labelled)
    rest = Vectors(vectors.records[~done], vectors.values[~done])
    metric: Literal["cosine", "euclidean"] = (
        "cosine" if row.spec["kind"] == "tfidf" else "euclidean"
    )
    scores = farthest(rest.values, vectors.values[done], metric=metric)
    wanted = _wanted(len(rest), n, share, min(round(SHARE * len(rest)), USUAL))
    best = np.lexsort((rest.records, -scores))[:wanted]
    return rest.records[best], scores[best]


def _view(project: Project, ids: Ints, scores: Floats) -> View:
    with project.database.read() as connection:
        known = records.keys_of_ids(connection, ids.tolist())
    rows = [
        (known[record], score)
        for record, score in zip(ids.tolist(), scores.tolist(), strict=True)
        if record in known
    ]
    keys = tuple(key for key, _ in rows)
    order = GivenField("outlier score", keys, tuple(score for _, score in rows))
    return View(project, Selection(Keys(keys), ((order, True),)))
