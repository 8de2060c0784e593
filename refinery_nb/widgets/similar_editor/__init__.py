"""The SimilarEditor: what lies near a record or a query."""
