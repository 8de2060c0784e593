"""The HeuristicEditor: the rules of a task."""
