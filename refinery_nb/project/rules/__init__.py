"""The heuristics of a task: kept, run, tried, edited, suggested, reported on."""
