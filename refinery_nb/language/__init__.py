"""Models that read and write: entailment, and language models that run here.

Folders of transformers models, found as embedders find theirs; weights are safetensors, no code of
a folder is run, and nothing is downloaded.
"""
