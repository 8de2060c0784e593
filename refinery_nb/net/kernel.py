"""A kernel of another Jupyter server, or of a kernel gateway: expressions in, their values out."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from refinery_nb.core.errors import EndpointError, InputError, MissingExtra

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PAGES = ("lab", "tree", "notebooks", "doc")  # where a server's address ends, in a copied one
LOOK = 0.25  # seconds between two looks at whether somebody cancels, or the kernel has ended
ALIVE = 5.0  # seconds between two questions to the server whether there still is a kernel
OPENING = 15.0  # seconds for a connection
SAID = 1.0  # seconds after an answer for what was published before it
ENDING = 5.0  # seconds for the end of a kernel, or of what it was interrupted in
GONE = ("restarting", "autorestarting", "dead")

Told = Callable[[dict[str, Any]], None]


class KernelLost(Exception):
    """The connection or the kernel is gone; what was asked may be asked again."""


class KernelCancelled(Exception):
    """Somebody cancelled what was asked; the kernel was interrupted."""


class KernelFailed(Exception):
    """The kernel could not evaluate an expression: ``name`` of its exception, and what it says."""

    def __init__(self, name: str, said: str) -> None:
        self.name = name
        super().__init__(said)


class Kernel:
    """One kernel, started when it is first asked and ended by ``close``; for one thread at a time.

    Parameters
    ----------
    url
        Of the server, as ``address`` returns it.
    token
        Sent in the header of requests only: it stands in no address that somebody logs.
    name
        Of the kernel's specification there.

    Raises
    ------
    MissingExtra
        If ``jupyter-kernel-client`` is not installed.
    """

    def __init__(self, url: str, token: str, name: str) -> None:
        try:
            from jupyter_kernel_client.manager import KernelHttpManager
        except ImportError as error:
            raise MissingExtra(
                "remote kernels need the package jupyter-kernel-client, which is not installed.",
                hint='Run: pip install "refinery-nb[remote]"',
            ) from error
        self._make: Any = KernelHttpManager
        self._url, self._token, self._name = url, token, name
        self._id: str | None = None
        self._manager: Any = None
        self._client: Any = None

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._client is not None and bool(self._client.channels_running)

    def connect(self) -> None:
        """Connect to the kernel that was left, or to a new one if it is gone.

        Raises
        ------
        KernelLost
            If the server does not answer.
        EndpointError
            If it refuses.
        """
        import requests

        self.leave()
        headers = {"Authorization": f"token {self._token}"} if self._token else {}
        try:
            manager = self._make(
                server_url=self._url,
                token=None,
                kernel_id=self._id,
                headers=headers,
                client_kwargs={"timeout": OPENING},
                log=logging.getLogger(__name__),
            )
            if not manager.has_kernel or manager.kernel.get("execution_state") == "dead":
                manager = self._make(
                    server_url=self._url,
                    token=None,
                    headers=headers,
                    client_kwargs={"timeout": OPENING},
                    log=logging.getLogger(__name__),
                )
                manager.start_kernel(self._name)
        except requests.HTTPError as error:
            raise self._refused(error.response) from None
        except (requests.RequestException, OSError) as error:
            raise KernelLost(f"the server does not answer ({type(error).__name__})") from None
        self._id, client = manager.kernel["id"], manager.client
        # Its thread inherits that it is a daemon: an open connection keeps no process alive.
        starter = threading.Thread(target=client.start_channels, daemon=True)
        starter.start()
        starter.join()
        if not client.channels_running:
            client.stop_channels()
            raise KernelLost("the server opens no connection to the kernel")
        self._manager, self._client = manager, client

    def evaluate(
        self,
        expression: str,
        code: str = "",
        *,
        told: Told | None = None,
        cancel: threading.Event | None = None,
    ) -> str:
        """Return the value of an expression, a string of characters that ``repr`` leaves alone.

        Parameters
        ----------
        code
            Run before it.
        told
            Gets what the kernel displays meanwhile: data by MIME type.
        cancel
            Interrupts the kernel soon after it is set.

        Raises
        ------
        KernelLost, KernelCancelled, KernelFailed
        """
        if self._client is None:
            raise KernelLost("there is no connection")
        try:
            asked = self._client.execute(
                code,
                silent=True,
                store_history=False,
                user_expressions={"said": expression},
                allow_stdin=False,
            )
        except Exception as error:  # of websocket-client, of sockets: all say that it is gone
            raise KernelLost(f"the connection broke ({type(error).__name__})") from None
        try:
            content = self._answer(asked, told, cancel)
        except (KernelLost, KernelCancelled):
            raise
        except BaseException:  # the cell was interrupted, or `told` failed: nobody waits any more
            self.interrupt()
            raise
        said = content.get("user_expressions", {}).get("said", content)
        if content.get("status") != "ok" or said.get("status") != "ok":
            raise KernelFailed(str(said.get("ename", "")), str(said.get("evalue", said)))
        return str(said["data"]["text/plain"])[1:-1]

    def interrupt(self) -> None:
        """Interrupt what the kernel does."""
        if self._manager is not None:
            try:
                self._manager.interrupt_kernel(timeout=ENDING)
            except Exception:  # it is gone, or its server
                logging.getLogger(__name__).debug("the kernel could not be interrupted")

    def leave(self) -> None:
        """Close the connection; the kernel goes on."""
        client, self._client = self._client, None
        if client is not None:
            # It says goodbye at once, but looks only every ten seconds whether that was heard.
            threading.Thread(target=client.stop_channels, daemon=True).start()

    def close(self) -> None:
        """Close the connection and end the kernel; closing twice is harmless."""
        self.leave()
        manager, self._manager, self._id = self._manager, None, None
        if manager is not None:
            try:
                manager.shutdown_kernel(now=True, timeout=ENDING)
            except Exception:  # it is gone, or its server
                logging.getLogger(__name__).debug("the kernel could not be ended")

    def _answer(
        self, asked: str, told: Told | None, cancel: threading.Event | None
    ) -> dict[str, Any]:
        looked, until, heard = time.monotonic(), None, False
        while True:
            heard |= self._listen(asked, told)
            try:
                reply = self._client.get_shell_msg(timeout=LOOK)
            except queue.Empty:
                pass
            else:
                if reply["parent_header"].get("msg_id") == asked:
                    if told is not None and not heard:
                        self._hear_out(asked, told)
                    if until is not None:
                        raise KernelCancelled
                    return dict(reply["content"])
                continue
            now = time.monotonic()
            if cancel is not None and cancel.is_set() and until is None:
                until = now + ENDING
                self.interrupt()
            if until is not None and now > until:
                raise KernelCancelled
            if not self._client.channels_running:
                raise KernelLost("the connection was closed")
            if now - looked > ALIVE:
                looked = now
                if not self._alive():
                    raise KernelLost("the kernel has ended")

    def _alive(self) -> bool:
        try:
            return bool(self._manager.is_alive())
        except Exception as error:
            raise KernelLost(f"the server does not answer ({type(error).__name__})") from None

    def _hear_out(self, asked: str, told: Told) -> None:
        """Listen until all is said: what is published may come after the answer."""
        until = time.monotonic() + SAID
        while not self._listen(asked, told) and time.monotonic() < until:
            time.sleep(0.005)

    def _listen(self, asked: str, told: Told | None) -> bool:
        """Take what has been published: displays of what was asked, and the kernel's end.

        Return whether this was the last of it.
        """
        last = False
        for message in self._client.iopub_channel.get_msgs():
            content, kind = message["content"], message["header"]["msg_type"]
            if kind == "status" and content.get("execution_state") in GONE:
                raise KernelLost("the kernel has ended")
            ours = message["parent_header"].get("msg_id") == asked
            if told is not None and ours and kind == "display_data":
                told(content["data"])
            last |= ours and kind == "status" and content.get("execution_state") == "idle"
        return last

    def _refused(self, response: Any) -> EndpointError:
        status = int(response.status_code)
        try:
            said = str(response.json().get("message") or response.reason)
        except (ValueError, AttributeError):
            said = str(response.reason)
        if self._token:
            said = said.replace(self._token, "***")
        hint = None
        if status in (401, 403):
            hint = "Pass the server's token: token=, or set REFINERY_NB_REMOTE_TOKEN."
        elif status in (404, 500, 501):  # Jupyter Server has an unhandled error for it
            hint = f"Has it a kernel {self._name!r}? `jupyter kernelspec list` there says which."
        return EndpointError(
            f"{self._url} answered {status}: {said[:300]}", status=status, hint=hint
        )


def address(url: str) -> tuple[str, str]:
    """Return the address of a server, and the token in it if there is one.

    Raises
    ------
    InputError
        If it is no http or https URL, or holds a password.

    >>> address("http://127.0.0.1:8888/user/ann/lab/tree/a.ipynb?token=abc")
    ('http://127.0.0.1:8888/user/ann', 'abc')
    """
    example = "Give what the server prints, such as http://127.0.0.1:8888/lab?token=..."
    try:
        found = urlsplit(url)
        port, user = found.port, found.username
    except ValueError:
        raise InputError("the address of the remote kernel is no URL.", hint=example) from None
    if found.scheme not in ("http", "https") or not found.hostname:
        raise InputError(
            f"the address of the remote kernel, {found.scheme or '(no scheme)'}://"
            f"{found.hostname or ''}, is no http or https URL.",
            hint=example,
        )
    if user is not None:
        raise InputError(
            f"the address of {found.hostname} holds a password.", hint="Pass token= instead."
        )
    del port
    kept: list[str] = []
    for part in found.path.split("/"):
        if part in PAGES:
            break
        kept.append(part)
    token = parse_qs(found.query).get("token", [""])[0]
    return urlunsplit((found.scheme, found.netloc, "/".join(kept).rstrip("/"), "", "")), token


def is_safe(url: str) -> bool:
    """Return whether what is sent there is read by nobody between: https, or this machine."""
    found = urlsplit(url)
    return found.scheme == "https" or found.hostname in LOOPBACK
