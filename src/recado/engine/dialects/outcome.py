"""What reading a node came to: the node in our form, and everything it said about where the flow goes on."""

from dataclasses import dataclass, field

from recado.engine.events import Json

Extra = tuple[str, dict[str, Json]]


@dataclass(slots=True)
class Outcome:
    """A node in our form.

    `handles` are names that an edge may leave by, each with our ports for it; `links` are targets that stood in the
    fields, as (port, target), port None for the default edge; `goes_on` are the side ports for what led the same way
    as everything else; `rescue` is what a failed call leaves in a variable before it goes on. `before` and `after` are
    nodes for what this one did as well. `unnamed` is the port that an edge without a name means.
    """

    type: str
    data: dict[str, Json]
    handles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    links: list[tuple[str | None, str]] = field(default_factory=list)
    goes_on: tuple[str, ...] = ()
    rescue: dict[str, Json] | None = None
    before: list[Extra] = field(default_factory=list)
    after: list[Extra] = field(default_factory=list)
    unnamed: str | None = None
    labels_route: bool = False
    fans_out: bool = False
    variables: dict[str, Json] = field(default_factory=dict)
