"""Training sets for other libraries: weak labels to train on, manual ones to test with."""
