"""An HTTP endpoint that speaks OpenAI's dialect: JSON out, JSON in."""

from __future__ import annotations

import json
import os
import re
import threading
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

import httpx

from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.net.rate import Clock, Rate

KEY = "REFINERY_NB_API_KEY"
AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
FIRST, LONGEST = 0.5, 60.0  # seconds between two tries
PATIENCE = 600.0  # seconds: a server that asks for more is not waited for
LARGEST = 256 * 1024 * 1024  # bytes of an answer
SHOWN = 300  # characters of an answer in an error
SECRET = re.compile(r"key|token|secret|sig|password", re.IGNORECASE)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Endpoint:
    """Post JSON to a server, patiently.

    What may pass is tried again: 429, 5xx and lost connections, after ``Retry-After`` where the
    server says it, or else after .5, 1, 2, ... seconds. Redirects are not followed, so that
    neither texts nor a key go where nobody sent them. It may be used by many threads at once; its
    connections stay open from request to request, and are closed at the end of ``with endpoint:``,
    by the last of them.

    Parameters
    ----------
    url
        Up to the version, such as ``https://api.example.com/v1``; http or https.
    key
        Sent as ``Authorization: Bearer``. None: the environment variable ``REFINERY_NB_API_KEY``
        if it is set, and only over https or to this machine. It is never shown, logged or kept.
    timeout
        Seconds for one try.
    retries
        How often a request is tried again.
    rate, token_rate
        At most so many requests, and tokens as the answers count them, in any minute.
    transport, clock
        For tests: what carries requests, and the time.

    Raises
    ------
    InputError
        If the URL, the key or a number is of no use.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: float = 60.0,
        retries: int = 5,
        rate: float | None = None,
        token_rate: float | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not timeout > 0 or retries < 0:
            raise InputError(f"timeout={timeout!r}, retries={retries!r}: they are not negative.")
        self._url = _checked(url)
        self._key = _key(key, self._url)
        self._timeout = float(timeout)
        self._retries = int(retries)
        self._clock = clock or Clock()
        self._rate = Rate(rate, token_rate, self._clock)
        self._transport = transport
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None
        self._users = 0

    @property
    def url(self) -> str:
        """The address, without anything behind a question mark."""
        return str(self._url.copy_with(query=None))

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, key={'***' if self._key else None})"

    def __enter__(self) -> Endpoint:
        with self._lock:
            self._users += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._users -= 1
            last = self._users <= 0
        if last:
            self.close()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._opened = None

    def post(
        self, path: str, body: dict[str, Any], *, cancel: threading.Event | None = None
    ) -> dict[str, Any]:
        """Send JSON and return the JSON that comes back.

        Parameters
        ----------
        path
            Below the URL, such as ``chat/completions``.
        cancel
            Ends the waiting between tries soon after it is set.

        Raises
        ------
        EndpointError
            If the server refuses, does not answer as often as it is tried, or answers something
            that is no JSON object; with its ``status`` and the beginning of its answer.
        """
        if ":" in path or path.startswith("/") or ".." in path.split("/"):
            raise InputError(f"{path!r} is no path below {self.url}.")
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        url = self._url.copy_with(path=f"{self._url.path.rstrip('/')}/{path}")
        for attempt in range(self._retries + 1):
            self._rate.enter(cancel)
            if cancel is not None and cancel.is_set():
                break
            last = attempt == self._retries
            try:
                status, headers, answer = self._once(url, content)
            except httpx.TransportError as error:
                if last or isinstance(error, (httpx.UnsupportedProtocol, httpx.ProxyError)):
                    raise self._lost(error, attempt + 1) from None
                seconds = _backoff(attempt)
            else:
                if 200 <= status < 300:
                    return self._read(status, answer)
                seconds = _pause(headers, attempt)
                if last or status not in AGAIN or seconds > PATIENCE or _final(answer):
                    raise self._refused(status, headers, answer, attempt + 1)
            self._clock.wait(seconds, cancel)
        raise EndpointError(f"the request to {self.url} was cancelled.")

    def _once(self, url: httpx.URL, content: bytes) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        begun = self._clock.now()
        with self._client().stream("POST", url, content=content, headers=headers) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > LARGEST:
                    raise EndpointError(
                        f"{self.url} answers with more than {LARGEST >> 20} MiB.",
                        status=response.status_code,
                    )
                if self._clock.now() - begun > self._timeout:
                    raise httpx.ReadTimeout("the answer comes too slowly")
            return response.status_code, response.headers, b"".join(parts)

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._opened is None:
                self._opened = httpx.Client(
                    timeout=self._timeout, follow_redirects=False, transport=self._transport
                )
            return self._opened

    def _read(self, status: int, answer: bytes) -> dict[str, Any]:
        try:
            found = json.loads(answer)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise EndpointError(
                f"{self.url} answers with something that is no JSON object: "
                f"{self._short(answer) or 'nothing'}",
                status=status,
                hint="Is this the address of an OpenAI-compatible API, up to its version (/v1)?",
            )
        usage = found.get("usage")
        spent = usage.get("total_tokens") if isinstance(usage, dict) else None
        if isinstance(spent, int):
            self._rate.spend(spent)
        return found

    def _refused(
        self, status: int, headers: httpx.Headers, answer: bytes, tries: int
    ) -> EndpointError:
        times = f" {tries} times" if tries > 1 else ""
        said = self._short(_message(answer))
        hint = None
        if 300 <= status < 400:
            said = f"it points to {self._short(headers.get('location', 'nowhere').encode())}"
            hint = "Redirects are not followed; give the address that you mean."
        elif status in (401, 403):
            hint = f"Give a key: key= or the environment variable {KEY}."
        elif status == 404:
            hint = "Give the address up to its version, such as https://api.example.com/v1."
        elif status == 429:
            hint = "Set rate= (requests a minute), or wait."
        return EndpointError(
            f"{self.url} answered {status}{times}: {said or 'without a word'}",
            status=status,
            hint=hint,
        )

    def _lost(self, error: httpx.TransportError, tries: int) -> EndpointError:
        slow = isinstance(error, httpx.TimeoutException)
        what = f"gave no answer in {self._timeout:g} s" if slow else "cannot be reached"
        times = f", {tries} times" if tries > 1 else ""
        why = self._short(str(error).encode("utf-8", "replace")) or type(error).__name__
        return EndpointError(
            f"{self.url} {what}{times}: {why}",
            hint="Set timeout= higher." if slow else "Is the server running?",
        )

    def _short(self, answer: bytes) -> str:
        text = answer.decode("utf-8", "replace")
        if self._key:  # some servers say it back
            text = text.replace(self._key, "***")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _checked(url: str) -> httpx.URL:
    example = "Give something like https://api.example.com/v1."
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise InputError(f"the endpoint is no URL: {error}.", hint=example) from None
    if found.scheme not in ("http", "https") or not found.host:
        raise InputError(
            f"the endpoint {found.scheme or '(no scheme)'}://{found.host} is no http or https URL.",
            hint=example,
        )
    if found.userinfo or any(SECRET.search(name) for name, _ in parse_qsl(found.query.decode())):
        raise InputError(
            f"the URL of {found.host} holds a password or key.",
            hint=f"Pass it as key=, or set {KEY}.",
        )
    return found.copy_with(fragment=None)


def _key(key: str | None, url: httpx.URL) -> str:
    if key is None:
        safe = url.scheme == "https" or url.host in LOOPBACK
        key = os.environ.get(KEY, "") if safe else ""
    key = key.strip()
    if not key.isascii() or any(not c.isprintable() for c in key):
        raise InputError("the key holds characters that no key has.")
    return key


def _backoff(attempt: int) -> float:
    return float(min(FIRST * 2**attempt, LONGEST))


def _pause(headers: httpx.Headers, attempt: int) -> float:
    """Return the seconds until the next try: as the server says, or else by ourselves."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said):
        return float(said)
    try:
        # Against the server's own clock: ours may be wrong.
        until, now = (parsedate_to_datetime(one) for one in (said, headers.get("date", "")))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return _backoff(attempt)


def _message(answer: bytes) -> bytes:
    """Return the message in the JSON of an error, or all of it."""
    try:
        found = json.loads(answer)["error"]
        said = found["message"] if isinstance(found, dict) else found
    except (ValueError, KeyError, TypeError, RecursionError):
        return answer
    return str(said).encode("utf-8", "replace")


def _final(answer: bytes) -> bool:
    """Say whether waiting cannot help: the account has no money left."""
    return b'"insufficient_quota"' in answer
