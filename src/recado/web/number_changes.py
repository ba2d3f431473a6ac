"""Turns what a request says about a number into what is stored: secrets, credentials of the fake Meta, activity."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from recado.engine import phones
from recado.store import chatbots, flows, holds, secrets
from recado.store import numbers as store
from recado.store.alerts import resolve_alerts
from recado.store.ids import new_id
from recado.store.listen import OUTBOX, notify
from recado.store.numbers import Number
from recado.store.pool import Db
from recado.web.errors import Refusal
from recado.web.roles import Permission
from recado.web.serving import FakeNumber, Serving
from recado.web.viewer import Viewer

# Fields that are stored under their own name, as they are.
_PLAIN = frozenset(
    {
        "display_name",
        "is_active",
        "default_chatbot_id",
        "phone_number_id",
        "away_message",
        "away_mode",
        "business_hours",
        "connection_type",
    }
)


async def change_number_to(
    db: Db,
    number: Number,
    given: Mapping[str, Any],
    *,
    viewer: Viewer,
    served: Serving,
    base_url: str,
) -> None:
    """Stores what was given; raises Refusal for what cannot be."""
    changes = {name: value for name, value in given.items() if name in _PLAIN}
    changes |= _renamed(number, given, viewer=viewer, base_url=base_url)
    if (chatbot_id := given.get("default_chatbot_id")) is not None:
        await _check_chatbot(db, viewer.workspace_id, chatbot_id)
    changes |= await _secrets(db, number, given, served=served)
    after = {**_now(number), **changes}
    if _fake_serves(served, after):
        changes |= await _fake_credentials(db, number, after, served=served)
        after |= changes
    if given.get("is_active") is True:
        await _check_ready(db, viewer.workspace_id, after)
    connected = after["phone_number_id"] is not None and after["access_token_id"] is not None
    changes["status"] = "connected" if connected else "disconnected"
    await _write(db, number, changes)
    await _go_on(db, number)
    await _tell_fake(db, number, served=served, base_url=base_url)


def webhook_address(base_url: str) -> str:
    """Gives the address that Meta posts to."""
    return f"{base_url}/api/v1/whatsapp/webhook"


def phone_of(text: str) -> str:
    """Reads a phone in any spelling; raises Refusal where there is none."""
    found = phones.e164(text)
    if found is None or len(found) > 20:
        raise Refusal(422, "invalid_phone", field="phone_number", value=text[:50])
    return found


def already_there(phone_number: str) -> Refusal:
    """Says that the workspace has this number already."""
    return Refusal(409, "number_exists", field="phone_number", phone_number=phone_number)


def _renamed(
    number: Number, given: Mapping[str, Any], *, viewer: Viewer, base_url: str
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, value in given.items():
        match name, value:
            case "phone_number", str():
                changes |= {"phone_number": phone_of(value), "phone_shown": value.strip()}
            case "whatsapp_business_account_id", _:
                changes["waba_id"] = value
            case "limits", BaseModel():
                changes["limits"] = value.model_dump()
            case "webhook_url", _:
                # Our own address comes back in a PUT of what was read; it goes on following the settings.
                changes["webhook_url"] = None if value == webhook_address(base_url) else value
            case "webhook_verify_token", str() if value != number.webhook_verify_token:
                if not viewer.may(Permission.ADMINISTER):
                    raise Refusal(403, "verify_token_is_admins", field="webhook_verify_token")
                changes["webhook_verify_token"] = value
    return changes


async def _check_chatbot(db: Db, workspace_id: UUID, chatbot_id: UUID) -> None:
    if await chatbots.find_chatbot(db, workspace_id, chatbot_id) is not None:
        return
    field = "default_chatbot_id"
    flow = await flows.find_flow(db, workspace_id, chatbot_id)
    if flow is None:
        raise Refusal(422, "unknown_reference", field=field, id=str(chatbot_id))
    owner = flow.facts.chatbot_id
    chatbot = await chatbots.find_chatbot(db, workspace_id, owner) if owner else None
    if chatbot is None:
        raise Refusal(422, "flow_id_without_chatbot", field=field, flow_id=str(chatbot_id))
    raise Refusal(
        422,
        "flow_id_for_chatbot",
        field=field,
        flow_id=str(chatbot_id),
        chatbot_id=str(chatbot.id),
        chatbot_name=chatbot.name,
    )


async def _secrets(
    db: Db, number: Number, given: Mapping[str, Any], *, served: Serving
) -> dict[str, Any]:
    """Replaces or forgets secrets. A real access token ends what the fake Meta lent to the number."""
    changes: dict[str, Any] = {}
    leaves_fake = number.graph_url is not None and given.get("access_token") is not None
    if leaves_fake:
        lent = {"phone_number_id": None, "waba_id": None}
        changes |= {"graph_url": None, **{k: v for k, v in lent.items() if not _named(given, k)}}
        given = {"app_secret": None, **given}
    kept: dict[secrets.Purpose, UUID | None] = {
        "app_secret": number.app_secret_id,
        "access_token": number.access_token_id,
    }
    for name, old in kept.items():
        if name in given:
            changes[f"{name}_id"] = await secrets.swap(
                db,
                served.vault,
                workspace_id=number.workspace_id,
                purpose=name,
                old=old,
                value=given[name],
            )
    return changes


def _named(given: Mapping[str, Any], column: str) -> bool:
    return {"waba_id": "whatsapp_business_account_id"}.get(column, column) in given


def _now(number: Number) -> dict[str, Any]:
    return {
        "connection_type": number.connection_type,
        "default_chatbot_id": number.default_chatbot_id,
        "phone_number_id": number.phone_number_id,
        "waba_id": number.waba_id,
        "access_token_id": number.access_token_id,
        "app_secret_id": number.app_secret_id,
    }


def _fake_serves(served: Serving, after: Mapping[str, Any]) -> bool:
    return (
        served.fake_meta is not None
        and after["connection_type"] == "official"
        and after["access_token_id"] is None
    )


async def _fake_credentials(
    db: Db, number: Number, after: Mapping[str, Any], *, served: Serving
) -> dict[str, Any]:
    """Lends a number what it has none of: the fake's token, address and ids, and its secret where it has one."""
    fake = served.fake_meta
    if fake is None:
        return {}
    lent: dict[str, Any] = {"graph_url": fake.graph_url}
    owned: dict[secrets.Purpose, str | None] = {
        "access_token": fake.access_token,
        "app_secret": fake.app_secret,
    }
    for name, value in owned.items():
        if value is not None and after[f"{name}_id"] is None:
            lent[f"{name}_id"] = await secrets.put(
                db, served.vault, workspace_id=number.workspace_id, purpose=name, value=value
            )
    if after["phone_number_id"] is None:
        lent["phone_number_id"] = _made_up_id()
    if after["waba_id"] is None:
        lent["waba_id"] = fake.waba_id
    return lent


