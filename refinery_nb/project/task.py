"""A task: its labels, its heuristics, its weak labels. Every method forwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import SchemaError
from refinery_nb.core.query import Condition, Conflicting, Labelled, Marked, Or, Voted
from refinery_nb.core.schema import TaskSchema
from refinery_nb.project import labeling, tasks
from refinery_nb.project.labels import dress, relabeling, removal
from refinery_nb.project.labels.relabeling import Relabeling
from refinery_nb.project.labels.removal import LabelRemoval, TaskRemoval
from refinery_nb.project.learning import queues
from refinery_nb.project.records import frames
from refinery_nb.project.rules import foreign, rule_views, rules
from refinery_nb.project.weak import weak
from refinery_nb.project.weak.runs import Runs
from refinery_nb.store import gold, records, schema

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.heuristics import Heuristic
    from refinery_nb.heuristics.similar import Similar
    from refinery_nb.project.charts.plots import Plots
    from refinery_nb.project.learning.mistakes import Mistakes
    from refinery_nb.project.project import Project
    from refinery_nb.project.rules.report import Report
    from refinery_nb.project.suggestions.suggestions import Suggestions
    from refinery_nb.project.vectors.neighbours import Neighbours
    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun


class Task:
    """One question that people and heuristics answer about the records of a project.

    Made by ``project.task``. It holds no state of its own: two of them for the same task are the
    same.
    """

    def __init__(self, project: Project, id_: int, name: str) -> None:
        self.project = project
        self.id = id_
        self._name = name

    @property
    def name(self) -> str:
        """Its name, also after another ``Task`` has renamed it."""
        with self.project.database.read() as connection:
            self._name = schema.task_name(connection, self.id) or self._name
        return self._name

    @property
    def schema(self) -> TaskSchema:
        """The task as it stands: kind, attribute, labels."""
        with self.project.database.read() as connection:
            known = {task.id: task for task in schema.tasks(connection)}
        if self.id not in known:
            raise SchemaError(
                f"the task {self._name!r} was deleted.",
                hint=f"project.restore_task({self._name!r}) puts it back.",
            )
        return known[self.id]

    @property
    def kind(self) -> str:
        """``classification``, ``multilabel`` or ``spans``."""
        return self.schema.kind.value

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in order."""
        return tuple(label.name for label in self.schema.labels)

    # What people say

    def label(self, key: Any, value: Any, *, by: str | None = None) -> None:
        """Set the manual label of a record.

        Parameters
        ----------
        key
            The record's key; a tuple where it is composite.
        value
            A label's name; for multilabel a list of names, for spans one of (start, end, label)
            in code points, where ``[]`` means "reviewed, none"; ``rn.NONE`` says that for a
            classification; None takes the label away.
        by
            Who says so; by default the project's ``actor``.

        Raises
        ------
        LabelError
            If the record, the label or the offsets do not exist.
        """
        labeling.set_labels(self.project, self.schema, {key: value}, by=by)

    def label_many(self, values: Mapping[Any, Any], *, by: str | None = None) -> int:
        """Set the labels of many records, all or none, undone together; return how many."""
        return labeling.set_labels(self.project, self.schema, values, by=by)

    def undo(self, *, by: str | None = None) -> bool:
        """Take back the last operation on this task; False if there is none."""
        return labeling.take_back(self.project, "undo", self.schema, by=by)

    def redo(self, *, by: str | None = None) -> bool:
        """Repeat what was last taken back; False if there is nothing, or something came after."""
        return labeling.take_back(self.project, "redo", self.schema, by=by)

    def gold(self) -> pd.DataFrame:
        """Return the valid manual labels: ``key, label, by`` (spans: ``key, start, end, ...``).

        Valid: one person labelled the record, or all who did agree. "Reviewed, none" is a row
        without a label.
        """
        return frames.gold(self)

    def all_labels(self) -> pd.DataFrame:
        """Return what every person said, also where they disagree."""
        return frames.all_labels(self, stale_only=False)

    def stale(self) -> pd.DataFrame:
        """Return the spans whose text was changed under them, for a person to look at."""
        return frames.all_labels(self, stale_only=True)

    def progress(self, actor: str | None = None, view: View | None = None) -> tuple[int, int]:
        """Return how many records are labelled (by an actor, or anyone), and how many there are.

        With a view, both counts are of its records: how far a person is with a slice.
        """
        if view is not None:
            return view.where(Labelled(self.name, actor=actor)).count(), view.count()
        with self.project.database.read() as connection:
            return gold.progress(connection, self.id, actor), records.count(connection)

    # Labels of the task

    def add_labels(self, labels: Iterable[str] | Mapping[str, str]) -> None:
        """Add labels; those that exist are left as they are."""
        tasks.task(self.project, self.name, labels, kind=self.kind)

    def rename_label(self, old: str, new: str, *, below: bool = False) -> Relabeling:
        """Return what renaming a label would do to rules, slices and lists; ``.apply()`` does it.

        ``below``: the labels below it in a hierarchy (``old/...``) follow.
        """
        return relabeling.renaming(self, old, new, below=below)

    def merge(self, labels: str | Iterable[str], into: str) -> Relabeling:
        """Return what giving records another label would do; ``.apply()`` does it.

        The merged labels go; people's labels, votes, weak labels and rules follow. ``into`` may be
        named among them.
        """
        chosen = [one for one in ([labels] if isinstance(labels, str) else labels) if one != into]
        return relabeling.Relabeling(self, dict.fromkeys(chosen, into), merge=True)

    def change_label(self, name: str, **changes: str) -> None:
        """Set ``color``, ``hotkey`` or ``description`` of a label; see ``dress.dress``."""
        dress.dress(self, name, **changes)

    def order_labels(self, *names: str) -> None:
        """Put labels first, in this order."""
        dress.order(self, names)

    def rename(self, name: str) -> None:
        """Give the task another name; slices and rules that ask for it follow."""
        dress.rename_task(self, name)

    def delete_label(self, name: str) -> LabelRemoval:
        """Return what taking a label out would take away; ``.apply()`` does it."""
        return LabelRemoval(self, name)

    def restore_label(self, name: str) -> int:
        """Put a label back with what people said; see ``removal.restore_label``."""
        return removal.restore_label(self, name)

    def delete(self) -> TaskRemoval:
        """Return what deleting the task would take away; ``.apply()`` does it."""
        return TaskRemoval(self)

    def remove_label(self, name: str) -> None:
        """Remove a label that no record carries."""
        tasks.remove_label(self.project, self.schema, name)

    # Heuristics

    def heuristic(
        self, function: Callable[..., Any] | None = None, *, name: str | None = None
    ) -> Any:
        """Add a function as a heuristic: the decorator of a cell.

        It gets a record and returns a label, ``(label, confidence)`` or None; for multilabel a list
        of these; for spans it yields ``(label, start, end)``. Running the cell again replaces it.
        """
        if function is None:
            return lambda decorated: self.heuristic(decorated, name=name)
        rules.add_function(self, function, name)
        return function

    def add(self, heuristic: Heuristic) -> Heuristic:
        """Add a heuristic; one of its name is replaced.

        Such as ``rn.Lookup``, ``rn.Regex``, ``rn.Annotator``, ``rn.Imported``, or a brick:
        ``task.add(rn.bricks["iban"](label="ACCOUNT"))``.
        """
        rules.add(self, heuristic)
        return heuristic

    def remove(self, name: str) -> None:
        """Remove a heuristic with its votes."""
        rules.remove(self, name)

    def enable(self, name: str, enabled: bool = True) -> None:
        """Say whether a heuristic takes part in runs, reports and weak supervision."""
        rules.enable(self, name, enabled)

    def versions(self, name: str) -> pd.DataFrame:
        """Return all versions of a heuristic, oldest first, with their source."""
        return rules.versions(self, name)

    def heuristics(self) -> pd.DataFrame:
        """Return the heuristics: name, kind, state, when, what went wrong."""
        return rules.frame(self)

    def try_heuristic(self, function: Any, *, n: int = 10, seed: int = 0) -> pd.DataFrame:
        """Run a function or rule on a few random records and show what it says; nothing is kept."""
        return rules.try_on(self, function, n=n, seed=seed)

    def run(self, *names: str, **options: Any) -> pd.DataFrame:
        """Run the heuristics whose source or records changed; see ``rules.run``."""
        return rules.run(self, names, **options)

    def trust(self, *names: str) -> pd.DataFrame:
        """Let heuristics of somebody else's project run; return those that may not, to be read."""
        return foreign.trust(self, names)

    def errors(self, name: str) -> pd.DataFrame:
        """Return the records on which a heuristic failed, with tracebacks."""
        return rules.errors(self, name)

    def report(self, view: View | None = None) -> Report:
        """Return per heuristic and label: coverage, hits, overlaps, conflicts, precision."""
        from refinery_nb.project.rules.report import report_of

        return report_of(self, view)

    def rank(self) -> pd.DataFrame:
        """Return which heuristics to keep, the most useful first; see ``ranked.ranked``."""
        from refinery_nb.project.rules.ranked import ranked

        return ranked(self)

    def rule_from(self, view: View | Condition, label: str, name: str | None = None) -> Heuristic:
        """Add a heuristic that votes a label on the records of a view; see ``rule_views``."""
        return rule_views.rule_from(self, view, label, name)

    def suggest(self, n: int = 20, **options: Any) -> Suggestions:
        """Propose rules from what is labelled; see ``suggestions.suggest``."""
        from refinery_nb.project.suggestions.suggestions import suggest

        return suggest(self, n, **options)

    def neighbours(self, rule: Similar | str) -> Neighbours:
        """Return what a ``Similar`` finds, most similar first, and how right each threshold is."""
        from refinery_nb.project.vectors.neighbours import neighbours

        return neighbours(self, rule)

    def hits(self, name: str) -> View:
        """Return the records on which a heuristic votes."""
        return rule_views.hits(self, name)

    def true_hits(self, name: str) -> View:
        """Return the records on which a vote is the valid label (spans: a span is valid)."""
        return rule_views.judged(self, name, "right")

    def false_hits(self, name: str) -> View:
        """Return the reviewed records on which a vote is not valid (spans: a span is not)."""
        return rule_views.judged(self, name, "wrong")

    def missed(self, name: str) -> View:
        """Return the records with a valid label of this heuristic that it does not vote for."""
        return rule_views.judged(self, name, "missed")

    def conflicts(self, name: str, other: str | None = None) -> View:
        """Return the records on which another heuristic, or any, votes for another label."""
        return rule_views.judged(self, name, "against", other)

    # What to label next, and again

    def queue(self, strategy: str = "mixed", view: View | None = None, **options: Any) -> View:
        """Return the unlabelled records, those best labelled next first; see ``queues.queue``."""
        return queues.queue(self, strategy, view, **options)

    def likely_mistakes(self, n: int = 100) -> Mistakes:
        """Return the records whose labels are likely mistakes; see ``mistakes``."""
        from refinery_nb.project.learning.mistakes import likely_mistakes

        return likely_mistakes(self, n)

    # Weak labels

    def supervise(self, *, model: str = "auto", **options: Any) -> WeakRun:
        """Combine the votes into weak labels and keep the run; see ``weak.supervise``."""
        return weak.supervise(self, model=model, **options)

    def runs(self) -> Runs:
        """Return the runs of weak supervision, oldest first; see ``runs.Runs``."""
        return Runs(weak.runs(self))

    @property
    def plot(self) -> Plots:
        """Its charts as Plotly figures: ``task.plot.distribution()``; see ``plots.Plots``."""
        from refinery_nb.project.charts.plots import Plots

        return Plots(self)

    # Conditions for views

    @property
    def labeled(self) -> Condition:
        """A person has labelled the record ("reviewed, none" included)."""
        return Labelled(self.name)

    @property
    def unlabeled(self) -> Condition:
        """Nobody has labelled the record."""
        return ~Labelled(self.name)

    @property
    def reviewed_none(self) -> Condition:
        """A person said that no label applies."""
        return Labelled(self.name, none=True)

    @property
    def flagged(self) -> Condition:
        """A person flagged the record."""
        return Marked(self.name, "flag")

    @property
    def skipped(self) -> Condition:
        """A person skipped the record."""
        return Marked(self.name, "skip")

    @property
    def conflicting(self) -> Condition:
        """Heuristics vote for different labels."""
        return Conflicting(self.name)

    def labeled_as(self, label: str, *, by: str | None = None) -> Condition:
        """A person gave this label."""
        return Labelled(self.name, self.schema.label(label).name, by)

    def labeled_under(self, parent: str) -> Condition:
        """A person gave this label, or one below it: ``sport`` has ``sport/football`` below."""
        return Or(tuple(Labelled(self.name, one) for one in dress.under(self.schema, parent)))

    def voted(self, label: str | None = None, *, heuristic: str | None = None) -> Condition:
        """A heuristic votes, for a label or at all."""
        return Voted(self.name, heuristic, label)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Task) and other.project is self.project and other.id == self.id

    def __hash__(self) -> int:
        return hash((id(self.project), self.id))

    def __repr__(self) -> str:
        return tasks.told(self)
