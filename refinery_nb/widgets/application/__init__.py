"""The application in JupyterLab: the views of a project over comms, without a notebook."""

from refinery_nb.widgets.application.serving import serve

__all__ = ["serve"]
