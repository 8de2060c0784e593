"""A confusion matrix as a Plotly figure: see ``project.charts.matrix``."""

from refinery_nb.project.charts.matrix import confusion as confusion
