"""The Browser: a whole project as a list and a table."""
