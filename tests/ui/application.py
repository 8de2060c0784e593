"""JupyterLab without a notebook: the launcher, and panels of the application."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.ui.lab import Server

# What the graphics card, or what stands in for it, says of its speed.
NOT_OURS = ("GL Driver Message",)


class Lab:
    """A page with JupyterLab; what goes wrong in it is kept."""

    def __init__(
        self, server: Server, browser: Browser, path: str = "lab?reset&", *, tour: bool = False
    ) -> None:
        self.server = server
        # As somebody has it who has seen the tour before, or not.
        settings = server.settings / "refinery-nb" / "plugin.jupyterlab-settings"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(json.dumps({"tourSeen": not tour}))
        self.errors: list[str] = []
        self.foreign: list[str] = []
        # So that what is copied can be read.
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 900},
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", self._fail)
        self.page.on("console", self._hear)
        self.page.on("request", self._see)
        self.page.goto(f"{server.url}/{path}token={server.token}")
        self.ready()

    def ready(self) -> None:
        """Wait until JupyterLab has restored its layout."""
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")

    def _fail(self, error: Any) -> None:
        told = error.stack or str(error)
        # JupyterLab takes its splash away twice where a theme follows another within 200 ms, with
        # or without a project. What we take away has a frame in our own bundle.
        splash = "removeChild" in told and "/static/lab/" in told and "refinery" not in told
        if not splash:
            self.errors.append(told)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not any(one in message.text for one in NOT_OURS):
            self.errors.append(message.text)

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def card(self, title: str) -> Locator:
        """Return a card of the launcher."""
        return self.page.locator(".jp-LauncherCard").filter(has_text=title)

    @property
    def panel(self) -> Locator:
        """The panel that is shown, with its project open."""
        found = self.page.locator(".rn-panel:not(.lm-mod-hidden)")
        expect(found.locator("[data-kernel=ready]")).to_be_visible(timeout=60_000)
        return found

    @property
    def labeler(self) -> Locator:
        """The Labeler in the panel, when it shows a record."""
        found = self.panel.locator(".rn-labeler")
        expect(found.get_by_test_id("record")).to_be_visible(timeout=60_000)
        return found

    def tab(self, name: str) -> Locator:
        """Open a tab and return its view."""
        self.panel.get_by_role("tab", name=name).click()
        return self.panel.locator(".rn-app-view:not([hidden])")

    def command(self, name: str, **args: Any) -> None:
        """Start a command of JupyterLab."""
        self.page.evaluate(
            "([name, args]) => { void window.jupyterapp.commands.execute(name, args); }",
            [name, args],
        )

    def close(self) -> None:
        self.context.close()
