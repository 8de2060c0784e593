"""The state of a project in numbers, kept up to date label by label; nothing is drawn here."""
