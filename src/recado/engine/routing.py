"""Which flow answers a new session: the number's chatbot, else the workspace's fallback, else nobody."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MainFlow:
    """The flow a chatbot runs outside an A/B test; without a version it was never published."""

    flow_id: UUID
    version_id: UUID | None


@dataclass(frozen=True, slots=True)
class Answerer:
    """A chatbot as routing sees it."""

    chatbot_id: UUID
    is_active: bool
    main: MainFlow | None


@dataclass(frozen=True, slots=True)
class RunFlow:
    """This version of this flow answers."""

    chatbot_id: UUID
    flow_id: UUID
    version_id: UUID


@dataclass(frozen=True, slots=True)
class NoChatbot:
    """Neither the number nor the workspace has a chatbot that is switched on."""


@dataclass(frozen=True, slots=True)
class BrokenFlow:
    """The chatbot that should answer has no flow that can run."""

    flow_id: UUID | None


@dataclass(frozen=True, slots=True)
class NumberInactive:
    """Somebody switched the number off."""


Route = RunFlow | NoChatbot | BrokenFlow | NumberInactive


def route(number_is_active: bool | None, own: Answerer | None, fallback: Answerer | None) -> Route:
    """Decides who answers.

    Only an explicit False makes a number inactive. A chatbot that is switched off counts as none; one that is on
    but has no published flow does not: its author must hear that it is broken.
    """
    if number_is_active is False:
        return NumberInactive()
    for answerer in (own, fallback):
        if answerer and answerer.is_active:
            return _run(answerer)
    return NoChatbot()


def _run(answerer: Answerer) -> Route:
    flow = _flow(answerer)
    if flow is None or flow.version_id is None:
        return BrokenFlow(flow.flow_id if flow else None)
    return RunFlow(answerer.chatbot_id, flow.flow_id, flow.version_id)


def _flow(answerer: Answerer) -> MainFlow | None:
    """Chooses the chatbot's flow: the one place where an A/B test will draw."""
    return answerer.main
