"""Words that builders have for the same things: kinds of answers and files, operators, units, operations."""

from collections.abc import Mapping

from recado.engine.events import Json

ANSWERS: Mapping[str, str] = {
    "text": "text", "none": "text", "string": "text", "number": "number", "integer": "integer",
    "email": "email", "phone": "phone", "tel": "phone", "date": "date", "time": "time",
    "url": "url", "yesno": "yes_no", "yes_no": "yes_no", "boolean": "yes_no", "cpf": "cpf",
    "cnpj": "cnpj", "cep": "cep", "regex": "regex", "multiple_choice": "options",
    "options": "options", "choice": "options", "select": "options", "file": "media",
    "media": "media", "image": "media", "document": "media", "location": "location", "any": "any",
}  # fmt: skip
# Kept as they were typed, or not checked at all, by the builders that have them.
CHECKED = frozenset({"date", "time", "yes_no", "media"})
MEDIA: Mapping[str, str] = {
    "image": "image", "video": "video", "audio": "audio", "document": "document", "file": "document",
    "sticker": "sticker", "location": "location", "text": "text",
}  # fmt: skip
OPERATORS: Mapping[str, str] = {
    "=": "==", "===": "==", "equals": "==", "equal": "==", "eq": "==", "is": "==", "!==": "!=",
    "<>": "!=", "not_equals": "!=", "not_equal": "!=", "notequals": "!=", "ne": "!=", "neq": "!=",
    "greater_than": ">", "greaterthan": ">", "gt": ">", "less_than": "<", "lessthan": "<", "lt": "<",
    "greater_than_or_equal": ">=", "greater_or_equal": ">=", "greaterthanorequal": ">=", "gte": ">=",
    "less_than_or_equal": "<=", "less_or_equal": "<=", "lessthanorequal": "<=", "lte": "<=",
    "notcontains": "not_contains", "startswith": "starts_with", "endswith": "ends_with",
    "isempty": "is_empty", "isnotempty": "is_not_empty", "exists": "is_not_empty",
    "not_exists": "is_empty", "notin": "not_in", "regex": "matches",
}  # fmt: skip
OUR_OPERATORS = frozenset(
    """== != > < >= <= contains not_contains starts_with ends_with in not_in between matches
    is_empty is_not_empty is_number is_email is_phone is_date has_tag""".split()  # noqa: SIM905 - a list would take a page
)
ORDERS: Mapping[str, str] = {
    "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "ne": "!=", "neq": "!=",
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip
UNITS: Mapping[str, str] = {
    "second": "seconds", "seconds": "seconds", "s": "seconds", "segundos": "seconds",
    "minute": "minutes", "minutes": "minutes", "m": "minutes", "min": "minutes", "minutos": "minutes",
    "hour": "hours", "hours": "hours", "h": "hours", "horas": "hours", "day": "days",
    "days": "days", "d": "days", "dias": "days", "week": "weeks", "weeks": "weeks",
    "month": "months", "months": "months", "year": "years", "years": "years",
}  # fmt: skip
KINDS: Mapping[str, str] = {
    "string": "text", "text": "text", "number": "number", "boolean": "boolean", "json": "json",
}  # fmt: skip
ASSIGNS: Mapping[str, str] = {
    "set": "set", "append": "append", "increment": "increment", "decrement": "decrement",
    "clear": "clear", "add": "increment", "subtract": "decrement",
}  # fmt: skip
PRIORITIES: Mapping[str, str] = {
    "low": "low", "normal": "normal", "medium": "normal", "high": "high", "urgent": "urgent",
    "10": "low", "50": "normal", "80": "high", "100": "urgent",
}  # fmt: skip
YES = ("true", "yes", "sim")
NO = ("false", "no", "não", "nao")


def tags_of(value: Json) -> list[str]:
    """Reads tags: a list of them, or one text with commas between them."""
    items = value if isinstance(value, list) else [value]
    return [
        tag
        for item in items
        if isinstance(item, str)
        for part in item.split(",")
        if (tag := part.strip())
    ]
