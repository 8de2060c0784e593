"""Lookup lists: kept, edited, read from files."""
