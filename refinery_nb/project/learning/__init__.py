"""Learners that follow the labels, and what to label next."""
