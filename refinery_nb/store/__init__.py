"""SQLite, the only truth. Only this package speaks SQL; it knows no widget and no model."""
