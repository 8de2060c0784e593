"""The Overview: how a project stands, at a glance."""
