"""The folder for SQLite files is there from the start, for its owner only; where it cannot be, the start goes on."""

from pathlib import Path

from recado.cli.serving import make_sqlite_folder
from recado.config import Settings


def test_the_folder_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")

    make_sqlite_folder(settings)
    (tmp_path / "data" / "sqlite" / "loja.db").touch()
    make_sqlite_folder(settings)

    assert (tmp_path / "data" / "sqlite").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "sqlite" / "loja.db").exists()


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "sqlite").touch()

    make_sqlite_folder(Settings(data_dir=tmp_path))

    assert (tmp_path / "sqlite").is_file()
