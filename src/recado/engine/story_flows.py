"""The flows of a story, compiled once for all stories about them.

They are given by name, each a list of versions of its document; the first name is the chatbot's, and a flow without
versions was never published. Where a document or settings name a flow, the name of one of these will do for its id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import structs
from pydantic import ValidationError

from recado.engine.compile import Program, compile
from recado.engine.events import Json
from recado.engine.flow import FlowDocument, FlowNode
from recado.engine.node import NodeTypes
from recado.engine.settings import Settings
from recado.engine.story_reading import StoryMistake


@dataclass(frozen=True, slots=True)
class Flows:
    """Programs by the version's name (`main 2`), flow ids by the flow's name; `main` is the chatbot's flow."""

    main: str
    ids: Mapping[str, str]
    programs: Mapping[str, Program]

    @property
    def begins(self) -> str:
        """Names the version that a story begins with."""
        return first_version(self.main)

    @property
    def published(self) -> dict[str, str]:
        """Gives the version that each flow has when a story begins, by flow id."""
        firsts = {id: first_version(name) for name, id in self.ids.items()}
        return {id: version for id, version in firsts.items() if version in self.programs}

    def has_node(self, node: str) -> bool:
        """Says whether one of the programs has a node of an id."""
        return any(node in program.nodes for program in self.programs.values())


def first_version(flow: str) -> str:
    """Names the first version of a flow."""
    return f"{flow} 1"


def compile_flows(raw: Json, node_types: NodeTypes) -> Flows:
    """Compiles flows, which must be sound; raises `StoryMistake`."""
    if not isinstance(raw, dict) or not raw:
        raise StoryMistake("flows", "a story needs at least one flow, by its name")
    ids = {name: _id(name) for name in raw}
    programs: dict[str, Program] = {}
    for name, versions in raw.items():
        if not isinstance(versions, list):
            raise StoryMistake(f"flows.{name}", "a flow is a list of versions")
        for index, document in enumerate(versions):
            place = f"flows.{name}.{index}"
            programs[f"{name} {index + 1}"] = _compiled(document, ids, node_types, place)
    flows = Flows(next(iter(raw)), ids, programs)
    if flows.begins not in programs:
        raise StoryMistake(f"flows.{flows.main}", "the first flow has no version")
    return flows


def program(document: Json, node_types: NodeTypes) -> Program:
    """Compiles a document that must be sound; raises `StoryMistake`."""
    return _compiled(document, {}, node_types, "")


def with_ids(settings: Settings, ids: Mapping[str, str]) -> Settings:
    """Puts ids in place of the names of flows that settings lead to."""
    silent, commands = settings.inactivity, settings.commands
    if silent and silent.flow:
        silent = structs.replace(silent, flow=ids.get(silent.flow, silent.flow))
    if commands and (flow := commands.menu_to.to_flow):
        menu = structs.replace(commands.menu_to, to_flow=ids.get(flow, flow))
        commands = structs.replace(commands, menu_to=menu)
    return structs.replace(settings, inactivity=silent, commands=commands)


def _id(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, name))


def _compiled(raw: Json, ids: Mapping[str, str], node_types: NodeTypes, place: str) -> Program:
    try:
        document = FlowDocument.model_validate(raw)
    except ValidationError as error:
        raise StoryMistake(place, error.errors()[0]["msg"]) from error
    nodes = [_led(node, ids) for node in document.nodes]
    compiled = compile(document.model_copy(update={"nodes": nodes}), node_types)
    if compiled.program is None:
        errors = [each for each in compiled.problems if each.severity == "error"]
        raise StoryMistake(place, "; ".join(each.say("en") for each in errors))
    return replace(compiled.program, settings=with_ids(compiled.program.settings, ids))


def _led(node: FlowNode, ids: Mapping[str, str]) -> FlowNode:
    """Gives a node whose jump leads to the flow that it names."""
    match node:
        case FlowNode(type="jump", data={"to_flow": str(name)}) if name in ids:
            return node.model_copy(update={"data": {**node.data, "to_flow": ids[name]}})
    return node
