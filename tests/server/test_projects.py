"""The extension over HTTP: what it tells, and whom."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.server.projects import listed
from refinery_nb.store import listing
from refinery_nb.store.identity import DATABASE
from tests.server.conftest import Serving
from tests.server.serving import DENIED

PATH = "/refinery_nb/projects"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def make(folder: Path) -> None:
    with rn.open(folder, by="ann") as project:
        project.add([{"id": "a", "text": "Late again"}, {"id": "b", "text": "Fine"}], key="id")
        project.task("topic", ["Delivery", "Other"], on="text").label("a", "Delivery")


def test_an_installed_package_serves_one_route(serving: Serving) -> None:
    assert serving.routes == [PATH]


def test_every_route_refuses_who_has_no_token(serving: Serving) -> None:
    assert serving.routes
    for route in serving.routes:
        for method in METHODS:
            for token in (None, "wrong"):
                status, body = serving.ask(route, token=token, method=method)
                # There is no HEAD, and OPTIONS is what browsers ask before: both tell nothing.
                allowed = {"HEAD": (403, 405), "OPTIONS": (200, 204, 403)}
                assert status in allowed.get(method, (403,)), method
                assert status == 403 or not body


def test_every_route_refuses_who_is_not_authorised(serving: Serving) -> None:
    for route in serving.routes:
        status, _ = serving.ask(route, **{DENIED: "yes"})
        assert status == 403


def test_a_page_of_somebody_else_gets_nothing_with_the_cookie_of_the_user(serving: Serving) -> None:
    opener, cookies = serving.browser()
    assert any(cookie.name == "_xsrf" for cookie in cookies)
    for route in serving.routes:
        assert serving.ask(route, token=None, opener=opener)[0] == 200
        for method in CHANGING:
            status, _ = serving.ask(
                route, token=None, opener=opener, method=method, Origin="http://elsewhere.example"
            )
            assert status in (403, 404)
        # Without any origin, but with the cookie alone: no token against forged requests.
        for method in CHANGING:
            assert serving.ask(route, token=None, opener=opener, method=method)[0] == 403
        status, _ = serving.ask(route, token=None, opener=opener, Origin="http://elsewhere.example")
        assert status in (403, 404)


def test_nothing_can_be_changed_over_http(serving: Serving) -> None:
    for route in serving.routes:
        for method in CHANGING:
            assert serving.ask(route, method=method)[0] == 405


def test_projects_are_told_with_what_they_hold(serving: Serving) -> None:
    make(serving.root / "here")
    make(serving.root / "deep" / "er" / "there")
    make(serving.root / ".hidden" / "project")
    (serving.root / "broken").mkdir()
    (serving.root / "broken" / DATABASE).write_text("not a database")
    before = {path: path.stat().st_mtime_ns for path in serving.root.rglob("project.*")}
    status, body = serving.ask(PATH)
    assert status == 200
    told = json.loads(body)
    assert told["complete"] is True
    found = {one["path"]: one for one in told["projects"]}
    assert sorted(found) == ["broken", "deep/er/there", "here"]
    here = found["here"]
    assert (here["name"], here["records"], here["problem"]) == ("here", 2, "")
    assert here["tasks"] == [{"name": "topic", "labelled": 1}]
    assert here["bytes"] >= (serving.root / "here" / DATABASE).stat().st_size
    assert datetime.fromisoformat(here["opened"]).tzinfo is not None
    broken = found["broken"]
    assert (broken["records"], broken["tasks"]) == (None, [])
    assert "not SQLite" in broken["problem"]
    assert str(serving.root) not in body
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_root_that_is_a_project_has_the_empty_path(tmp_path: Path) -> None:
    make(tmp_path)
    (only,) = listed(tmp_path)["projects"]
    assert (only["path"], only["name"]) == ("", tmp_path.name)


def test_looking_ends_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "one")
    monkeypatch.setattr("refinery_nb.server.projects.SECONDS", -1.0)
    assert listed(tmp_path) == {"projects": [], "complete": False}
    assert list(listing.found(tmp_path, until=time.monotonic() + 60)) == [tmp_path / "one"]


def test_a_project_that_takes_too_long_is_told_without_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "one")
    monkeypatch.setattr("refinery_nb.server.projects.EACH", -1.0)
    monkeypatch.setattr(listing, "STEPS", 1)
    (one,) = listed(tmp_path)["projects"]
    assert one["records"] is None
    assert "takes longer" in one["problem"]


def test_folders_too_deep_and_links_are_left_out(tmp_path: Path) -> None:
    make(tmp_path / "a/b/c/d/e/f/deepest")
    make(tmp_path / "a/b/c/d/e/last")
    (tmp_path / "link").symlink_to(tmp_path / "a/b/c/d/e/last", target_is_directory=True)
    assert [one["path"] for one in listed(tmp_path)["projects"]] == ["a/b/c/d/e/last"]


def test_the_extension_loads_nothing_heavy(serving: Serving) -> None:
    assert serving.told["heavy"] == []
    # Nor when it is asked.
    code = (
        "import sys; from pathlib import Path; from refinery_nb.server.projects import listed;"
        "listed(Path('.'));"
        "print([m for m in ('torch', 'sklearn', 'pandas', 'numpy', 'spacy') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=serving.root
    )
    assert told.stdout.strip() == "[]"
