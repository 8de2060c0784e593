"""Most guides are executed by ``make notebooks``; here all of them only when they are asked for."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "guides" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("guides"):
            item.add_marker(pytest.mark.skip(reason="executes every guide: pytest -m guides"))
