"""All texts of a node that take placeholders, with their places and whether secrets may stand in them."""

from collections.abc import Container, Iterator, Mapping

from pydantic import BaseModel, JsonValue

from recado.engine.events import Json
from recado.engine.node import takes_secrets, takes_template

# Where, the text, whether it may name secrets.
Found = tuple[str, str, bool]


def texts_of(model: BaseModel, prefix: str = "") -> Iterator[Found]:
    """Walks through a node and the models it is made of; a place is a path such as `buttons.0.title`."""
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        path = f"{prefix}{info.alias or name}"
        annotation: object = info.annotation
        # A JSON object that an author wrote out is a value, not texts to fill.
        written_out = annotation is JsonValue and isinstance(value, dict)
        if takes_template(info) and not written_out:
            yield from _texts(value, path, secrets=takes_secrets(info))
        for index, part in _parts(value):
            yield from texts_of(part, f"{path}.{index}")


def texts_in(
    kind: type[BaseModel], data: Mapping[str, Json], *, but: Container[str]
) -> Iterator[Found]:
    """Lists the texts that stand in the fields of data that is no node yet, passing over some fields."""
    for name, info in kind.model_fields.items():
        key = info.alias or name
        value = data.get(key, data.get(name))
        if not takes_template(info) or key in but or name in but or isinstance(value, dict):
            continue
        if isinstance(value, list):
            value = tuple(value)
        yield from _texts(value, key, secrets=takes_secrets(info))


def _texts(value: object, path: str, *, secrets: bool) -> Iterator[Found]:
    match value:
        case str():
            yield path, value, secrets
        case tuple():
            for index, item in enumerate(value):
                yield from _texts(item, f"{path}.{index}", secrets=secrets)
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{path}.{name}", secrets=secrets)


def _parts(value: object) -> Iterator[tuple[str, BaseModel]]:
    """Gives the models inside a field's value, each with what its path goes on with."""
    match value:
        case BaseModel():
            yield "", value
        case tuple():
            yield from (
                (f"{i}.", item) for i, item in enumerate(value) if isinstance(item, BaseModel)
            )
