"""The ConfusionMatrix: two sources of labels against each other."""
