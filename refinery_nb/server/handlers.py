"""The routes: who asks is known and allowed to, before anything is looked at."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from refinery_nb.server.projects import listed


class ProjectsHandler(APIHandler):
    """Which projects stand below the server's root; whoever may read its files may know."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with ``{"projects": [...], "complete": bool}``, see ``projects.listed``."""
        root = Path(os.path.expanduser(self.settings["server_root_dir"]))
        found = await asyncio.get_running_loop().run_in_executor(None, listed, root)
        await self.finish(found)
