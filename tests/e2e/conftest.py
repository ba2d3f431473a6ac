"""Long proofs run only when they are asked for: `-m prove`."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked `prove`, unless the command line speaks of it."""
    if "prove" in str(config.getoption("markexpr")):
        return
    long = [item for item in items if item.get_closest_marker("prove")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
