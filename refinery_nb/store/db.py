"""The database file: opening it safely, one writer, many readers.

All writing of a process goes through one connection under one lock, in ``BEGIN IMMEDIATE``
transactions. Across processes every write and every checkpoint holds the lock file beside the
database: SQLite up to 3.51.2 can corrupt a WAL when one process writes at the instant at which
another checkpoints (its WAL-reset bug), and the lock rules that out.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlite_utils
from filelock import FileLock, Timeout

from refinery_nb.core.errors import StoreDamaged, StoreError, StoreTooNew
from refinery_nb.store.backup import FOLDER, back_up, newest_backup
from refinery_nb.store.functions import own_errors
from refinery_nb.store.identity import APPLICATION_ID as APPLICATION_ID
from refinery_nb.store.identity import DATABASE as DATABASE
from refinery_nb.store.identity import LOCK as LOCK
from refinery_nb.store.identity import MAGIC, SCHEMA_VERSION
from refinery_nb.store.migrations import migrations

LOCK_SECONDS = 60
CHECKPOINT_BYTES = 16 * 2**20
IDLE_READERS = 4
CACHE_KIB = 128 * 1024

# What must hold on every connection, and what it must answer when asked.
PRAGMAS = {"foreign_keys": 1, "trusted_schema": 0, "cell_size_check": 1, "synchronous": 2}


class Connection(sqlite3.Connection):
    """A connection that remembers its temporary tables (``store.derived``)."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.derived: dict[tuple[Any, ...], str] = {}
        self.made = 0


