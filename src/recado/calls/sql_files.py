"""Which names a SQLite file may have: plain ones, so that none leads out of the installation's folder."""

import re

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)


def is_file_name(name: str) -> bool:
    """Says whether a name is a plain file's, which leads out of no folder."""
    return bool(FILE_NAME.fullmatch(name)) and ".." not in name
