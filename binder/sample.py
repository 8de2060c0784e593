"""Makes the project that a session on Binder begins with: ``python binder/sample.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import refinery_nb as rn
from refinery_nb import samples
from refinery_nb.widgets.application.script import sample


def make(folder: Path) -> None:
    """Messages with vectors, a few labels, rules with votes and weak labels."""
    with rn.open(folder, by="sample") as project:
        sample(project)
        project.embed("text", progress=False)
        topic = project.task("topic")
        answers = samples.gold("topic")
        topic.label_many({key: answers[key] for key in project.view().sample(60, seed=1)})
        topic.add(rn.ActiveLearner("text"))
        topic.run(progress=False)
        topic.supervise()
        print(project)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
