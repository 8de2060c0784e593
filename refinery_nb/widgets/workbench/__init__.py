"""The Workbench: one record with all that is known of it, and a cell of Python on it."""
