"""Posting to an endpoint: patience, rate, and a key that stays where it is."""

from __future__ import annotations

import json
import logging
import threading

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.net.endpoint import Endpoint
from refinery_nb.net.rate import MINUTE, Clock, Rate

URL = "https://api.example.com/v1"
KEY = "sk-very-secret"


class Time(Clock):
    """Waits in no time, and remembers how long."""

    def __init__(self) -> None:
        self.at = 0.0
        self.waited: list[float] = []

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.waited.append(seconds)
        self.at += seconds


Answer = httpx.Response | Exception


def endpoint(*answers: Answer, time: Time | None = None, url: str = URL, **options: object):
    """Return an endpoint that gets these answers, the last again and again, and its requests."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = answers[min(len(seen), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once only.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    made = Endpoint(
        url, transport=httpx.MockTransport(handle), clock=time or Time(), **{"key": KEY, **options}
    )
    return made, seen


def ok(**body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


def test_it_posts_json_with_the_key_below_the_url() -> None:
    made, seen = endpoint(ok(answer=1))
    assert made.post("chat/completions", {"text": "é"}) == {"answer": 1}
    (request,) = seen
    assert str(request.url) == f"{URL}/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.content) == {"text": "é"}


def test_a_lone_surrogate_does_not_break_a_request() -> None:
    made, seen = endpoint(ok())
    made.post("x", {"text": "a\ud83d"})
    assert json.loads(seen[0].content) == {"text": "a?"}


def test_busy_then_fine_waits_as_the_server_says() -> None:
    time = Time()
    busy = httpx.Response(429, headers={"retry-after": "7"})
    made, seen = endpoint(busy, busy, ok(), time=time)
    assert made.post("x", {}) == {}
    assert len(seen) == 3
    assert time.waited == [7, 7]


def test_a_date_to_retry_after_is_read_against_the_servers_own_clock() -> None:
    time = Time()
    when = {
        "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT",
        "date": "Wed, 21 Oct 2015 07:28:00 GMT",
    }
    made, _ = endpoint(httpx.Response(503, headers=when), ok(), time=time)
    made.post("x", {})
    assert time.waited == [30]


@pytest.mark.parametrize(
    "fault", [httpx.Response(500), httpx.ReadTimeout("slow"), httpx.ConnectError("refused")]
)
def test_what_may_pass_is_tried_again_ever_more_slowly(fault: Answer) -> None:
    time = Time()
    made, seen = endpoint(fault, time=time, retries=3)
    with pytest.raises(EndpointError) as caught:
        made.post("x", {})
    assert len(seen) == 4
    assert time.waited == [0.5, 1, 2]
    assert caught.value.status == (500 if isinstance(fault, httpx.Response) else None)
    assert "4 times" in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    made, seen = endpoint(httpx.Response(status, json={"error": {"message": "no such model"}}))
    with pytest.raises(EndpointError, match="no such model") as caught:
        made.post("x", {})
    assert caught.value.status == status
    assert len(seen) == 1


def test_an_account_without_money_and_a_far_date_are_not_waited_for() -> None:
    broke = httpx.Response(429, json={"error": {"code": "insufficient_quota", "message": "pay"}})
    far = httpx.Response(429, headers={"retry-after": "86400"})
    for answer in (broke, far):
        time = Time()
        made, seen = endpoint(answer, time=time)
        with pytest.raises(EndpointError):
            made.post("x", {})
        assert (len(seen), time.waited) == (1, [])


def test_a_redirect_is_told_not_followed() -> None:
    away = httpx.Response(307, headers={"location": "https://elsewhere.example/v1"})
    made, seen = endpoint(away)
    with pytest.raises(EndpointError, match=r"elsewhere\.example"):
        made.post("x", {})
    assert [request.url.host for request in seen] == ["api.example.com"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello", b"[1]", b'{"a": ', b"[" * 100_000, b"\xff\xfe"]
)
def test_an_answer_that_is_no_object_is_an_error_with_its_beginning(body: bytes) -> None:
    made, _ = endpoint(httpx.Response(200, content=body))
    with pytest.raises(EndpointError, match="no JSON object") as caught:
        made.post("x", {})
    assert len(str(caught.value)) < 700


def test_an_answer_that_drips_is_a_timeout() -> None:
    time = Time()

    class Drip(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                time.at += 0.6
                yield b" "

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Drip())

    made = Endpoint(
        URL, timeout=5, retries=1, transport=httpx.MockTransport(handle), clock=time, key=KEY
    )
    with pytest.raises(EndpointError, match="no answer in 5 s, 2 times"):
        made.post("x", {})


def test_the_key_is_nowhere_to_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = httpx.Response(401, json={"error": {"message": f"Incorrect key {KEY}.\x1b[31m"}})
    made, seen = endpoint(echo)
    with pytest.raises(EndpointError) as caught:
        made.post("x", {})
    assert seen[0].headers["authorization"].endswith(KEY)
    assert "***" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    for told in (repr(made), str(caught.value), repr(caught.value), caplog.text):
        assert KEY not in told


def test_the_key_of_the_environment_goes_over_https_or_to_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REFINERY_NB_API_KEY", KEY)
    sent = {}
    for url in (URL, "http://localhost:8000/v1", "http://models.example:8000/v1"):
        made, seen = endpoint(ok(), url=url, key=None)
        made.post("x", {})
        sent[url] = "authorization" in seen[0].headers
    assert list(sent.values()) == [True, True, False]


@pytest.mark.parametrize(
    "url",
    [
        *("", "api.example.com", "file://host/etc/passwd", "ftp://x/y", "https://"),
        *(
            "https://user:pw@example.com/v1",
            "https://example.com/v1?api_key=1",
            "https://x:y/v1",
            None,
        ),
    ],
)
def test_what_is_no_address_or_holds_a_password_is_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Endpoint(url)
    assert "pw" not in str(caught.value)


def test_a_path_cannot_leave_the_url() -> None:
    made, seen = endpoint(ok())
    for path in ("https://elsewhere.example/x", "//elsewhere.example", "/x", "../admin"):
        with pytest.raises(InputError):
            made.post(path, {})
    assert seen == []


def test_a_key_with_a_line_break_is_refused() -> None:
    with pytest.raises(InputError, match="characters"):
        Endpoint(URL, key="a\nX-Evil: 1")


def test_cancelling_ends_the_waiting() -> None:
    cancel = threading.Event()

    class Cancelling(Time):
        def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
            assert cancel is not None
            cancel.set()

    made, seen = endpoint(httpx.Response(500), time=Cancelling())
    with pytest.raises(EndpointError, match="cancelled"):
        made.post("x", {}, cancel=cancel)
    assert len(seen) == 1


def test_tokens_of_answers_make_the_next_request_wait() -> None:
    time = Time()
    made, _ = endpoint(ok(usage={"total_tokens": 600}), time=time, token_rate=1_000)
    for _ in range(3):
        made.post("x", {})
    assert time.waited == [MINUTE]


@given(
    st.floats(0.5, 50),
    st.lists(st.floats(0, 40), min_size=1, max_size=60),
)
def test_no_minute_ever_holds_more_requests_than_the_rate(
    limit: float, pauses: list[float]
) -> None:
    time = Time()
    rate = Rate(limit, None, time)
    begun = []
    for pause in pauses:
        time.at += pause
        rate.enter()
        begun.append(time.at)
    for at in begun:
        within = [other for other in begun if at <= other < at + MINUTE - 0.01]
        assert len(within) <= max(1, limit)
