"""Work in a kernel of another server, and of a gateway."""

from __future__ import annotations

import copy
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.compute import RemoteKernel
from refinery_nb.compute import remote as remotely
from refinery_nb.compute.remote_end import RAW
from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.core.parcel import Parcel
from refinery_nb.net.kernel import address
from tests.remote.serving import TOKEN, Remote
from tests.remote.work import HERE


def test_parcels_of_many_pieces_come_back_as_they_were(kernel: RemoteKernel) -> None:
    numbers = np.random.default_rng(0).random((3 * RAW // 8 + 5, 1))
    sent = Parcel({"k": [1, "\u00e4"]}, {"t": ["", "\U0001f600 'quoted'"]}, {"n": numbers})
    got = kernel.run(f"{HERE}:echo", sent)
    assert (got.said, got.texts) == (sent.said, sent.texts)
    assert np.array_equal(got.arrays["n"], numbers)


def test_progress_is_told(kernel: RemoteKernel) -> None:
    told: list[tuple[int, int]] = []
    kernel.run(f"{HERE}:echo", Parcel(), report=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)


def test_the_kernel_says_what_is_installed(kernel: RemoteKernel) -> None:
    assert kernel.versions["refinery-nb"] == rn.__version__
    assert str(kernel.versions["python"]).startswith("3.")


def test_errors_are_those_that_were_raised_there(kernel: RemoteKernel) -> None:
    with pytest.raises(InputError, match="record k7: too long") as raised:
        kernel.run(f"{HERE}:refuse", Parcel())
    assert raised.value.hint == "Make it shorter."
    with pytest.raises(EndpointError, match="ZeroDivisionError"):
        kernel.run(f"{HERE}:break_down", Parcel())
    with pytest.warns(RuntimeWarning, match="it is slow here"):
        kernel.run(f"{HERE}:warn", Parcel())


def test_cancelled_work_is_interrupted_and_the_kernel_goes_on(
    kernel: RemoteKernel, tmp_path: Path
) -> None:
    cancel = threading.Event()
    with pytest.raises(EndpointError, match="cancelled"):
        kernel.run(
            f"{HERE}:slow",
            Parcel({"folder": str(tmp_path)}),
            report=lambda done, total: cancel.set(),
            cancel=cancel,
        )
    assert (tmp_path / "log").read_text() == "began\n"
    assert kernel.run(f"{HERE}:echo", Parcel({"k": 1})).said == {"k": 1}


def test_an_error_of_who_listens_to_progress_is_his_own_and_ends_the_work(
    kernel: RemoteKernel, tmp_path: Path
) -> None:
    def fail(done: int, total: int) -> None:
        raise LookupError("no bar")

    with pytest.raises(LookupError, match="no bar"):
        kernel.run(f"{HERE}:slow", Parcel({"folder": str(tmp_path)}), report=fail)
    assert kernel.run(f"{HERE}:echo", Parcel({"k": 2})).said == {"k": 2}
    assert (tmp_path / "log").read_text() == "began\n"


def test_a_process_that_ends_takes_its_kernel_along(server: Remote) -> None:
    code = (
        "import refinery_nb as rn; remote = rn.compute.RemoteKernel();"
        "print(remote._kernel._id or remote.versions and remote._kernel._id)"
    )
    environment = os.environ | {"REFINERY_NB_REMOTE_URL": f"{server.url}?token={TOKEN}"}
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    asked = urllib.request.Request(
        f"{server.url}/api/kernels", headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(asked) as answer:
        running = [one["id"] for one in json.load(answer)]
    assert told.stdout.strip()
    assert told.stdout.strip() not in running


def test_a_connection_that_breaks_is_made_again_and_the_work_is_done_once(
    kernel: RemoteKernel, tmp_path: Path
) -> None:
    def break_it(done: int, total: int) -> None:
        if not (tmp_path / "go").exists():
            (tmp_path / "go").touch()
            kernel._kernel._client.kernel_socket.sock.sock.shutdown(socket.SHUT_RDWR)

    answer = kernel.run(f"{HERE}:slow", Parcel({"folder": str(tmp_path)}), report=break_it)
    assert answer.said == {"lines": ["began", "ended"]}


def test_a_kernel_that_is_killed_is_started_again(kernel: RemoteKernel) -> None:
    before = kernel.run(f"{HERE}:pid", Parcel()).said["pid"]
    os.kill(before, signal.SIGKILL)
    assert kernel.run(f"{HERE}:pid", Parcel()).said["pid"] != before


def test_work_that_kills_its_kernel_is_given_up(
    server: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remotely, "DEATHS", 2)
    with (
        RemoteKernel(server.url, token=TOKEN) as kernel,
        pytest.raises(EndpointError, match="lost 2 times"),
    ):
        kernel.run(f"{HERE}:die", Parcel())


@pytest.mark.parametrize(
    ("name", "said"), [("bare", "has no refinery_nb"), ("older", "has refinery_nb 0.0.9")]
)
def test_a_kernel_without_this_version_is_refused_with_what_to_install(
    server: Remote, name: str, said: str
) -> None:
    with (
        RemoteKernel(server.url, token=TOKEN, kernel=name) as remote,
        pytest.raises(EndpointError, match=said) as raised,
    ):
        remote.run(f"{HERE}:echo", Parcel())
    assert f"refinery-nb[models]=={rn.__version__}" in str(raised.value)


def test_a_kernel_that_is_not_there_a_wrong_token_and_no_server_are_told_apart(
    server: Remote,
) -> None:
    with pytest.raises(EndpointError, match="kernelspec list"):
        RemoteKernel(server.url, token=TOKEN, kernel="fortran").versions  # noqa: B018
    with pytest.raises(EndpointError, match="token=") as raised:
        RemoteKernel(server.url, token="wrong-one").versions  # noqa: B018
    assert raised.value.status == 403
    assert "wrong-one" not in str(raised.value)
    with pytest.raises(EndpointError, match="cannot be reached"):
        RemoteKernel("http://127.0.0.1:9", token=TOKEN, patience=0).versions  # noqa: B018


def test_the_token_is_seen_nowhere(
    server: Remote, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        RemoteKernel(f"{server.url}/lab/tree/a.ipynb?token={TOKEN}") as remote,
    ):
        remote.run(f"{HERE}:echo", Parcel())
        assert "connected" in repr(remote)
        assert TOKEN not in repr(remote) + str(remote)
        with pytest.raises(TypeError, match="token"):
            copy.copy(remote)
    assert TOKEN not in caplog.text
    assert TOKEN not in server.log()


def test_address_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="REFINERY_NB_REMOTE_URL"):
        RemoteKernel()
    monkeypatch.setenv("REFINERY_NB_REMOTE_TOKEN", TOKEN)
    monkeypatch.setenv("REFINERY_NB_REMOTE_URL", "https://gpu.example.com/user/ann/lab")
    assert RemoteKernel().url == "https://gpu.example.com/user/ann"
    assert RemoteKernel()._kernel._token == TOKEN
    # It is not sent in the clear over a network, unless somebody says so.
    assert RemoteKernel("http://gpu.example.com")._kernel._token == ""
    assert RemoteKernel("http://gpu.example.com", token="t")._kernel._token == "t"


def test_address_and_token_come_from_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    from traitlets.config import Application, Config

    application = Application()
    application.config = Config({"RemoteKernel": {"url": "http://127.0.0.1:1", "token": TOKEN}})
    monkeypatch.setattr(Application, "initialized", lambda: True)
    monkeypatch.setattr(Application, "instance", lambda: application)
    assert RemoteKernel().url == "http://127.0.0.1:1"
    assert RemoteKernel()._kernel._token == TOKEN


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gpu.example.com",
        "ftp://gpu.example.com",
        "http://",
        "http://a:b@host",
        "http://[",
        "http://host:port",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        address(url)
