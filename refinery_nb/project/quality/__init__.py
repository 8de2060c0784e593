"""Sources of labels held against each other, and the numbers behind charts."""
