"""Work on another machine: a kernel of a Jupyter server that the user names."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import sys
import threading
import time
import warnings
import weakref
from base64 import b64decode, b64encode
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from refinery_nb.core import errors
from refinery_nb.core.errors import EndpointError, InputError, RefineryError
from refinery_nb.core.version import __version__

if TYPE_CHECKING:
    from refinery_nb.core.executor import Report
    from refinery_nb.core.parcel import Parcel
    from refinery_nb.net.kernel import Kernel, KernelLost

URL, TOKEN = "REFINERY_NB_REMOTE_URL", "REFINERY_NB_REMOTE_TOKEN"
END = "__import__('refinery_nb.compute.remote_end', fromlist=['_'])"
DEATHS = 3  # of the kernel during the same work, before it is taken for the work's fault
WAIT = 0.5  # seconds before connecting again
# Plain Python: it says what is there also where refinery_nb is not.
ABOUT = """
def _refinery_nb_about():
    import base64, importlib.metadata, json, sys
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("refinery-nb", "torch"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return base64.b64encode(json.dumps(found).encode()).decode()
"""
_open: weakref.WeakSet[RemoteKernel] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for one in list(_open):
        one.close()


class RemoteKernel:
    """A kernel on another Jupyter server or kernel gateway that embeds, learns and judges.

    It is started when it is first used, and ended by ``close``, at the end of ``with``, or with
    this process. Texts and vectors are sent there; labels and projects stay here. A connection
    that breaks is made again and goes on with the same work; a kernel that ends is started again,
    and only what it had not answered is done anew.

    Parameters
    ----------
    url
        As the server prints it. None: the environment variable ``REFINERY_NB_REMOTE_URL``, or else
        ``c.RemoteKernel.url`` of this kernel's configuration.
    token
        Of the server; it may stand in ``url``. None: ``REFINERY_NB_REMOTE_TOKEN`` or
        ``c.RemoteKernel.token``, if the address is https or this machine. It is never shown,
        logged or kept.
    kernel
        The kernel's specification there.
    patience
        Seconds that a server which does not answer is waited for.

    Raises
    ------
    InputError
        If there is no address, or it is none.
    MissingExtra
        If ``jupyter-kernel-client`` is not installed.

    Examples
    --------
    ::

        remote = rn.compute.RemoteKernel("https://gpu.example.com", token="...")
        project.embed("text", model="all-MiniLM-L6-v2", executor=remote)
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        kernel: str = "python3",
        patience: float = 30.0,
    ) -> None:
        from refinery_nb.net.kernel import Kernel, address, is_safe

        said = url or _configured("url", URL)
        if not said:
            raise InputError(
                "no remote kernel is named.",
                hint=f"Pass the address of a Jupyter server, or set {URL}.",
            )
        self.url, inside = address(said)
        if token is None:
            token = inside or (_configured("token", TOKEN) if is_safe(self.url) else "")
        token = token.strip()
        if not token.isascii() or not token.isprintable():
            raise InputError("the token holds characters that no token has.")
        self._kernel: Kernel = Kernel(self.url, token, kernel)
        self._name = kernel
        self._patience = patience
        self._lock = threading.Lock()
        self._versions: dict[str, str | None] | None = None
        _open.add(self)

    def __repr__(self) -> str:
        state = "connected" if self._kernel.connected else "not connected"
        return f"RemoteKernel({self.url!r}, kernel={self._name!r}): {state}"

    def __enter__(self) -> RemoteKernel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a remote kernel is not copied: its token would go along.")

    def close(self) -> None:
        """End the kernel; what is asked later starts another one."""
        self._kernel.close()
        self._versions = None

    @property
    def versions(self) -> dict[str, str | None]:
        """The versions there of ``python``, ``refinery-nb`` and ``torch``; connects if needed.

        Raises
        ------
        EndpointError
            If the server refuses or does not answer, or has no refinery_nb of this version.
        """
        with self._lock:
            return dict(self._patiently(lambda: self._ready(), None))

    def run(
        self,
        target: str,
        question: Parcel,
        *,
        report: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Parcel:
        """Run a function there and return what it answers.

        Parameters
        ----------
        target
            ``"module:function"`` of this package: it gets the question and ``report``.
        report
            Told of progress, now and then: how much is done, of how much.
        cancel
            Interrupts the work soon after it is set.

        Raises
        ------
        RefineryError
            What the function raised.
        EndpointError
            If the server refuses or does not answer, the work was cancelled, or failed otherwise.
        """
        from refinery_nb.compute.remote_end import RAW
        from refinery_nb.core.parcel import Parcel

        content = question.to_bytes()
        pieces = [
            b64encode(content[at : at + RAW]).decode("ascii")
            for at in range(0, max(len(content), 1), RAW)
        ]
        work = _Work(secrets.token_hex(8), target, pieces, report, cancel)
        with self._lock:
            answer = self._patiently(lambda: self._done(work), cancel)
        return _opened(Parcel.from_bytes(answer), self.url)

    def _patiently(self, call: Callable[[], Any], cancel: threading.Event | None) -> Any:
        """Return what a call returns; connect again where the connection or kernel is lost."""
        from refinery_nb.net.kernel import KernelCancelled, KernelFailed, KernelLost

        deaths, since = 0, None
        while True:
            try:
                return call()
            except KernelLost as lost:
                since, deaths = self._lost(lost, since, deaths)
            except KernelCancelled:
                raise EndpointError(f"the work at {self.url} was cancelled.") from None
            except KernelFailed as error:
                raise EndpointError(
                    f"the kernel {self._name!r} at {self.url} failed: {error.name}: {error}"
                ) from None
            if cancel is not None and cancel.is_set():
                raise EndpointError(f"the work at {self.url} was cancelled.")

    def _lost(self, lost: KernelLost, since: float | None, deaths: int) -> tuple[float | None, int]:
        """Wait a moment before the next try; give up after too many."""
        served = self._versions is not None
        self._versions = None
        self._kernel.leave()
        deaths += served
        now = time.monotonic()
        since = now if since is None or served else since
        if deaths >= DEATHS:
            raise EndpointError(
                f"the kernel at {self.url} was lost {deaths} times during the same work: {lost}.",
                hint="It may need more memory than there is.",
            )
        if now - since >= self._patience:
            raise EndpointError(
                f"{self.url} cannot be reached: {lost}.",
                hint="Is the server running? What was answered until then is kept.",
            )
        time.sleep(WAIT)
        return since, deaths

    def _ready(self) -> dict[str, str | None]:
        """Connect if there is no connection, and check what is installed there."""
        if self._versions is None or not self._kernel.connected:
            self._kernel.connect()
            said = self._kernel.evaluate("_refinery_nb_about()", ABOUT)
            self._versions = _checked(json.loads(b64decode(said)), self.url)
        return self._versions

    def _done(self, work: _Work) -> bytes:
        """Return the answer to some work, which may have been asked for before."""
        self._ready()
        state, count, piece = "unknown", 0, ""
        if work.sent:
            state, count, piece = self._say(work, f"give({work.call!r}, 0)")
        while state == "unknown":
            for number, one in enumerate(work.pieces[:-1]):
                self._say(work, f"take({work.call!r}, {number}, {one!r})")
            work.sent = True
            last = f"{len(work.pieces) - 1}, {work.pieces[-1]!r}"
            state, count, piece = self._say(work, f"work({work.call!r}, {work.target!r}, {last})")
        answer = [b64decode(piece)]
        for number in range(1, count):
            answer.append(b64decode(self._say(work, f"give({work.call!r}, {number})")[2]))
        if count > 1:
            self._say(work, f"drop({work.call!r})")
        return b"".join(answer)

    def _say(self, work: _Work, call: str) -> tuple[str, int, str]:
        told = None if work.report is None else work.tell
        said = self._kernel.evaluate(f"{END}.{call}", told=told, cancel=work.cancel)
        state, count, piece = said.split(" ", 2)
        return state, int(count), piece


class _Work:
    """Some work under way."""

    def __init__(
        self,
        call: str,
        target: str,
        pieces: list[str],
        report: Report | None,
        cancel: threading.Event | None,
    ) -> None:
        self.call, self.target, self.pieces = call, target, pieces
        self.report, self.cancel = report, cancel
        self.sent = False

    def tell(self, data: dict[str, Any]) -> None:
        """Pass progress on."""
        from refinery_nb.compute.remote_end import MIME

        if self.report is not None and MIME in data:
            self.report(int(data[MIME]["done"]), int(data[MIME]["total"]))


def _opened(answer: Parcel, url: str) -> Parcel:
    """Return what a function answered, or raise what it raised."""
    from refinery_nb.core.parcel import Parcel

    said = answer.said
    if "error" in said:
        kind = getattr(errors, said["error"], None)
        if isinstance(kind, type) and issubclass(kind, RefineryError) and kind is not EndpointError:
            raise kind(said["message"], **said.get("where", {}))
        raise EndpointError(f"the work at {url} failed: {said['message']}")
    for one in said["warnings"]:
        warnings.warn(f"{url}: {one}", RuntimeWarning, stacklevel=3)
    return Parcel(said["answer"], answer.texts, answer.arrays)


def _checked(found: dict[str, str | None], url: str) -> dict[str, str | None]:
    """Return the versions there, if this version can work with them."""
    from importlib.metadata import PackageNotFoundError, version

    there = found["refinery-nb"]
    if there != __version__:
        what = "has no refinery_nb" if there is None else f"has refinery_nb {there}"
        raise EndpointError(
            f"the kernel at {url} (Python {found['python']}) {what}; {__version__} is needed.",
            hint=f'Run there: pip install "refinery-nb[models]=={__version__}"',
        )
    try:
        here = version("torch")
    except PackageNotFoundError:
        return found
    if found["torch"] not in (None, here):
        warnings.warn(
            f"{url} has torch {found['torch']}, here is {here}: vectors may differ in their last "
            "digits.",
            RuntimeWarning,
            stacklevel=2,
        )
    return found


def _configured(name: str, variable: str) -> str:
    """Return a setting from the environment, or from the configuration of this kernel."""
    said = os.environ.get(variable, "")
    known = sys.modules.get("traitlets.config")
    if not said and known is not None and known.Application.initialized():
        said = str(known.Application.instance().config.get("RemoteKernel", {}).get(name, ""))
    return said
