"""Tokenization with spaCy. The only package that imports it."""
