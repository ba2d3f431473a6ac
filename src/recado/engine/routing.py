"""Which flow answers a new session: one of the chatbot's by its keyword, else its main flow, else the fallback's.

The number's chatbot comes first, then the workspace's fallback, then nobody. Triggers are read only here, where no
session is open.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from recado.engine.events import Json, Message
from recado.engine.flow import FlowDocument
from recado.engine.triggers import Match, TriggerRule, triggered

# An author who writes the whole message means it more than one who writes a word of it.
_MATCHES: tuple[Match, ...] = ("exact", "contains", "regex")


class StartTrigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a start node says begins its flow; `words` are patterns (RE2) where `match` is regex."""

    type: str
    words: tuple[str, ...] = ()
    match: Match = "exact"

    def speaks(self, match: Match, text: str) -> bool:
        """Says whether it is a keyword of this kind that the text fits."""
        is_one = self.type == "keyword" and self.match == match
        return is_one and triggered(self.words, match, text)


class MainFlow(msgspec.Struct, frozen=True):
    """The flow a chatbot runs outside an A/B test; without a version it was never published."""

    flow_id: UUID
    version_id: UUID | None


class TriggeredFlow(msgspec.Struct, frozen=True):
    """A published flow of a chatbot that its triggers can begin."""

    flow_id: UUID
    version_id: UUID
    triggers: tuple[StartTrigger, ...]


class Answerer(msgspec.Struct, frozen=True):
    """A chatbot as routing sees it."""

    chatbot_id: UUID
    is_active: bool
    main: MainFlow | None
    triggered: tuple[TriggeredFlow, ...] = ()


class RunFlow(msgspec.Struct, frozen=True):
    """This version of this flow answers; `trigger` says what chose it."""

    chatbot_id: UUID
    flow_id: UUID
    version_id: UUID
    trigger: Literal["any", "keyword"] = "any"


class NoChatbot(msgspec.Struct, frozen=True):
    """Neither the number nor the workspace has a chatbot that is switched on."""


class BrokenFlow(msgspec.Struct, frozen=True):
    """The chatbot that should answer has no flow that can run."""

    flow_id: UUID | None


class NumberInactive(msgspec.Struct, frozen=True):
    """Somebody switched the number off."""


Route = RunFlow | NoChatbot | BrokenFlow | NumberInactive


def route(
    number_is_active: bool | None,
    own: Answerer | None,
    fallback: Answerer | None,
    *,
    message: Message | None = None,
) -> Route:
    """Decides who answers; without a message no keyword speaks.

    Only an explicit False makes a number inactive. A chatbot that is switched off counts as none; one that is on
    but has no published flow does not: its author must hear that it is broken.
    """
    if number_is_active is False:
        return NumberInactive()
    for answerer in (own, fallback):
        if answerer and answerer.is_active:
            return _run(answerer, message)
    return NoChatbot()


def triggers_of(document: FlowDocument) -> list[Json]:
    """Gives the triggers of a document's start node, as a published version keeps them."""
    for node in document.nodes:
        if node.type == "start":
            rules = node.data.get("triggers") or []
            return [TriggerRule.model_validate(rule).model_dump(mode="json") for rule in rules]
    return []


def _run(answerer: Answerer, message: Message | None) -> Route:
    if message and (flow := _called_for(answerer.triggered, message.text)):
        return RunFlow(answerer.chatbot_id, flow.flow_id, flow.version_id, "keyword")
    main = _main(answerer)
    if main is None or main.version_id is None:
        return BrokenFlow(main.flow_id if main else None)
    return RunFlow(answerer.chatbot_id, main.flow_id, main.version_id)


def _main(answerer: Answerer) -> MainFlow | None:
    """Chooses the chatbot's flow: the one place where an A/B test will draw."""
    return answerer.main


def _called_for(flows: Sequence[TriggeredFlow], text: str) -> TriggeredFlow | None:
    """Finds the flow that words begin: exact keywords before contained ones before patterns, then in order."""
    if not flows or not text.strip():
        return None
    for match in _MATCHES:
        for flow in flows:
            if any(trigger.speaks(match, text) for trigger in flow.triggers):
                return flow
    return None
