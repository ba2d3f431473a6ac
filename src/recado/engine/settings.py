"""How a bot behaves where a node says nothing: a flow's settings beat the chatbot's, which beat the workspace's."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, structs

Seconds = Annotated[int, Meta(ge=0, le=30 * 86_400)]
Burst = Literal["fresh", "each"]
DEFAULT_TTL = 86_400


class OnError(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the customer gets when the flow cannot go on: a text, then a person or the end."""

    text: str | None = None
    then: Literal["handoff", "end"] | None = None


class Settings(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """None means: not set here, ask the next wider settings. Durations are whole seconds."""

    on_error: OnError | None = None
    burst: Burst | None = None
    late_taps: Literal["repeat", "ignore"] | None = None
    session_ttl: Seconds | None = None

    def over(self, wider: "Settings") -> "Settings":
        """Gives these settings with the wider ones where nothing is set."""
        unset = {f: getattr(wider, f) for f in self.__struct_fields__ if getattr(self, f) is None}
        return structs.replace(self, **unset)


def parse(raw: object) -> Settings:
    """Reads settings as they are stored; raises msgspec.ValidationError that names the path."""
    return msgspec.convert(raw, Settings)