class Database:
    """An open project database.

    Parameters
    ----------
    root
        The project's folder, made if it is missing; None keeps everything in memory.

    Raises
    ------
    StoreError
        If the folder cannot be used; ``StoreDamaged`` and ``StoreTooNew`` say more.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._idle: list[Connection] = []
        self._closed = False
        self._depth = 0
        self._process_lock: FileLock | None = None
        if root is None:
            self._writer = _connect(":memory:", uri=False)
            self._prepare()
            return
        path = root / DATABASE
        _make_folder(root)
        if path.exists():
            check_file(path)
        self._process_lock = FileLock(root / LOCK, timeout=LOCK_SECONDS, thread_local=False)
        with self._across_processes():
            self._writer = _connect(_uri(path), uri=True)
            try:
                self._use_wal()
                self._prepare()
            except BaseException:
                self._writer.close()
                raise
            os.utime(root / LOCK)  # when it was opened last

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the writer inside a transaction; commit at the end, roll back on any exception.

        A ``write`` inside a ``write`` of the same thread joins its transaction.
        """
        self._check_usable()
        with self._lock:
            if self._depth:
                yield self._writer
                return
            with self._across_processes():
                self._writer.execute("BEGIN IMMEDIATE")
                self._depth += 1
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    # Also KeyboardInterrupt: the stop button must not leave half a write open.
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
                finally:
                    self._depth -= 1
                self._checkpoint()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading.

        On disk it is one of several read-only connections, so that reading never waits for the
        writer; in memory it is the writer itself, under its lock.
        """
        self._check_usable()
        if self.root is None:
            with self._lock:
                try:
                    with own_errors():
                        yield self._writer
                finally:
                    # A reader's own transaction. Nothing was written, and a rollback would take
                    # temporary tables with it.
                    if self._writer.in_transaction and not self._depth:
                        self._writer.execute("COMMIT")
            return
        connection = self._take_reader()
        try:
            with own_errors():
                yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            with self._lock:
                if len(self._idle) < IDLE_READERS and not self._closed:
                    self._idle.append(connection)
                    connection = None  # type: ignore[assignment]
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Close all connections; closing twice is harmless."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            # The last connection of all processes checkpoints as it closes.
            with self._across_processes():
                self._writer.close()

    def _take_reader(self) -> Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        assert self.root is not None
        return _connect(_uri(self.root / DATABASE) + "?mode=ro", uri=True)

    def _check_usable(self) -> None:
        if self._closed:
            raise StoreError("the project is closed.", hint="Open it again with rn.open().")
        if os.getpid() != self._pid:
            raise StoreError(
                "this project was opened by the parent process; a forked child cannot use it.",
                hint="Open it again in the child, or start children by spawn.",
            )
        if self.root is not None and not (self.root / DATABASE).exists():
            raise StoreError(
                f"the project folder {str(self.root)!r} was moved or deleted while it was open.",
                hint="Put it back; nothing is written meanwhile.",
            )

    def _across_processes(self) -> AbstractContextManager[object]:
        if self._process_lock is None:
            return nullcontext()
        return _held(self._process_lock)

    def _use_wal(self) -> None:
        (mode,) = self._writer.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise StoreError(
                f"the folder {str(self.root)!r} cannot hold a write-ahead log.",
                hint="Network file systems often cannot; keep the project on a local disk.",
            )
        # Checkpoints are made by us, under the lock of all processes.
        self._writer.execute("PRAGMA wal_autocheckpoint=0")
        # A large import touches every page of the key's index: out of the cache, each goes to the
        # log again and again.
        self._writer.execute(f"PRAGMA cache_size=-{CACHE_KIB}")

    def _prepare(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreTooNew(
                f"the project has the schema version {version}; this refinery_nb knows versions "
                f"up to {SCHEMA_VERSION}.",
                hint="Update refinery_nb to open it. It was not changed.",
            )
        if version < SCHEMA_VERSION:
            if version and self.root is not None:
                at = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-schema{version}.db"
                back_up(self._writer, self.root / FOLDER / at)
            migrations.apply(sqlite_utils.Database(self._writer))
            self._writer.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._writer.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _checkpoint(self) -> None:
        if self.root is None:
            return
        wal = self.root / (DATABASE + "-wal")
        if wal.exists() and wal.stat().st_size > CHECKPOINT_BYTES:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def check_file(path: Path) -> None:
    """Raise if a file is not a healthy database of ours. It is only read.

    Raises
    ------
    StoreDamaged
        If it is no SQLite database, or a damaged one; names the newest good backup.
    StoreError
        If it is another program's SQLite database.
    """
    backup = newest_backup(path.parent)
    hint = "Nothing was changed. " + (
        f"The newest backup is {str(backup)!r}: rn.restore makes a project of it."
        if backup
        else "There is no backup of it in this folder."
    )
    with path.open("rb") as file:
        head = file.read(100)
    if head[:16] != MAGIC:
        what = "is empty" if not head else "is not an SQLite database"
        raise StoreDamaged(f"the file {what}.", source=str(path), hint=hint)
    connection = sqlite3.connect(_uri(path) + "?mode=ro", uri=True)
    try:
        connection.execute("PRAGMA cell_size_check=1")
        problems = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
        (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(f"the database is damaged: {error}.", source=str(path), hint=hint) from (
            error
        )
    finally:
        connection.close()
    if problems != ["ok"]:
        raise StoreDamaged(
            f"the database is damaged: {'; '.join(problems)}.", source=str(path), hint=hint
        )
    if application != APPLICATION_ID:
        raise StoreError(
            "this SQLite database is not a refinery_nb project.",
            source=str(path),
            hint="Choose another folder. Nothing was changed.",
        )


@contextmanager
def _held(lock: FileLock) -> Iterator[None]:
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            f"another process has been writing to this project for over {LOCK_SECONDS} seconds.",
            hint="Wait for its import or run to end, then try again.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except FileExistsError as error:
        raise StoreError(
            f"{str(root)!r} is a file; a project is a folder.", hint="Choose another name."
        ) from error
    except OSError as error:
        raise StoreError(f"the folder {str(root)!r} cannot be made: {error.strerror}.") from error
    if not os.access(root, os.W_OK):
        raise StoreError(f"the folder {str(root)!r} may not be written to.")


def _uri(path: Path) -> str:
    return path.absolute().as_uri()


def _connect(target: str, *, uri: bool) -> Connection:
    connection = sqlite3.connect(
        target,
        uri=uri,
        check_same_thread=False,
        isolation_level=None,
        timeout=LOCK_SECONDS,
        factory=Connection,
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")
        (answer,) = connection.execute(f"PRAGMA {name}").fetchone()
        if answer != value:
            connection.close()
            raise StoreError(f"SQLite does not accept PRAGMA {name}={value}: it says {answer}.")
    return connection
