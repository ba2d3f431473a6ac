"""What the fake Meta remembers: numbers, customers, messages, media and its own time."""

import base64
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from recado.whatsapp.fake_filled import filled
from recado.whatsapp.fake_records import (
    BSUID,
    FakeCustomer,
    FakeMedia,
    FakeNumber,
    FakeTemplate,
    Json,
    Read,
    Said,
    Sent,
    customer_key,
    digits,
    user_id_of,
    without_ninth_digit,
)
from recado.whatsapp.fake_rules import Known

KEPT = 10_000
CUSTOMERS = 200_000
_MEDIA_BYTES = 128 << 20
_HELLO = FakeTemplate(name="hello_world", language="en_US")
Entry = TypeVar("Entry", Sent, Said)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeOptions:
    """How this Meta behaves where the real one varies."""

    read: bool = True  # customers read what they get
    statuses: bool = True
    window: float = 24 * 3600
    strangers: bool = False  # the window of who never wrote through this fake counts as open
    only_customers: bool = False  # 131026 for somebody who never wrote
    refuse_late: bool = False  # 131026 and 131047 come as failed statuses, as they often do
    drop_ninth_digit: bool = False  # Brazilian `wa_id`s without the ninth digit
    pair_rate: bool = False  # 131056 beyond a burst of 45, then one message in 6 s


class _Inbound:
    """The ids that a number may mark as read: those that this fake has given out."""

    def __init__(self, prefix: str, extra: set[str]) -> None:
        self._prefix = prefix
        self._extra = extra

    def __contains__(self, wamid: object) -> bool:
        return isinstance(wamid, str) and (wamid.startswith(self._prefix) or wamid in self._extra)


