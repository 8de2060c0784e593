"""Formats of other annotation tools: their records become ours with label columns, and back."""
