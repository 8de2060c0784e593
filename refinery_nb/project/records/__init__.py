"""Records in and out: adding, keys, frames, export, columns that come with records."""
