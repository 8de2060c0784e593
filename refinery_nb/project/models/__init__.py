"""Heuristics that ask models: zero-shot, language models, and trying them."""
