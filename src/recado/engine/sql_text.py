"""Reads an author's SQL as text: the `:parameters` it names, and the word that makes it one we do not run.

Not what keeps a database safe: that is the read-only transaction, the rights of its user and one statement a call
(`calls/sql.py`). It keeps out the few things that these let through, such as writing the result into a server's file,
and tells the author before a customer meets it.
"""

import re
from collections.abc import Mapping
from typing import Literal

from recado.engine.events import Json

Mode = Literal["rows", "first", "scalar", "execute"]

# As SQLAlchemy's `text()` reads them: `a::date`, `12:30` and `\:word` are none.
PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?![:\w])")
QUOTED = re.compile(r"(['\"`]):(\w+)\1")
# A text in quotes, or a placeholder, with the double quotes that MySQL takes for a text's.
IN_QUERY = re.compile(
    r"'(?P<text>(?:[^']|'')*)'|(?P<quote>\"?)(?P<placeholder>\{\{(?P<inside>.*?)\}\})(?P=quote)",
    re.DOTALL,
)
# No comment before the first word: databases do not agree on where one ends.
FIRST_WORD = re.compile(r"[\s(]*([A-Za-z]+)")
READING = frozenset(["select", "with", "values", "table", "show", "explain", "describe", "desc"])
WRITING = frozenset(["insert", "update", "delete", "replace", "merge", "with", "select", "call"])
# Files, programs, other servers and other people's sessions; and the ways to write one of these so that it hides: SQL
# in a text, comments that MySQL runs, names in escapes.
REFUSED = re.compile(
    r"\b(?:outfile|dumpfile|load_file|load_extension|readfile|writefile|fts3_tokenizer|xp_cmdshell)\b"
    r"|\b(?:pg_read_\w+|pg_ls_\w+|pg_stat_file|pg_file_\w+|lo_(?:import|export|put|from_bytea)|dblink\w*)\b"
    r"|\b(?:set_config|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile)\b"
    r"|\b(?:pg_logical_emit_message|pg_notify|query_to_xml\w*|cursor_to_xml\w*|writable_schema)\b"
    r"|/\*M?!|\bU&\"",
    re.IGNORECASE,
)


def parameters_in(query: str) -> tuple[str, ...]:
    """Lists the names of a query's `:parameters`, each once, in their order."""
    return tuple(dict.fromkeys(PARAMETER.findall(query)))


def refused_word(query: str, mode: Mode) -> str | None:
    """Gives the word for which a query is not run, or None for one that is."""
    first = FIRST_WORD.match(query)
    if first is None:
        return query.strip()[:20]
    if first[1].lower() not in (WRITING if mode == "execute" else READING):
        return first[1]
    refused = REFUSED.search(query)
    return refused[0] if refused else None


def quoted_parameters(query: str) -> tuple[str, ...]:
    """Lists the `:parameters` that stand alone between quotes, where they would be text."""
    return tuple(dict.fromkeys(found[2] for found in QUOTED.finditer(query)))


def bind_placeholders(query: str, parameters: Mapping[str, Json]) -> tuple[str, dict[str, Json]]:
    """Writes `{{placeholders}}`, and texts in quotes that hold some, as `:parameters` that keep their values."""
    bound = dict(parameters)
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        if found["text"] is not None and "{{" not in found["text"]:
            return found[0]
        value = found["placeholder"] or str(found["text"]).replace("''", "'")
        if value not in names:
            names[value] = _free(re.sub(r"\W+", "_", value).strip("_") or "p", bound)
            bound[names[value]] = value
        return f":{names[value]}"

    return IN_QUERY.sub(named, query), bound


def _free(wanted: str, taken: Mapping[str, Json]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
