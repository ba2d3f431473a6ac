"""Holds a node's values against the template as Meta has it: what she would refuse is found before a publish."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from recado.engine.events import Json
from recado.engine.problems import Problem
from recado.engine.template_fields import (
    ParameterField,
    TemplateButtonField,
    TemplateHeaderField,
    place,
)

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
FILES = ("image", "video", "document")
HEADERS: Mapping[str, tuple[str, str]] = {
    "none": ("nenhum valor", "no value"),
    "text": ("um texto", "a text"),
    "image": ("uma imagem", "an image"),
    "video": ("um vídeo", "a video"),
    "document": ("um documento", "a document"),
}
SENDABLE = frozenset({"APPROVED"})

HeaderKind = Literal["none", "text", "image", "video", "document", "location"]


class KnownButton(msgspec.Struct, frozen=True, omit_defaults=True):
    """A button of a template: its type in Meta's word, what is written on it, and whether it needs a value."""

    kind: str
    title: str = ""
    needs_value: bool = False


class KnownTemplate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A template as the last sync saw it; values by name, or "1", "2" and so on where they go by place."""

    name: str
    language: str
    status: str = "APPROVED"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    header: HeaderKind = "none"
    header_values: tuple[str, ...] = ()
    body_values: tuple[str, ...] = ()
    buttons: tuple[KnownButton, ...] = ()


@runtime_checkable
class TemplateUse(Protocol):
    """What a node says of the template that it sends."""

    @property
    def name(self) -> str:
        """Names the template."""

    @property
    def language(self) -> str:
        """Names its language, as Meta does."""

    @property
    def header(self) -> TemplateHeaderField | None:
        """Gives what fills the header."""

    @property
    def body(self) -> tuple[ParameterField, ...]:
        """Gives what fills the text."""

    @property
    def buttons(self) -> tuple[TemplateButtonField, ...]:
        """Gives what the buttons get."""

    @property
    def wait_for_button(self) -> bool:
        """Says whether a quick reply chooses the way."""


def read_template(
    name: str, language: str, *, status: str, parameter_format: str, components: Json
) -> KnownTemplate:
    """Reads a template's `components` as Meta lists them; what is not understood counts as not there."""
    parts = {str(part.get("type")).upper(): part for part in _objects(components)}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    return KnownTemplate(
        name=name,
        language=language,
        status=status,
        parameter_format="NAMED" if parameter_format == "NAMED" else "POSITIONAL",
        header=_header_kind(header),
        header_values=_placeholders(header),
        body_values=_placeholders(body),
        buttons=tuple(_button(each) for each in _objects(parts.get("BUTTONS", {}).get("buttons"))),
    )


def check_templates(node: TemplateUse, known: Sequence[KnownTemplate]) -> Iterator[Problem]:
    """Checks a node against the templates of its name: against the one in its language, if there is one."""
    named = [template for template in known if template.name == node.name]
    mine = [template for template in named if template.language == node.language]
    if named and not mine:
        languages = ", ".join(sorted({template.language for template in named}))
        params = {"name": node.name, "language": node.language, "languages": languages}
        yield Problem(code="template_not_in_language", field="language", params=params)
    # Two accounts may have a template of one name; a node is right if it fits any of them.
    findings = [list(check_template(node, template)) for template in mine]
    yield from min(findings, key=len, default=[])


def check_template(node: TemplateUse, known: KnownTemplate) -> Iterator[Problem]:
    """Finds a template that cannot be sent now, values that are too few or too many, and buttons of another kind."""
    if known.status not in SENDABLE:
        params = {"name": known.name, "status": known.status}
        yield Problem(code="template_not_approved", field="name", params=params)
    yield from _check_header(node.header, known)
    given = [parameter.name for parameter in node.body]
    yield from _check_values("body", given, known.body_values, known)
    yield from _check_buttons(node, known)


def _check_header(header: TemplateHeaderField | None, known: KnownTemplate) -> Iterator[Problem]:
    wanted = known.header if known.header in FILES else "text" if known.header_values else "none"
    given = "none" if header is None else header.media.type if header.media else "text"
    if known.header == "location":
        return
    if wanted != given:
        params: dict[str, Json] = {"wanted": wanted, "given": given}
        for name, kind in (("wanted", wanted), ("given", given)):
            params[f"{name}_pt"], params[f"{name}_en"] = HEADERS[kind]
        yield Problem(code="template_header", field="header", params=params)
    elif header is not None and given == "text":
        yield from _check_values("header", [header.name], known.header_values, known)


def _check_values(
    field: str, given: Sequence[str | None], wanted: Sequence[str], known: KnownTemplate
) -> Iterator[Problem]:
    names = [name for name in given if name is not None]
    if len(given) != len(wanted):
        params: dict[str, Json] = {"wanted": len(wanted), "given": len(given)}
        yield Problem(code="template_values", field=field, params=params)
    elif known.parameter_format == "POSITIONAL" and names:
        yield Problem(code="template_names_not_taken", field=field)
    elif known.parameter_format == "NAMED" and wanted and not names:
        named = ", ".join(wanted)
        yield Problem(code="template_names_needed", field=field, params={"wanted": named})
    elif known.parameter_format == "NAMED" and sorted(names) != sorted(wanted):
        params = {"wanted": ", ".join(wanted), "given": ", ".join(names)}
        yield Problem(code="template_names", field=field, params=params)


def _check_buttons(node: TemplateUse, known: KnownTemplate) -> Iterator[Problem]:
    places = {place(node.buttons, index): each for index, each in enumerate(node.buttons)}
    for at, button in places.items():
        if at >= len(known.buttons):
            yield Problem(code="template_button_missing", field="buttons", params={"place": at})
        elif known.buttons[at].kind != button.type:
            params: dict[str, Json] = {"place": at, "wanted": known.buttons[at].kind}
            params["given"] = button.type
            yield Problem(code="template_button", field="buttons", params=params)
        elif button.type == "url" and not known.buttons[at].needs_value:
            yield Problem(code="template_button_fixed", field="buttons", params={"place": at})
    for at, theirs in enumerate(known.buttons):
        if at in places:
            continue
        if theirs.needs_value:
            params = {"place": at, "wanted": theirs.kind}
            yield Problem(code="template_button_value", field="buttons", params=params)
        elif theirs.kind == "quick_reply" and node.wait_for_button:
            unnamed = {"title": theirs.title}
            yield Problem(
                code="template_reply_unnamed", severity="warning", field="buttons", params=unnamed
            )


def _header_kind(header: Mapping[str, Json]) -> HeaderKind:
    match str(header.get("format", "TEXT" if header else "")).upper():
        case "TEXT":
            return "text"
        case "IMAGE":
            return "image"
        case "VIDEO":
            return "video"
        case "DOCUMENT":
            return "document"
        case "LOCATION":
            return "location"
    return "none"


def _placeholders(part: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(PLACEHOLDER.findall(str(part.get("text", "")))))


def _button(raw: Mapping[str, Json]) -> KnownButton:
    kind = str(raw.get("type", "")).lower()
    # The button of an authentication template is sent as a link, whatever it is listed as.
    needs = kind in ("copy_code", "otp") or bool(PLACEHOLDER.search(str(raw.get("url", ""))))
    return KnownButton("url" if kind == "otp" else kind, str(raw.get("text", "")), needs)


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
