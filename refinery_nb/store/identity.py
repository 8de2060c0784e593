"""What tells a project from other files: names in its folder, marks in its database.

It stands alone, so that projects are listed without loading what opens them.
"""

from __future__ import annotations

DATABASE = "project.db"
LOCK = "project.lock"
# All that a project puts into its folder; what else stands there is somebody's.
FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", LOCK)
FOLDERS = ("backups", "vectors", "index")
MAGIC = b"SQLite format 3\x00"
APPLICATION_ID = 0x726E6231  # "rnb1": tells our file from any other SQLite database
SCHEMA_VERSION = 6  # how many steps of store/migrations.py the database has gone
