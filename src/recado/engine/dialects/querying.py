"""database_query: how other builders write it. Values in the query become bound parameters; the password stays behind."""

import re
from collections.abc import Callable

from recado.engine.dialects.box import Box
from recado.engine.dialects.calling import RESULTS, went_on
from recado.engine.dialects.credentials import host_of, kept_names, slug
from recado.engine.dialects.fields import Fields, bare, filled
from recado.engine.dialects.outcome import Outcome
from recado.engine.events import Json

MAX_TIMEOUT = 30
MAX_ROWS = 1_000
MODES = {"list": "rows", "rows": "rows", "array": "rows", "first": "first", "scalar": "scalar", "execute": "execute"}  # fmt: skip
WRITES = ("insert", "update", "delete")
# A literal with a placeholder in it, a bare placeholder, or a literal that is left alone.
VALUES = re.compile(r"'(?P<literal>(?:[^']|'')*)'|\{\{(?P<path>[^{}]*)\}\}|\$(?P<number>\d{1,3})|(?P<mark>\?)")  # fmt: skip


def database_query(fields: Fields, box: Box) -> Outcome:
    """Reads a query: with rows or without, or failed, it went on."""
    parameters = _parameters(fields)
    query = _bound(fields, fields.text("query") or "", parameters)
    data = filled(
        connection=fields.text("connection") or _connection(fields),
        query=query,
        mode=_mode(fields, query),
        max_rows=fields.within("max_rows", "maxRows", least=1, most=MAX_ROWS, to="max_rows"),
        save_to=fields.variable(*RESULTS, to="save_to"),
        timeout=fields.within("timeout", least=1, most=MAX_TIMEOUT),
    )
    if parameters:
        data["parameters"] = parameters
    if fields.flag("cache"):
        fields.lose("no_cache", field="cache")
    fields.forget("cache", "cacheKey", "cacheTTL")
    done = Outcome("database_query", data)
    went_on(fields, done, name=data.get("save_to"))
    done.goes_on = (*done.goes_on, "empty") if data.get("mode") != "execute" else done.goes_on
    return done


def _connection(fields: Fields) -> str:
    """Names the connection after its database, and says what it was without its secrets."""
    kind = fields.word("connectionType", "databaseType", "database_type") or "postgres"
    text = fields.text("connectionString", "connection_string")
    host = fields.text("host") or host_of(text or "")
    port, user = fields.text("port"), fields.text("username", "user")
    database = fields.text("database") or _database_of(text or "")
    password = fields.text("password")
    if kind == "mongodb":
        fields.lose("no_mongodb")
    wanted = slug(database or host, otherwise="db")
    name = fields.names.name(
        "connection", wanted, "|".join(map(str, (kind, host, port, database, user, password, text)))
    )
    facts = {"": kind, "host": host, "port": port or "", "database": database, "user": user or ""}
    fields.lose("connection_needed", name=name, details=kept_names(facts).strip())
    return name


def _database_of(text: str) -> str:
    found = re.search(r"://[^/]*/([^?]+)", text)
    return found[1].rsplit("/", 1)[-1] if found else ""


def _parameters(fields: Fields) -> dict[str, Json]:
    """Reads parameters: an object of names, or a list whose first is `p1`."""
    match fields.take("parameters"):
        case dict() as named:
            return {name: _text(value) for name, value in named.items()}
        case list() as values:
            return {f"p{place}": _text(value) for place, value in enumerate(values, 1)}
        case None:
            return {}
    fields.lose("value_not_read", field="parameters")
    return {}


def _text(value: Json) -> Json:
    return value.get("value") if isinstance(value, dict) else value


def _bound(fields: Fields, query: str, parameters: dict[str, Json]) -> str:
    """Writes `$1`, `?` and filled-in values as parameters with a name."""
    missing: list[str] = []
    bound: dict[str, str] = {}
    marks = iter(range(1, 1_000))

    def numbered(name: str) -> str:
        if name not in parameters:
            parameters[name] = ""
            missing.append(name)
        return f":{name}"

    def placed(template: str, wanted: str) -> str:
        name = bound.setdefault(template, _free(wanted, parameters))
        parameters[name] = template
        return f":{name}"

    new = VALUES.sub(lambda found: _replaced(found, numbered, placed, marks.__next__), query)
    for name in missing:
        fields.lose("parameter_missing", name=name)
    if new != query:
        fields.change("sql_bound", names=", ".join(parameters))
    return new


def _replaced(
    found: re.Match[str],
    numbered: Callable[[str], str],
    placed: Callable[[str, str], str],
    next_mark: Callable[[], int],
) -> str:
    if found["literal"] is not None:
        literal = found["literal"].replace("''", "'")
        return placed(literal, "text") if "{{" in literal else found[0]
    if found["path"] is not None:
        return placed(f"{{{{{found['path'].strip()}}}}}", slug(bare(found["path"]), otherwise="p"))
    return numbered(f"p{found['number'] or next_mark()}")


def _free(wanted: str, taken: dict[str, Json]) -> str:
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name


def _mode(fields: Fields, query: str) -> str | None:
    said = fields.word("mode", "resultFormat", "result_format", to="mode")
    kind = fields.word("queryType", "query_type")
    verb = query.lstrip().partition(" ")[0].casefold()
    if said == "count":
        fields.lose("unknown_word", field="resultFormat", value=said)
    elif said and said not in MODES:
        fields.lose("unknown_word", field="mode", value=said)
    if kind in WRITES or (verb in WRITES and "returning" not in query.casefold()):
        return "execute"
    return MODES.get(said)
