"""Secrets of the environment stay out of the server's log."""

from __future__ import annotations

import logging
import os
import re

SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
LEAST = 8  # characters: shorter values stand in messages by chance


class Masked(logging.Filter):
    """Masks the values of environment variables that are named like secrets.

    Jupyter Server writes the whole environment into its log when it starts a kernel behind a
    gateway, ``REFINERY_NB_REMOTE_TOKEN`` and ``REFINERY_NB_API_KEY`` included.

    >>> os.environ["SOME_TOKEN"] = "canary-value"
    >>> record = logging.LogRecord("a", 20, "", 0, "env: %s", ("canary-value",), None)
    >>> Masked().filter(record), record.getMessage()
    (True, 'env: ***')
    >>> del os.environ["SOME_TOKEN"]
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, masked."""
        try:
            message = record.getMessage()
        except Exception:  # its arguments do not fit: logging says so itself
            return True
        masked = message
        for name, value in os.environ.items():
            if len(value) >= LEAST and value in masked and SECRET.search(name):
                masked = masked.replace(value, "***")
        if masked != message:
            record.msg, record.args = masked, ()
        return True
