"""What manual labels teach, and what to label next: arrays in, arrays out."""
