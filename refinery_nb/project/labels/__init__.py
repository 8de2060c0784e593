"""Labels and tasks: renamed, merged, dressed, taken out and put back."""
