"""Texts embedded in a kernel of a second Jupyter server on this machine, against here.

``python tests/bench/remote_kernel.py [texts [model]]``: 1,000 texts by a small model of random
weights by default, which makes the way there and back weigh most.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from refinery_nb.compute import RemoteKernel
from refinery_nb.core.parcel import Parcel
from refinery_nb.embed.elsewhere import Elsewhere
from refinery_nb.embed.transformer import Transformer
from tests.embed.models import MINILM, small
from tests.remote.serving import TOKEN, start
from tests.remote.work import HERE

PAGE = 1_000  # texts that are sent at once
ROUNDS = 2
PINGS = 20


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as folder:
        named = sys.argv[2] if len(sys.argv) > 2 else str(small(Path(folder) / "small"))
        model = str(MINILM) if named == "minilm" else named
        texts = [f"Parcel {n} came late, and the lid of box {n * 7} leaks." for n in range(count)]
        (Path(folder) / "server").mkdir()
        server = start("server", Path(folder) / "server")
        try:
            with RemoteKernel(server.url, token=TOKEN) as remote:
                begun = time.perf_counter()
                there, here = Elsewhere(remote, model), Transformer(model)
                there.encode(texts[:32])
                print(f"kernel, model and first texts: {time.perf_counter() - begun:.1f} s")
                here.encode(texts[:32])
                pages = [texts[at : at + PAGE] for at in range(0, count, PAGE)]
                times: dict[str, float] = {}
                found = {}
                for _ in range(ROUNDS):
                    for name, one in (("here", here), ("there", there)):
                        begun = time.perf_counter()
                        found[name] = np.concatenate([one.encode(page) for page in pages])
                        took = time.perf_counter() - begun
                        times[name] = min(took, times.get(name, took))
                pings = []
                for _ in range(PINGS):
                    begun = time.perf_counter()
                    remote.run(f"{HERE}:echo", Parcel())
                    pings.append(time.perf_counter() - begun)
        finally:
            server.stop()
        same = np.array_equal(found["here"], found["there"])
        over = times["there"] - times["here"]
        print(f"{count:,} texts, {found['here'].shape[1]} numbers each, best of {ROUNDS} rounds")
        print(f"here    {times['here']:7.2f} s")
        print(
            f"there   {times['there']:7.2f} s   {times['there'] / times['here']:.2f} times; "
            f"{1000 * over / len(pages):.0f} ms more for {PAGE:,} texts"
        )
        print(f"nothing asked, there and back: p50 {1000 * np.median(pings):.0f} ms")
        print(f"vectors identical: {same}")
        return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
