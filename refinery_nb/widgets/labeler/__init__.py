"""The Labeler: one record after the other, by keyboard."""
