"""The only place that opens a connection: to endpoints that a person named, and nothing by default.

No address is ever read from a project.
"""
