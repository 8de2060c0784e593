"""Weak labels: runs of supervision, how far to trust them, how they differ."""
