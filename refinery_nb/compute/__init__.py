"""Where work runs: child processes with limits, kernels elsewhere; it knows nothing of the work.

>>> import refinery_nb as rn
>>> rn.compute.RemoteKernel("http://127.0.0.1:8888", token="abc")
RemoteKernel('http://127.0.0.1:8888', kernel='python3'): not connected
"""

from __future__ import annotations

from refinery_nb.compute.remote import RemoteKernel as RemoteKernel
