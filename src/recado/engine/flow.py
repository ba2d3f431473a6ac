"""The flow document: nodes, edges, variables, settings. Limits are those of the flow language, section 1."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_NODES = 2_000
MAX_DOCUMENT_BYTES = 5_000_000
MAX_ID = 100
MAX_OPTION_ID = 180
MAX_VALUE_BYTES = 64_000
MAX_VARIABLES_BYTES = 256_000

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]


class Position(BaseModel):
    """Where a node stands on the canvas."""

    model_config = ConfigDict(extra="forbid")
    x: Coordinate = 0
    y: Coordinate = 0


class FlowNode(BaseModel):
    """A box as it is stored: `data` is checked against its type's schema by the compiler."""

    model_config = ConfigDict(extra="forbid")
    id: Id
    type: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    position: Position = Position()
    data: dict[str, Any] = {}
    ui: dict[str, Any] = {}


class FlowEdge(BaseModel):
    """A line from a port of `source` to `target`; without `sourceHandle` it is the default edge."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    id: Id
    source: Id
    target: Id
    source_handle: Annotated[str | None, Field(alias="sourceHandle", max_length=MAX_OPTION_ID)] = (
        None
    )
    label: str | None = None
    ui: dict[str, Any] = {}


class FlowDocument(BaseModel):
    """What an author draws, in our own form."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    format: Literal["recado/1"] = "recado/1"
    name: Annotated[str, Field(max_length=200)] = ""
    nodes: Annotated[list[FlowNode], Field(max_length=MAX_NODES)] = []
    edges: list[FlowEdge] = []
    variables: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    ui: dict[str, Any] = {}

    def dump(self) -> dict[str, Any]:
        """Gives the document as JSON values, in the form it is stored and exported."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
