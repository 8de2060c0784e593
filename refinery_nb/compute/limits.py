"""What a child process may use before it is ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the work in a child process.

    Attributes
    ----------
    record_seconds
        Time for one record, by the wall clock.
    total_seconds
        Time for all records of one step, summed over the processes.
    memory_bytes
        Address space of one process (Linux; best effort on macOS).
    output_bytes
        What is kept of the text that one step prints; the rest is cut.
    file_bytes
        Size of a file that is written.
    start_seconds
        Time to start, to import what a step needs and to load a chunk.
    network
        Whether connections may be opened.
    """

    record_seconds: float = 5.0
    total_seconds: float = 3600.0
    memory_bytes: int = 2 << 30
    output_bytes: int = 1 << 20
    file_bytes: int = 64 << 20
    start_seconds: float = 60.0
    network: bool = False

    def spec(self) -> dict[str, float | int | bool]:
        """Return the limits as plain values, for the child."""
        return asdict(self)
