"""Small models that other packages build on: arrays in, arrays out."""
