"""The widgets: they take engine objects, show them, and call their verbs."""
