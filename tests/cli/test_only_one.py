"""Of two `recado up` on one data folder the second is refused; the lock falls with its holder."""

from pathlib import Path

import pytest

from recado.cli.only_one import only_one
from recado.config import SettingsError


def test_the_second_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = pytest.raises(SettingsError, match="another `recado up` runs")

    with only_one(tmp_path), refused, only_one(tmp_path):
        pass


def test_the_next_may_start_when_the_first_has_ended(tmp_path: Path) -> None:
    with only_one(tmp_path):
        pass

    with only_one(tmp_path):
        assert (tmp_path / "up.lock").exists()
