"""Functions that the tests run in remote kernels."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path

from refinery_nb.core.errors import InputError
from refinery_nb.core.executor import Report
from refinery_nb.core.parcel import Parcel

HERE = "tests.remote.work"


def echo(question: Parcel, report: Report) -> Parcel:
    report(1, 2)
    report(2, 2)
    return question


def pid(question: Parcel, report: Report) -> Parcel:
    return Parcel({"pid": os.getpid(), "gateway": os.environ.get("KERNEL_GATEWAY", "")})


def slow(question: Parcel, report: Report) -> Parcel:
    """Write a line when it begins, wait until a file is there, write another one."""
    folder = Path(question.said["folder"])
    with (folder / "log").open("a") as log:
        log.write("began\n")
        log.flush()
        while not (folder / "go").exists():
            report(0, 1)
            time.sleep(0.05)
        log.write("ended\n")
    return Parcel({"lines": (folder / "log").read_text().split()})


def refuse(question: Parcel, report: Report) -> Parcel:
    raise InputError("too long.", record="k7", hint="Make it shorter.")


def break_down(question: Parcel, report: Report) -> Parcel:
    return Parcel({"never": 1 / len(question.texts)})


def die(question: Parcel, report: Report) -> Parcel:
    os._exit(9)


def warn(question: Parcel, report: Report) -> Parcel:
    warnings.warn("it is slow here.", RuntimeWarning, stacklevel=1)
    return Parcel()
