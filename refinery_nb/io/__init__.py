"""Formats: files and frames to records and back. It knows no database."""
