"""Label models and span aggregation. Pure: arrays in, arrays out."""
