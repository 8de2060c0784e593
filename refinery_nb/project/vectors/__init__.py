"""Embeddings: made, indexed, searched, shown as a map."""
