"""Label text data inside Jupyter: by hand, by heuristics and by weak supervision."""
