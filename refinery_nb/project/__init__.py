"""The engine: Project, Task, View.

The only package that wires the others together; it never imports a widget.
"""
