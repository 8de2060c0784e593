"""Opening project snapshots of refinery."""
