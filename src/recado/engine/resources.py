"""What a workspace has that flows name: secrets, connections, accounts, templates, flows, calendars."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from recado.engine.node import Node
from recado.engine.problems import Problem, warning
from recado.engine.sealing import secret_in
from recado.engine.spelling import Spelling
from recado.engine.template import parts_of
from recado.engine.template_checks import KnownTemplate, TemplateUse, check_templates
from recado.engine.texts_of import texts_of
from recado.engine.traits import Need, Resource

MISSING: Mapping[Resource, str] = {
    "secret": "unknown_secret",
    "connection": "unknown_connection",
    "account": "unknown_account",
    "template": "unknown_template",
    "flow": "unknown_flow",
    "calendar": "unknown_calendar",
}


@dataclass(frozen=True, slots=True)
class Resources:
    """The names of what there is; `published` says of each flow whether it has a version."""

    secrets: frozenset[str] = frozenset()
    connections: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    calendars: frozenset[str] = frozenset()
    templates: tuple[KnownTemplate, ...] = ()
    published: Mapping[str, bool] = field(default_factory=dict)

    def of(self, kind: Resource) -> frozenset[str]:
        """Gives the names of a kind."""
        match kind:
            case "secret":
                return self.secrets
            case "connection":
                return self.connections
            case "account":
                return self.accounts
            case "calendar":
                return self.calendars
            case "template":
                return frozenset(template.name for template in self.templates)
            case "flow":
                return frozenset(self.published)


def resource_problems(
    nodes: Mapping[str, Node], others: Iterable[Need], there: Resources, spelling: Spelling
) -> Iterator[Problem]:
    """Finds names of things that the workspace does not have, and templates that are used otherwise than they are.

    `others` are needs of the flow that no node has.
    """
    for need in others:
        yield from _need_problems(None, need, there, spelling)
    for id, node in nodes.items():
        if isinstance(node, TemplateUse):
            for problem in check_templates(node, there.templates):
                yield msgspec.structs.replace(problem, node=id)
        for need in (*node.needs(), *_secrets(node)):
            yield from _need_problems(id, need, there, spelling)


def _need_problems(
    id: str | None, need: Need, there: Resources, spelling: Spelling
) -> Iterator[Problem]:
    if need.name not in there.of(need.kind):
        yield _missing(id, need, there, spelling)
    elif need.kind == "flow" and not there.published[need.name]:
        yield warning("flow_never_published", node=id, field=need.field)


def _secrets(node: Node) -> Iterator[Need]:
    for place, text, allowed in texts_of(node):
        for part in parts_of(text):
            if allowed and not isinstance(part, str) and (name := secret_in(part)):
                yield Need("secret", name, place)


def _missing(id: str | None, need: Need, there: Resources, spelling: Spelling) -> Problem:
    known = there.of(need.kind) if need.kind != "flow" else frozenset[str]()
    meant = spelling.nearest(need.name, known)
    return Problem(
        code=MISSING[need.kind],
        node=id,
        field=need.field,
        params={"name": need.name, "meant": meant} if meant else {"name": need.name},
    )
