"""The EmbeddingMap: records as points in a plane."""
