"""The fake's rulings that depend on what it remembers: window, customers, pair rate, reactions."""

from collections import OrderedDict
from dataclasses import dataclass

from recado.whatsapp.fake_errors import FakeError, by_code
from recado.whatsapp.fake_fields import MEDIA_KINDS
from recado.whatsapp.fake_records import FakeCustomer, FakeNumber, FakeTemplate, Json, Said, Sent
from recado.whatsapp.fake_rules import Known, check
from recado.whatsapp.fake_world import CUSTOMERS, FakeWorld

# Meta: one message in 6 s to the same customer, and a burst of 45 borrowed from the future.
_PAIR_GAP, _PAIR_BURST = 6.0, 45


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a body is taken: refused now, or taken and reported as failed later."""

    refused: FakeError | None = None
    late: FakeError | None = None
    to: str = ""
    customer: FakeCustomer | None = None
    template: FakeTemplate | None = None


class Rulings:
    """Decides on the bodies that numbers post to `/messages`."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self._pairs: OrderedDict[tuple[str, str], float] = OrderedDict()

    def rule(self, number: FakeNumber, body: object) -> Ruling:
        """Decides on a body of `/messages`, mark-as-read included."""
        known = self._world.known[number.phone_number_id]
        refused = check(body, known)
        if refused is not None or not isinstance(body, dict):
            return Ruling(refused)
        if "status" in body:
            return Ruling()
        if body.get("recipient_type") == "group":
            return Ruling(to=str(body["to"]))
        return self._rule_customer(number, body, known)

    def _rule_customer(self, number: FakeNumber, body: Json, known: Known) -> Ruling:
        who = str(body.get("to") or body["recipient"])
        key = self._world.key_of(who)
        template = None
        if str(body.get("type")).lower() == "template":
            named = body["template"]
            template = known.templates[named["name"], named["language"]["code"]]
        error = self._closed(number, key, free_form=template is None)
        late = self._world.options.refuse_late
        if error is None:
            late, error = False, self._paced(number, key)
        if error is not None and not late:
            return Ruling(error)
        late_error = error or self._fails_late(body)
        customer = self._world.customers.get(key) or self._world.meet(key)
        return Ruling(None, late_error, key, customer, template)

    def _closed(self, number: FakeNumber, key: str, *, free_form: bool) -> FakeError | None:
        heard = self._world.heard.get((number.phone_number_id, key))
        if self._world.options.only_customers and heard is None:
            return by_code(131026, "Message Undeliverable.")
        if heard is None and self._world.options.strangers:
            return None
        if free_form and (heard is None or self._world.now() - heard > self._world.options.window):
            details = (
                "Message failed to send because more than 24 hours have passed since the "
                "customer last replied to this number."
            )
            return by_code(131047, details)
        return None

    def _paced(self, number: FakeNumber, key: str) -> FakeError | None:
        if not self._world.options.pair_rate:
            return None
        pair, now = (number.phone_number_id, key), self._world.now()
        # The time at which the pair has paid back everything that it borrowed.
        free_at = max(self._pairs.get(pair, now), now)
        if free_at - now > (_PAIR_BURST - 1) * _PAIR_GAP:
            return by_code(131056)
        self._pairs[pair] = free_at + _PAIR_GAP
        self._pairs.move_to_end(pair)
        if len(self._pairs) > CUSTOMERS:
            self._pairs.popitem(last=False)
        return None

    def _fails_late(self, body: Json) -> FakeError | None:
        kind = str(body.get("type", "text")).lower()
        if kind == "reaction":
            return self._bad_reaction(body["reaction"]["message_id"])
        if kind in MEDIA_KINDS:
            file = self._world.media.get(str(body[kind].get("id")))
            if file is not None and not file.mime_type.startswith(MEDIA_KINDS[kind]):
                return by_code(131053, f"{file.mime_type} cannot be sent as {kind}")
        return None

    def _bad_reaction(self, wamid: str) -> FakeError | None:
        target: Sent | Said | None = self._world.said.get(wamid) or self._world.sent.get(wamid)
        if target is None and wamid not in self._world.foreign_ids:
            return by_code(131009, "Reaction to a message that does not exist")
        body = target.body if isinstance(target, Sent) else target.message if target else {}
        if body.get("type") == "reaction":
            return by_code(131009, "Reaction to a reaction")
        return None
