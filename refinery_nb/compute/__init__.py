"""Where work runs: child processes with limits. It knows nothing of what it runs."""
