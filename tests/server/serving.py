"""A Jupyter server as it is installed, which says what of it is ours; run as a program.

``python serving.py ROOT TOKEN`` prints one line of JSON, then serves until it is ended.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

DENIED = "X-Deny"  # a request with this header comes from somebody who may do nothing


class Strict(Authorizer):
    """Lets in whoever does not ask to be refused."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return DENIED not in handler.request.headers


def ours(router: Any) -> list[list[str]]:
    """Return pattern and handler of all routes that the package serves, wherever they hang."""
    found = []
    for rule in router.rules:
        if isinstance(rule.target, type):
            if rule.target.__module__.startswith("refinery_nb"):
                found.append([rule.matcher.regex.pattern.rstrip("$"), rule.target.__name__])
        elif hasattr(rule.target, "rules"):
            found += ours(rule.target)
    return found


if __name__ == "__main__":
    root, token = sys.argv[1:3]
    app = ServerApp(authorizer_class=Strict)
    app.initialize(
        [
            *("--no-browser", "--allow-root", f"--ServerApp.root_dir={root}"),
            *("--ServerApp.port=0", f"--IdentityProvider.token={token}"),
            *sys.argv[3:],
        ]
    )
    routes = ours(app.web_app.default_router)
    names = KernelWebsocketHandler.open.__code__.co_names
    heavy = [one for one in ("torch", "sklearn", "pandas", "anywidget") if one in sys.modules]
    told = {"port": app.port, "routes": routes, "nodelay": "set_nodelay" in names, "heavy": heavy}
    print(json.dumps(told), flush=True)
    app.start()
