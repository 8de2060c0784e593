"""Plotly figures of a task, and their still pictures; nothing else of the engine imports Plotly."""
