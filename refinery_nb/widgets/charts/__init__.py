"""Plotly figures of a task, and their still pictures."""
