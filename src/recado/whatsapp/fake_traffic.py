"""What goes through the fake: customers who write, messages taken, statuses reported back."""

from collections.abc import Mapping
from dataclasses import replace

from recado.whatsapp.fake_errors import FakeError
from recado.whatsapp.fake_faults import Drawn, FaultPlan
from recado.whatsapp.fake_payloads import (
    category_of,
    choice_id,
    choices,
    envelope,
    inbound,
    status_of,
)
from recado.whatsapp.fake_records import (
    FakeCustomer,
    FakeMedia,
    FakeNumber,
    Json,
    Read,
    Sent,
    customer_key,
)
from recado.whatsapp.fake_rulings import Ruling, Rulings
from recado.whatsapp.fake_watch import Watchers
from recado.whatsapp.fake_webhooks import Deliveries, Delivery
from recado.whatsapp.fake_world import FakeWorld, webhook_sha256


class NoSuchChoice(LookupError):
    """Says that the customer has nothing like that to tap."""


class Traffic:
    """Moves messages both ways between customers and the business's webhook."""

    def __init__(
        self, world: FakeWorld, plan: FaultPlan, deliveries: Deliveries, watchers: Watchers
    ) -> None:
        self.world = world
        self.plan = plan
        self.deliveries = deliveries
        self.watchers = watchers
        self._rulings = Rulings(world)

    def say(
        self,
        customer: str,
        text: str,
        *,
        number: str | None = None,
        name: str | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Lets a customer write a text; gives the wamid."""
        message = {"type": "text", "text": {"body": text}}
        return self.send(customer, message, number=number, name=name, reply_to=reply_to)

    def tap(
        self, customer: str, choice: str, *, number: str | None = None, message: str | None = None
    ) -> str:
        """Lets a customer tap a button or a list's row, by id or title; gives the wamid.

        Without `message` the newest message that offers the choice is meant. Raises NoSuchChoice.
        """
        key, ours = customer_key(customer), self.number(number)
        for sent in reversed(self.world.sent.values()):
            if sent.to != key or sent.phone_number_id != ours.phone_number_id:
                continue
            if message not in (None, sent.wamid):
                continue
            for option in choices(sent):
                if choice in choice_id(option):
                    return self.send(
                        customer, option, number=ours.phone_number_id, reply_to=sent.wamid
                    )
        raise NoSuchChoice(choice)

    def send_file(
        self,
        customer: str,
        kind: str,
        content: bytes,
        *,
        mime_type: str,
        number: str | None = None,
        name: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
    ) -> str:
        """Lets a customer send a file (image, video, audio, document, sticker); gives the wamid."""
        ours = self.number(number)
        media = FakeMedia(self.world.new_id(), mime_type, content, ours.phone_number_id)
        self.world.add_media(media)
        about: Json = {"id": media.id, "mime_type": mime_type, "sha256": webhook_sha256(media)}
        if caption is not None:
            about["caption"] = caption
        if filename is not None:
            about["filename"] = filename
        if kind == "audio":
            about["voice"] = True
        message = {"type": kind, kind: about}
        return self.send(customer, message, number=ours.phone_number_id, name=name)

    def send(
        self,
        customer: str,
        message: Json,
        *,
        number: str | None = None,
        name: str | None = None,
        username: str | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Lets a customer send any message as Meta writes it in webhooks; gives the wamid."""
        ours = self.number(number)
        who = self.world.meet(customer, name=name, username=username)
        if reply_to is not None:
            context = {"from": ours.display_phone_number, "id": reply_to}
            message = {"context": context, **message}
        said = self.world.hear(ours, who, message)
        wa_id = self.world.wa_id(who)
        value = inbound(who, message, wa_id=wa_id, wamid=said.wamid, at=said.at)
        self.deliver(envelope(ours, value), number=number, customer=who.key, wamid=said.wamid)
        self.watchers.tell(ours.phone_number_id, who.key, lambda: {"event": "said", "entry": said})
        return said.wamid

    def deliver(
        self,
        payload: Mapping[str, object],
        *,
        number: str | None = None,
        customer: str = "",
        wamid: str | None = None,
    ) -> Delivery | None:
        """Puts any webhook on its way; None where the number has no webhook or subscription."""
        ours = self.number(number)
        if ours.waba_id in self.world.unsubscribed:
            return None
        return self.deliveries.post(ours, payload, customer=customer, wamid=wamid)

    def rule(self, number: FakeNumber, body: object) -> Ruling:
        """Decides whether a body of `/messages` is taken."""
        return self._rulings.rule(number, body)

    def accept(self, number: FakeNumber, body: Json, ruling: Ruling, drawn: Drawn) -> Sent:
        """Takes a message and reports its statuses."""
        sent = self.world.accept(number, body, ruling.to, template=ruling.template)
        self.watchers.tell(
            number.phone_number_id, sent.to, lambda: {"event": "sent", "entry": sent}
        )
        if self.world.options.statuses and not drawn.no_statuses:
            late = drawn.fail_later or ruling.late
            self._report(number, sent, replace(ruling, late=late))
        return sent

    def read(self, number: FakeNumber, body: Json) -> None:
        """Notes that the business has read a customer's message, and perhaps is typing."""
        wamid = body["message_id"]
        read = Read(number.phone_number_id, wamid, "typing_indicator" in body, self.world.now())
        self.world.reads.append(read)
        said = self.world.said.get(wamid)
        customer = said.customer if said is not None else ""
        self.watchers.tell(
            number.phone_number_id, customer, lambda: {"event": "read", "entry": read}
        )

    def number(self, phone_number_id: str | None) -> FakeNumber:
        """Gives a business number by its id; without one, the first number."""
        if phone_number_id is None:
            return next(iter(self.world.numbers.values()))
        return self.world.numbers[phone_number_id]

    def _report(self, number: FakeNumber, sent: Sent, ruling: Ruling) -> None:
        if ruling.late is not None:
            self._status(number, sent, "failed", ruling, error=ruling.late)
            return
        only_sent = ruling.customer is None or sent.type == "reaction"
        for status in ("sent",) if only_sent else ("sent", "delivered", "read"):
            if status != "read" or self.world.options.read:
                self._status(number, sent, status, ruling)

    def _status(
        self,
        number: FakeNumber,
        sent: Sent,
        status: str,
        ruling: Ruling,
        *,
        error: FakeError | None = None,
    ) -> None:
        customer: FakeCustomer | None = ruling.customer
        value = status_of(
            sent,
            status,
            customer=customer,
            wa_id=None if customer is None else self.world.wa_id(customer),
            at=self.world.now(),
            category=category_of(ruling.template),
            error=error,
        )
        sent.statuses.append(status)
        self.deliver(envelope(number, value), number=number.phone_number_id, customer=sent.to)
        told = {"event": "status", "wamid": sent.wamid, "status": status}
        self.watchers.tell(number.phone_number_id, sent.to, lambda: told)
