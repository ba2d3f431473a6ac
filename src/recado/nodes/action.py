"""Does things that the customer does not see: tags and fields, consent, webhooks, e-mails, notices to the team."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from recado.engine.contact_actions import Agree, ChangeTags, SaveContact, SetField
from recado.engine.node import About, Node, Port, Visit, field
from recado.engine.outgoing_actions import NotifyTeam, SendEmail, Webhook
from recado.engine.port_rules import PortRule
from recado.engine.problems import Problem
from recado.engine.steps import Entered, Go, Returned, Stay, Step
from recado.engine.traits import Need

PLACE = "action"  # in the visit's memory: which action is under way, from 0

OneAction = Annotated[
    ChangeTags | SetField | SaveContact | Agree | Webhook | SendEmail | NotifyTeam,
    Field(discriminator="type"),
]


class Action(Node):
    """Does its actions one after the other; one that asks the world outside is waited for."""

    about: ClassVar[About] = About(
        family="actions",
        icon="zap",
        name={"pt-BR": "Ação", "en": "Action"},
        help={
            "pt-BR": "Faz uma coisa depois da outra. Se um webhook ou e-mail não der certo, o resto fica por fazer e o "
            "fluxo segue por “error”; sem essa ligação o cliente recebe o texto de falha.",
            "en": "Does one thing after the other. If a webhook or an e-mail does not work, the rest is left undone and "
            "the flow goes on by “error”; without that edge the customer gets the failure text.",
        },
        example={
            "actions": [
                {"type": "add_tag", "tags": ["cliente"]},
                {"type": "save_contact", "name": "{{nome}}", "email": "{{email}}"},
                {"type": "notify_team", "text": "{{nome}} quer um orçamento.", "team": "Vendas"},
            ]
        },
    )
    port_rules: ClassVar[tuple[PortRule, ...]] = (
        PortRule(id="next"),
        PortRule(id="error", side=True),
    )
    type: Literal["action"] = "action"
    actions: tuple[OneAction, ...] = field(
        "Ações", "Actions", ui="actions", min_length=1, max_length=20
    )

    @property
    def breaks_loops(self) -> bool:
        """Says yes where something outside is asked: that takes its time, and may go wrong."""
        return self._asks

    @property
    def _asks(self) -> bool:
        return any(action.type in ("webhook", "email") for action in self.actions)

    def ports(self) -> tuple[Port, ...]:
        """Has `next`, and `error` at the side."""
        return (Port("next"), Port("error", side=True))

    def can_take(self, port: str) -> bool:
        """Leaves by `error` only where something outside is asked."""
        return port != "error" or self._asks

    def problems(self) -> Iterator[Problem]:
        """Finds the mistakes of each action."""
        for index, action in enumerate(self.actions):
            match action:
                case SaveContact() | Webhook() | SendEmail():
                    yield from action.problems(field=f"actions.{index}")

    def needs(self) -> Iterator[Need]:
        """Names the secrets that sign webhooks."""
        for index, action in enumerate(self.actions):
            match action:
                case Webhook(secret=str(secret)):
                    yield Need("secret", secret, f"actions.{index}.secret")

    def run(self, visit: Visit) -> Step:
        """Begins with the first action; goes on with the next one when a call comes back well."""
        match visit.occasion:
            case Entered():
                return self._from(visit, 0)
            case Returned(result=result):
                if result.status is not None:
                    visit.note(status=result.status, ms=result.ms)
                place = int(visit.memory[PLACE])
                return self._from(visit, place + 1) if result.ok else self._stop(visit, place)
        return Stay()

    def _from(self, visit: Visit, place: int) -> Step:
        for index, action in enumerate(self.actions[place:], start=place):
            match action.do(visit):
                case None:
                    continue
                case Go():
                    return self._stop(visit, index)
                case call:
                    visit.memory[PLACE] = index
                    return call
        return Go()

    def _stop(self, visit: Visit, place: int) -> Go:
        """Leaves by `error`, and says in the trace what was not done."""
        action = self.actions[place].type if place < len(self.actions) else ""
        undone = ", ".join(each.type for each in self.actions[place + 1 :])
        if undone:
            visit.note(action=action, place=place + 1, undone=undone)
        else:
            visit.note(action=action, place=place + 1)
        return Go("error")
