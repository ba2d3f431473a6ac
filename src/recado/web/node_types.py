"""The node types: everything a builder needs to draw, fill in and explain them, from the types themselves."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from recado.engine.node import About, Node
from recado.engine.port_rules import PortRule
from recado.web.serving import Served
from recado.web.viewer import Reader

router = APIRouter(prefix="/node-types", tags=["node-types"])


class NodeTypeAnswer(BaseModel):
    """A node type. `data` of its nodes fits `json_schema`, whose `recado` hints say how a form shows each field."""

    type: str
    family: str
    icon: str
    name: dict[str, str] = Field(description="by language: pt-BR, en")
    help: dict[str, str]
    example: dict[str, Any] = Field(description="`data` of a node that works")
    ports: list[PortRule] = Field(description="the ways out, as they follow from `data`")
    waits: bool = Field(
        description="A visit may last until somebody writes, a time comes or a call is back."
    )
    json_schema: dict[str, Any]


class NodeTypesAnswer(BaseModel):
    """All node types, in the order of the palette."""

    items: list[NodeTypeAnswer]
    total: int
    next: None = None


@router.get("")
async def list_node_types(viewer: Reader, served: Served) -> NodeTypesAnswer:
    """Lists the node types with their fields, ways out, help and examples in both languages."""
    items = [_shape(type, kind) for type, kind in served.node_types.items()]
    return NodeTypesAnswer(items=items, total=len(items))


def _shape(type: str, kind: type[Node]) -> NodeTypeAnswer:
    about: About = kind.about
    return NodeTypeAnswer(
        type=type,
        family=about.family,
        icon=about.icon,
        name=about.name,
        help=about.help,
        example=_written_out(type, kind),
        ports=list(kind.port_rules),
        waits=kind.waits,
        json_schema=kind.model_json_schema(by_alias=True),
    )


def _written_out(type: str, kind: type[Node]) -> dict[str, Any]:
    """Gives the documented example without its short forms, so that it fits the schema as it stands."""
    node = kind.model_validate({**kind.about.example, "type": type})
    return node.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"type"})