class FakeWorld:
    """Everything the fake remembers, bounded."""

    def __init__(
        self, options: FakeOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.options = options or FakeOptions()
        self.numbers: dict[str, FakeNumber] = {}
        self.customers: OrderedDict[str, FakeCustomer] = OrderedDict()
        self.sent: OrderedDict[str, Sent] = OrderedDict()
        self.said: OrderedDict[str, Said] = OrderedDict()
        self.reads: deque[Read] = deque(maxlen=KEPT)
        self.media: OrderedDict[str, FakeMedia] = OrderedDict()
        self.foreign_ids: set[str] = set()
        self.unsubscribed: set[str] = set()
        self._clock = clock
        self._ahead = 0.0
        self._templates: dict[str, dict[tuple[str, str], FakeTemplate]] = {}
        self.known: dict[str, Known] = {}
        self._media_of: dict[str, set[str]] = {}
        self.heard: dict[tuple[str, str], float] = {}
        self._by_user_id: dict[str, str] = {}
        self._made = 0
        # A restarted fake must not give out an id that the database has seen.
        self._wamids = f"wamid.HBgM{secrets.token_urlsafe(12).replace('-', '0').replace('_', '1')}"

    def now(self) -> float:
        """Tells the fake's time in unix seconds."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Moves the fake's clock ahead."""
        self._ahead += seconds

    def add_number(self, number: FakeNumber) -> None:
        """Adds a business number, or replaces the one with the same id."""
        self.numbers[number.phone_number_id] = number
        media = self._media_of.setdefault(number.phone_number_id, set())
        self.known[number.phone_number_id] = Known(
            media=media,
            templates=self.templates(number.waba_id),
            inbound=_Inbound(self._wamids, self.foreign_ids),
            own_phone=digits(number.display_phone_number),
        )

    def numbers_of(self, waba_id: str) -> list[FakeNumber]:
        """Gives the numbers of a WABA."""
        return [number for number in self.numbers.values() if number.waba_id == waba_id]

    def templates(self, waba_id: str) -> dict[tuple[str, str], FakeTemplate]:
        """Gives a WABA's templates by name and language."""
        return self._templates.setdefault(waba_id, {(_HELLO.name, _HELLO.language): _HELLO})

    def add_template(self, waba_id: str, template: FakeTemplate) -> None:
        """Adds a template to a WABA."""
        if not template.id:
            template = msgspec.structs.replace(template, id=self.new_id())
        self.templates(waba_id)[template.name, template.language] = template

    def add_media(self, media: FakeMedia) -> None:
        """Keeps a file, dropping the oldest beyond 128 MB; its number may send it."""
        self.media[media.id] = media
        self._media_of.setdefault(media.phone_number_id, set()).add(media.id)
        held = sum(len(kept.content) for kept in self.media.values())
        while len(self.media) > 1 and (held > _MEDIA_BYTES or len(self.media) > KEPT):
            _, dropped = self.media.popitem(last=False)
            held -= len(dropped.content)
            self.forget_media(dropped.id)

    def forget_media(self, media_id: str) -> bool:
        """Drops a file; says whether it was there or known by id."""
        found = [ids for ids in self._media_of.values() if media_id in ids]
        for ids in found:
            ids.discard(media_id)
        return self.media.pop(media_id, None) is not None or bool(found)

    def new_id(self) -> str:
        """Makes an id like those of Meta's media and templates."""
        return str(secrets.randbelow(9 * 10**14) + 10**15)

    def new_wamid(self) -> str:
        """Makes a message id."""
        self._made += 1
        return f"{self._wamids}{self._made:010X}"

    def meet(
        self, who: str, *, name: str | None = None, username: str | None = None
    ) -> FakeCustomer:
        """Gives the customer of a phone or BSUID, making them up at the first meeting."""
        key = customer_key(who)
        found = self.customers.get(key)
        if found is None:
            phone = None if BSUID.fullmatch(key) else key
            user_id = key if phone is None else user_id_of(key)
            found = FakeCustomer(key, phone, user_id, name or "Cliente", username)
        elif name or username:
            found = FakeCustomer(
                key, found.phone, found.user_id, name or found.name, username or found.username
            )
        self._keep_customer(found)
        return found

    def wa_id(self, customer: FakeCustomer) -> str | None:
        """Gives the customer's `wa_id`; none where only the BSUID is known."""
        if customer.phone is None or not self.options.drop_ninth_digit:
            return customer.phone
        return without_ninth_digit(customer.phone)

    def key_of(self, who: str) -> str:
        """Names the customer of a phone or BSUID as written in a request."""
        return self._by_user_id.get(who) or customer_key(who)

    def hear(self, number: FakeNumber, customer: FakeCustomer, message: Json) -> Said:
        """Remembers a customer's message and opens the 24 hour window."""
        now = self.now()
        self.heard[number.phone_number_id, customer.key] = now
        wamid = self.new_wamid()
        said = Said(self._made, number.phone_number_id, customer.key, wamid, message, now)
        _keep(self.said, wamid, said)
        return said

    def accept(
        self, number: FakeNumber, body: Json, to: str, *, template: FakeTemplate | None = None
    ) -> Sent:
        """Remembers a message that the business sent to a customer's key or a group."""
        wamid = self.new_wamid()
        opaque = body.get("biz_opaque_callback_data")
        shown = filled(template, body["template"]) if template and template.components else None
        sent = Sent(self._made, number.phone_number_id, to, body, wamid, opaque, self.now(), shown)
        _keep(self.sent, wamid, sent)
        return sent

    def timeline(self, number: str, customer: str) -> Iterator[Sent | Said]:
        """Gives what the number and the customer said to each other, oldest first."""
        both: list[Sent | Said] = [
            *(s for s in self.sent.values() if s.to == customer and s.phone_number_id == number),
            *(
                s
                for s in self.said.values()
                if s.customer == customer and s.phone_number_id == number
            ),
        ]
        return iter(sorted(both, key=lambda entry: entry.order))

    def forget(self) -> None:
        """Forgets messages, customers and windows; numbers, templates and media stay."""
        self.sent.clear()
        self.said.clear()
        self.reads.clear()
        self.customers.clear()
        self._by_user_id.clear()
        self.heard.clear()
        self._ahead = 0.0

    def _keep_customer(self, customer: FakeCustomer) -> None:
        self.customers[customer.key] = customer
        self._by_user_id[customer.user_id] = customer.key
        if len(self.customers) > CUSTOMERS:
            _, dropped = self.customers.popitem(last=False)
            self._by_user_id.pop(dropped.user_id, None)
            for number in self.numbers:
                self.heard.pop((number, dropped.key), None)


def _keep(kept: OrderedDict[str, Entry], key: str, entry: Entry) -> None:
    kept[key] = entry
    if len(kept) > KEPT:
        kept.popitem(last=False)


def webhook_sha256(media: FakeMedia) -> str:
    """Gives a file's digest as webhooks carry it, in base64."""
    return base64.b64encode(bytes.fromhex(media.sha256)).decode()
