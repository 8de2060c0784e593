"""A worker for the tests of the pool: its steps do what their names say."""

from __future__ import annotations

import json
import os
import signal
import sys
import time


class Worker:
    def __init__(self, setup, beat):
        self.steps, self.beat = setup["steps"], beat
        if setup.get("start") == "exit":
            os._exit(3)

    def load(self, payload, chunk):
        return json.loads(payload)

    def run(self, step, batch, stop):
        seen = []
        self.beat[3] = 0
        for at, item in enumerate(batch if stop < 0 else batch[:stop]):
            self.beat[2] = at
            if item == "bad":
                self.act(self.steps[step])
            seen.append(item)
        return {"seen": seen, "pid": os.getpid(), "cwd": os.getcwd()}, b"body"

    def act(self, what):
        if what == "exit":
            os._exit(0)
        elif what == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif what == "loop":
            while True:
                pass
        elif what == "sleep":
            time.sleep(0.2)
        elif what == "print":
            for _ in range(200_000):
                print("a long line of output")
        elif what == "write":
            for _ in range(2_000):
                os.write(1, b"x" * 10_000)
        elif what == "environment":
            print(json.dumps(dict(os.environ)))
        elif what == "descriptors":
            print(json.dumps(sorted(os.listdir("/dev/fd"))))
        elif what == "modules":
            print(json.dumps(sorted(sys.modules)))
        elif what == "raise":
            raise RuntimeError("the worker itself is broken")
