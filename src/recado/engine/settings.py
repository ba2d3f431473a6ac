"""How a bot behaves where a node says nothing: a flow's settings beat the chatbot's, which beat the workspace's."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, structs

Seconds = Annotated[int, Meta(ge=0, le=30 * 86_400)]
Silence = Annotated[int, Meta(ge=1, le=30)]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
Words = Annotated[tuple[Word, ...], Meta(max_length=20)]
Burst = Literal["fresh", "each", "merge", "newest"]
LateTaps = Literal["repeat", "ignore", "rewind"]
DEFAULT_TTL = 86_400
DEFAULT_SILENCE = 3


class OnError(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the customer gets when the flow cannot go on: a text, then a person or the end."""

    text: str | None = None
    then: Literal["handoff", "end"] | None = None


class Inactivity(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What happens while the customer is silent at a question. Seconds since the asking or the customer's last word."""

    remind_after: Seconds | None = None
    text: str | None = None
    end_after: Seconds | None = None
    action: Literal["close", "handoff", "flow"] = "close"
    flow: str | None = None


class Menu(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where the command `menu` leads: a node of the current flow, or a flow."""

    to_node: str | None = None
    to_flow: str | None = None


# Both are keys of caches, each many times.
class Commands(
    Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, cache_hash=True
):
    """The words that are orders wherever the customer stands; an empty list switches a command off."""

    restart: Words = ("recomeçar", "restart")
    menu: Words = ("menu",)
    human: Words = ("atendente", "humano", "human")
    end: Words = ("sair", "encerrar", "exit")
    stop: Words = ("parar mensagens", "descadastrar", "stop", "unsubscribe")
    start: Words = ("start", "voltar a receber")
    menu_to: Menu = Menu()


class Settings(
    Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, cache_hash=True
):
    """None means: not set here, ask the next wider settings. Durations are whole seconds.

    `read_receipts`: what the bot takes up is marked as read. `typing`: the customer sees that an answer is being made;
    Meta shows that only together with the mark, so it needs both. Both are on where nobody says otherwise.
    """

    on_error: OnError | None = None
    burst: Burst | None = None
    burst_silence: Silence | None = None
    late_taps: LateTaps | None = None
    session_ttl: Seconds | None = None
    inactivity: Inactivity | None = None
    commands: Commands | None = None
    read_receipts: bool | None = None
    typing: bool | None = None

    def over(self, wider: "Settings") -> "Settings":
        """Gives these settings with the wider ones where nothing is set."""
        return self if wider == UNSET else _merged(self, wider)


UNSET = Settings()


@lru_cache(maxsize=1_000)
def _merged(own: Settings, wider: Settings) -> Settings:
    unset = {f: getattr(wider, f) for f in own.__struct_fields__ if getattr(own, f) is None}
    return structs.replace(own, **unset)


def flow_places(settings: Settings) -> Iterator[tuple[str, str]]:
    """Gives the flows that settings lead to, each with its path: the menu's, and the one after a long silence."""
    if settings.commands and (menu := settings.commands.menu_to.to_flow):
        yield "commands.menu_to.to_flow", menu
    if settings.inactivity and (silent := settings.inactivity.flow):
        yield "inactivity.flow", silent


def flows_named(settings: Settings) -> set[str]:
    """Gives the flows that settings lead to."""
    return {flow for _, flow in flow_places(settings)}


def parse_stored(raw: Mapping[str, object]) -> Settings:
    """Reads the engine's part of stored settings; raises msgspec.ValidationError."""
    if not raw:
        return UNSET
    return parse({key: raw[key] for key in Settings.__struct_fields__ if key in raw})


def parse(raw: object) -> Settings:
    """Reads settings as they are stored; raises msgspec.ValidationError that names the path."""
    return msgspec.convert(raw, Settings)
