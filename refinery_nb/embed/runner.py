"""A model that is loaded: token ids in, vectors of tokens out, on whatever device works."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.embed.embedder import needed
from refinery_nb.embed.folder import ModelFolder
from refinery_nb.embed.model import Ids, Loaded, Static

# Tokens of a batch, padding included. With more, a CPU spends its time on fresh pages of memory.
BUDGET, GPU_BUDGET = 2_048, 65_536
LEAST = 256  # tokens: a batch is not made smaller
PRECISIONS = ("float32", "bfloat16", "float16")
WORKERS = 16
Done = Callable[[list[int], Any, Any], None]


def choose_device(torch: Any) -> str:
    """Return where models run by default: on a GPU if torch sees one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


class Runner:
    """A loaded model.

    Parameters
    ----------
    folder
        Of the model.
    precision
        Of the products; None: float32 on a CPU, bfloat16 or float16 on a GPU.
    device
        Such as ``cuda:1``; None: a GPU if there is one.

    Raises
    ------
    InputError
        If the model cannot be loaded.

    Notes
    -----
    Batches on a CPU run side by side on threads, each with one core: several cores that share
    each small step wait for one another, much longer so where others use the machine too. On a GPU
    two take turns: one prepares its batch while the card works for the other.
    """

    def __init__(self, folder: ModelFolder, precision: str | None, device: str | None) -> None:
        self._torch = needed("torch", "models")
        self._folder = folder
        self._precision = precision
        self._lock = threading.RLock()
        self._pool: ThreadPoolExecutor | None = None
        self.device = device or choose_device(self._torch)
        try:
            self._start()
        except InputError:
            raise
        except Exception as error:
            if self.device == "cpu":
                raise
            self._to_cpu(error)

    def _start(self) -> None:
        """Load the model onto the device."""
        self.budget = BUDGET if self.device == "cpu" else GPU_BUDGET
        torch, folder = self._torch, self._folder
        self._model: Static | Loaded = (
            Static(torch, folder, self.device)
            if folder.static
            else Loaded(torch, folder, self.device, self._precision)
        )
        self.dim = self._model.dim
        self.window = self._model.window

    def run(self, texts: Sequence[Ids], done: Done) -> None:
        """Give each text's tokens vectors.

        Parameters
        ----------
        texts
            Token ids.
        done
            Called for each batch, on any thread: which texts, their vectors one after another,
            float32 of shape (tokens, dim) on the device, and how many tokens each has.
        """
        workers, budget = (2 if self._torch.device(self.device).type == "cuda" else 1), self.budget
        if self.device == "cpu" and texts:
            workers = min(WORKERS, self._torch.get_num_threads())
            # As many batches for each core, so that all are done at the same time.
            total, longest = sum(map(len, texts)), max(map(len, texts))
            rounds = -(-total // (budget * workers))
            each = total // (max(rounds, 1) * workers) + longest
            budget = min(budget, max(LEAST, each))
        planned = list(batches([len(text) for text in texts], budget, self._model.padded))
        if workers == 1 or len(planned) == 1:
            for rows in planned:
                self._batch(texts, rows, done)
            return
        pool = self._workers(workers)
        futures = [pool.submit(self._batch, texts, rows, done) for rows in planned]
        try:
            for future in futures:
                future.result()
        finally:  # also when the cell is interrupted: what runs ends soon
            for future in futures:
                future.cancel()

    def _batch(self, texts: Sequence[Ids], rows: list[int], done: Done) -> None:
        """Do one batch; if memory runs out, in halves; if the device fails, on the CPU."""
        device = self.device
        failed = self._try(texts, rows, done)
        if failed is None:
            return
        half = len(rows)
        if _out_of_memory(self._torch, failed) and half > 1:
            self.budget = max(LEAST, self.budget // 2)
            half //= 2
            if device != "cpu" and self._torch.cuda.is_available():
                self._torch.cuda.empty_cache()
        elif device != "cpu":
            with self._lock:
                if self.device == device:
                    self._to_cpu(failed)
        else:
            raise failed
        for part in (rows[:half], rows[half:]):
            if part:
                self._batch(texts, part, done)

    def _try(self, texts: Sequence[Ids], rows: list[int], done: Done) -> Exception | None:
        torch, device = self._torch, self.device
        try:
            with torch.inference_mode():
                lengths = torch.tensor([len(texts[row]) for row in rows], device=device)
                done(rows, self._model([texts[row] for row in rows]), lengths)
        except (RuntimeError, MemoryError) as error:
            # Without its frames, which keep the tensors of the failed try alive.
            return error.with_traceback(None)
        return None

    def _to_cpu(self, error: BaseException) -> None:
        said = f"{type(error).__name__}: {str(error)[:200]}"
        warnings.warn(
            f"the model cannot run on {self.device} ({said}); it goes on on the CPU.",
            RuntimeWarning,
            stacklevel=2,
        )
        self.device = "cpu"
        self._pool = None  # of as many threads as a CPU has cores
        self._start()

    def _workers(self, count: int) -> ThreadPoolExecutor:
        """Return threads that use one core each."""
        with self._lock:
            if self._pool is None:
                torch, before = self._torch, self._torch.get_num_threads()
                together = threading.Barrier(count)

                def begin() -> None:
                    torch.set_num_threads(1)
                    together.wait()

                self._pool = ThreadPoolExecutor(count, "embed", begin)
                for future in [self._pool.submit(int) for _ in range(count)]:
                    future.result()
                torch.set_num_threads(before)  # of threads that are yet to come
            return self._pool


def batches(lengths: Sequence[int], budget: int, padded: bool = True) -> Iterator[list[int]]:
    """Yield positions, longest first, in batches of at most ``budget`` tokens.

    Parameters
    ----------
    padded
        Whether tokens are counted as if all texts of a batch were as long as its longest.

    >>> list(batches([5, 1, 4, 1], 8))
    [[0], [2, 1], [3]]
    >>> list(batches([5, 1, 4, 1], 8, padded=False))
    [[0], [2, 1, 3]]
    """
    batch: list[int] = []
    tokens = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        tokens += lengths[row]
        if batch and (lengths[batch[0]] * (len(batch) + 1) if padded else tokens) > budget:
            yield batch
            batch, tokens = [], lengths[row]
        batch.append(row)
    if batch:
        yield batch


def _out_of_memory(torch: Any, error: BaseException) -> bool:
    said = str(error).lower()
    return (
        isinstance(error, (MemoryError, torch.OutOfMemoryError))
        or "out of memory" in said
        or "can't allocate memory" in said
        or "not enough memory" in said
    )
