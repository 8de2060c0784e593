"""Attributes of records: renamed, converted, hidden, calculated, cut into tokens."""
