"""Statistics of heuristics and labels. Pure: arrays in, arrays out."""
