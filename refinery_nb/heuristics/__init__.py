"""The kinds of heuristics. They see records, never the database."""
