"""Embedders: texts in, vectors out. The only package that imports torch or transformers."""
