"""The news of an account that change how we send; Meta has many more, which are only kept."""

from typing import Literal

import msgspec

from recado.engine.phones import digits
from recado.whatsapp.payload import Change

News = Literal["upgraded", "coexistence"]

# Only numbers that are also in the WhatsApp Business app have these (Meta: onboarding business app users).
_COEXISTENCE = frozenset({"smb_message_echoes", "smb_app_state_sync"})


class AccountNews(msgspec.Struct, frozen=True):
    """What Meta tells of a number: of the one that the change names, else of the one with this phone, in digits."""

    news: News
    phone: str | None = None


class _Quality(msgspec.Struct):
    event: str = ""
    display_phone_number: str = ""


def account_news(change: Change) -> AccountNews | None:
    """Reads a change; None where it is nothing to us."""
    if change.field in _COEXISTENCE and change.phone_number_id:
        return AccountNews("coexistence")
    if change.field != "phone_number_quality_update" or change.account is None:
        return None
    try:
        told = msgspec.json.decode(change.account, type=_Quality)
    except msgspec.ValidationError:
        return None
    phone = digits(told.display_phone_number)[:32]
    return AccountNews("upgraded", phone) if told.event == "THROUGHPUT_UPGRADE" and phone else None