def _made_up_id() -> str:
    """Makes an id of fifteen digits, as Meta's look; the low bits of our ids are random."""
    return str(10**14 + (new_id().int & (2**62 - 1)) % (9 * 10**14))


async def _check_ready(db: Db, workspace_id: UUID, after: Mapping[str, Any]) -> None:
    """Refuses to activate a number that could not answer, with everything that is missing."""
    missing = []
    if not await store.can_be_answered(db, workspace_id, after["default_chatbot_id"]):
        missing.append("default_chatbot_id")
    if after["connection_type"] == "official":
        for field, column in (
            ("phone_number_id", "phone_number_id"),
            ("access_token", "access_token_id"),
        ):
            if after[column] is None:
                missing.append(field)
    if missing:
        raise Refusal(422, "number_not_ready", field="is_active", missing=missing)


async def _write(db: Db, number: Number, changes: Mapping[str, Any]) -> None:
    try:
        await store.update_number(db, number.workspace_id, number.id, changes=changes)
    except asyncpg.UniqueViolationError as taken:
        if "phone_number_id" in (taken.constraint_name or ""):
            raise Refusal(409, "phone_number_id_taken", field="phone_number_id") from taken
        raise already_there(str(changes.get("phone_shown"))) from taken


async def _go_on(db: Db, number: Number) -> None:
    """Lets the number send at once if it waited for another token."""
    if await holds.renewed(db, [number.id]):
        await resolve_alerts(db, ["number_unauthorized"], [str(number.id)])
        await notify(db, OUTBOX)


async def _tell_fake(db: Db, number: Number, *, served: Serving, base_url: str) -> None:
    """Lets the fake Meta know a number that it serves, as it is stored now."""
    stored = await store.find_number(db, number.workspace_id, number.id)
    fake = served.fake_meta
    if fake is None or stored is None or stored.graph_url is None or not stored.phone_number_id:
        return
    ids = [id for id in (stored.access_token_id, stored.app_secret_id) if id is not None]
    opened = await secrets.reveal(db, served.vault, ids)
    await fake.register(
        FakeNumber(
            phone_number_id=stored.phone_number_id,
            waba_id=stored.waba_id or fake.waba_id,
            phone_number=stored.phone_number,
            display_name=stored.display_name or stored.phone_shown,
            access_token=opened[stored.access_token_id] if stored.access_token_id else "",
            app_secret=opened.get(stored.app_secret_id) if stored.app_secret_id else None,
            webhook_url=stored.webhook_url or webhook_address(base_url),
            webhook_verify_token=stored.webhook_verify_token,
        )
    )
