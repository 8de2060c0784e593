"""The Playground: what a model says of a text."""
