"""The project: where records come in, tasks are made, and everything is found."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.events import Events
from refinery_nb.core.operation import Acknowledgement, Operation
from refinery_nb.core.query import AttributeField, Condition, Selection
from refinery_nb.core.schema import Attribute, AttributeType, TaskSchema
from refinery_nb.core.vectors import Vectors
from refinery_nb.project import labeling, tasks
from refinery_nb.project.attributes import calculate, tokenizing
from refinery_nb.project.attributes.fields import Fields
from refinery_nb.project.columns import VoteColumns
from refinery_nb.project.comments import Comments
from refinery_nb.project.labels import removal
from refinery_nb.project.learning.learning import Learning
from refinery_nb.project.learning.queues import Queues
from refinery_nb.project.lookups.lookups import Lookups
from refinery_nb.project.projects import backups as backing
from refinery_nb.project.projects import doctor as examining
from refinery_nb.project.projects import folders, saving
from refinery_nb.project.quality import confusion
from refinery_nb.project.records import add as adding
from refinery_nb.project.records import cards, frames, history
from refinery_nb.project.records import removal as removals
from refinery_nb.project.records.edit import Edit
from refinery_nb.project.records.removal import Deletion
from refinery_nb.project.selector import Selector
from refinery_nb.project.slices import Slices
from refinery_nb.project.task import Task
from refinery_nb.project.vectors import duplicates, outliers
from refinery_nb.project.vectors.embedding import Embedding
from refinery_nb.project.vectors.embeddings import Embeddings
from refinery_nb.project.vectors.projections import Projections
from refinery_nb.project.vectors.similarity import Similarities
from refinery_nb.project.view import View
from refinery_nb.store import backup, records, schema
from refinery_nb.store.db import Database

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.core.executor import Executor
    from refinery_nb.project.records.add_report import AddReport
    from refinery_nb.project.records.export import Exported
    from refinery_nb.project.training.training_set import TrainingSet
    from refinery_nb.project.vectors.duplicates import Duplicates

Calculation = TypeVar("Calculation", bound=Callable[..., Any])


def open(path: str | os.PathLike[str] | None = None, *, by: str | None = None) -> Project:
    """Open the project in a folder, or make one there; without a path, one in memory.

    Parameters
    ----------
    path
        A folder; it is made if it is missing. None: nothing is written to disk.
    by
        Who labels here; by default the user that JupyterHub or the operating system names.

    Raises
    ------
    StoreError
        If the folder cannot hold a project, or holds a damaged or newer one.
    """
    return Project(None if path is None else Path(path).expanduser().absolute(), by=by)


class Project:
    """Records, tasks, labels, heuristics and their votes, in one folder.

    Made by ``rn.open``. Safe to use from several threads, and from several processes at once.
    """

    def __init__(self, root: Path | None, *, by: str | None = None) -> None:
        self.root = root
        self.actor = by or os.environ.get("JUPYTERHUB_USER") or f"local:{getpass.getuser()}"
        self.events = Events()
        self.database = Database(root)
        self.columns = VoteColumns(self.database)
        self.selector = Selector(self.database, self.columns)
        self.fields = Fields(self)
        self.lookups = Lookups(self)
        self.embeddings = Embeddings(self)
        self.projections = Projections(self)
        self.slices = Slices(self)
        self.comments = Comments(self)
        self.selector.paired = partial(confusion.matching, self)
        self.similarities = Similarities(self)
        self.selector.similar = self.similarities.resolve
        # What people handed over for this session and no project keeps: endpoints, loaded models.
        self.given: dict[tuple[Any, ...], Any] = {}
        self.executor: Executor | None = None  # where models run in this session; None: here
        self.learning = Learning(self)
        self.queues = self.selector.queues = Queues(self)
        with self.database.write() as connection:
            self.id = schema.identity(connection)
        if root is not None:
            with self.database.read() as connection:
                backup.daily_backup(connection, root, now=datetime.now(UTC))

    @property
    def name(self) -> str:
        """The name of the project's folder."""
        return "in memory" if self.root is None else self.root.name

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes of the records, in order."""
        with self.database.read() as connection:
            return schema.attributes(connection)

    @property
    def schemas(self) -> tuple[TaskSchema, ...]:
        """The schemas of all tasks."""
        with self.database.read() as connection:
            return schema.tasks(connection)

    @property
    def tasks(self) -> dict[str, Task]:
        """The tasks by name."""
        return {task.name: Task(self, task.id, task.name) for task in self.schemas}

    @property
    def tokenizer(self) -> str:
        """The spaCy language whose tokenizer cuts texts, unless ``project.fields`` says another."""
        with self.database.read() as connection:
            return schema.setting(connection, "tokenizer") or "en"

    @tokenizer.setter
    def tokenizer(self, language: str) -> None:
        tokenizing.set_default(self, language)

    def __len__(self) -> int:
        with self.database.read() as connection:
            return records.count(connection)

    def __getitem__(self, name: str) -> AttributeField:
        """Return an attribute as a field of conditions: ``project["stars"] > 3``."""
        self.attribute(name)
        return AttributeField(name)

    @overload
    def attribute(self, name: str) -> Attribute: ...

    @overload
    def attribute(
        self, name: str | None = None, *, type: AttributeType | str
    ) -> Callable[[Calculation], Calculation]: ...

    def attribute(self, name: str | None = None, *, type: AttributeType | str | None = None) -> Any:
        """Return an attribute by name; with a type, add one that a function calculates.

        ``@project.attribute(type="integer")`` over a function of a record keeps how it is
        calculated; ``project.fields.calculate()`` does so, and from then on it follows.

        Raises
        ------
        SchemaError
            If there is none with this name.
        """
        if type is not None or name is None:
            return partial(calculate.decorated, self, type=type or "text", name=name)
        known = {attribute.name: attribute for attribute in self.attributes}
        if name not in known:
            raise SchemaError(f"there is no attribute {name!r}.", hint=did_you_mean(name, known))
        return known[name]

    def add(
        self,
        source: Any = None,
        *,
        key: str | Sequence[str] | None = None,
        types: Mapping[str, AttributeType | str] | None = None,
        on_error: str = "raise",
        on_conflict: str = "update",
        create_labels: bool = False,
        **reading: Any,
    ) -> AddReport:
        """Add records from a file, a frame, a dataset or a list of dicts; see ``add.add``.

        Running it again changes nothing, and says so.
        """
        return adding.add(
            self,
            source,
            key=key,
            types=types,
            on_error=on_error,
            on_conflict=on_conflict,
            create_labels=create_labels,
            **reading,
        )

    def edit(self, key: Any, values: Mapping[str, Any] | None = None, /, **more: Any) -> Edit:
        """Return what editing a record would do: ``project.edit("r1", text="...").apply()``.

        Labels stay; spans whose surroundings stand move with them, others no longer fit their
        text and are listed.
        """
        return Edit(self, key, {**(values or {}), **more})

    def delete_records(self, records: View | Any) -> Deletion:
        """Return what deleting a view's records, or those with some keys, would take away."""
        return removals.Deletion(self, records)

    def restore_records(self, keys: Iterable[Any] | None = None) -> int:
        """Bring deleted records back, with their labels; see ``removal.restore``."""
        return removals.restore(self, keys)

    def deleted_records(self) -> pd.DataFrame:
        """Return the deleted records: ``key``, ``at``, ``by``."""
        return removals.deleted(self)

    def history(self, key: Any) -> pd.DataFrame:
        """Return all that happened to a record, oldest first; see ``history.history``."""
        return history.history(self, key)

    def task(
        self,
        name: str,
        labels: Iterable[str] | Mapping[str, str] | None = None,
        *,
        on: str | None = None,
        kind: str = "classification",
        overlap: str = "any",
        guideline: str | None = None,
    ) -> Task:
        """Return the task with this name, made or extended with ``labels``; see ``tasks.task``."""
        return tasks.task(
            self, name, labels, on=on, kind=kind, overlap=overlap, guideline=guideline
        )

    def restore_task(self, name: str) -> Task:
        """Put a deleted task back with all that it had."""
        return removal.restore_task(self, name)

    def view(self) -> View:
        """Return the view of all records."""
        return View(self, Selection())

    def where(self, condition: Condition) -> View:
        """Return the view of the records for which a condition is true."""
        return self.view().where(condition)

    def query(self, text: str, *, task: str | None = None) -> View:
        """Return the view of a query in words: ``stars > 3 and topic is unlabelled``.

        The language stands in ``refinery_nb.project.query_text``.
        """
        from refinery_nb.project.query_text import query

        return query(self, text, task=task)

    def search(self, text: Any = None, k: int | None = None, **options: Any) -> Any:
        """Return the view of the records that a text is about, best first; see ``View.search``."""
        return self.view().search(text, k, **options)

    def similar_to(self, example: Any, k: int | None = None, **options: Any) -> View:
        """Return the view of the records that are most like one; see ``View.similar_to``."""
        return self.view().similar_to(example, k, **options)

    def duplicates(self, threshold: float | None = 0.95, **options: Any) -> Duplicates:
        """Return groups of records that are nearly the same; see ``duplicates.duplicates``."""
        return duplicates.duplicates(self, threshold, **options)

    def outliers(self, n: int | None = None, **options: Any) -> View:
        """Return the view of the records that lie farthest from others; see ``outliers``."""
        return outliers.outliers(self, n, **options)

    def select_ids(self, selection: Selection) -> NDArray[np.int64]:
        """Return the ids of the selected records, in order."""
        return self.selector.ids(selection)

    def count(self, selection: Selection) -> int:
        """Return how many records are selected."""
        return self.selector.count(selection)

    def frame(self, ids: Sequence[int] | NDArray[np.int64]) -> pd.DataFrame:
        """Return records by id as a DataFrame: attributes as columns, keys as index."""
        return frames.records(self, ids)

    def records(self, view: View | None = None) -> pd.DataFrame:
        """Return the records of a view (or all): attributes as columns, keys as index."""
        return self.frame((self.view() if view is None else view).ids())  # one may be empty

    def embed(self, on: str, **options: Any) -> Embedding:
        """Give the records vectors of a text attribute (``model=``); see ``project.embed``."""
        from refinery_nb.project.vectors.embed import embed

        return embed(self, on, **options)

    def vectors(self, on: str | None = None) -> Vectors | None:
        """Return the newest vectors of an attribute, or of any; None if there are none."""
        return self.embeddings.best(on)

    def export(
        self,
        path: str | os.PathLike[str],
        view: View | None = None,
        *,
        sources: Iterable[str] | None = None,
        **options: Any,
    ) -> Exported:
        """Write records with labels to a file; suffix or ``format`` says how; see ``export``."""
        from refinery_nb.project.records.export import export

        chosen = None if sources is None else tuple(sources)
        return export(self, Path(path), view, sources=chosen, **options)

    def dataset(self, task: Task | str, **options: Any) -> TrainingSet:
        """Return weak labels to train on and manual ones to test; see ``make.training_set``."""
        from refinery_nb.project.training.make import training_set

        return training_set(self.task(task) if isinstance(task, str) else task, **options)

    def apply(self, operations: Sequence[Operation]) -> list[Acknowledgement]:
        """Apply what people did; each answer is given after its commit."""
        return labeling.apply(self, operations)

    def cards(
        self, ids: Sequence[int], tasks: Sequence[Task], actor: str | None = None
    ) -> list[dict[str, Any]]:
        """Return records as the Labeler shows them: texts, tokens, labels, votes."""
        return cards.cards(self, ids, tasks, actor or self.actor)

    def replay(self) -> None:
        """Rebuild the current labels from the log of all operations; the result is the same."""
        labeling.replay(self)

    # What is done with whole projects; their modules say how.
    backup = backing.back_up
    backups = backing.backups
    doctor = examining.doctor
    save = saving.save
    copy = folders.copy
    rename = folders.rename
    delete = folders.delete

    def close(self) -> None:
        """Close the project; closing twice is harmless."""
        self.learning.close()
        self.embeddings.indexes.close()
        self.database.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        lines = [f"Project {self.name!r}: {len(self):,} records"]
        for task in self.tasks.values():
            labelled, total = task.progress()
            lines.append(f"  {task.name} ({task.kind}): {labelled:,} of {total:,} labelled")
        return "\n".join([*lines, *self.fields.upkeep.told()])
