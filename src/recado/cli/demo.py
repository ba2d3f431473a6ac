"""The demo of `recado up`: a number on the fake WhatsApp, answered by a small bot, in a workspace nobody owns yet."""

import json
import secrets as luck
from importlib.resources import files
from typing import Any

from recado.cli import demo_templates
from recado.engine.flow import FlowDocument
from recado.engine.routing import triggers_of
from recado.store import chatbots, flow_versions, flows, numbers, secrets, workspaces
from recado.store.ids import new_id
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.web.app import FakeMetaInfo

PHONE = "+551140000001"
PHONE_NUMBER_ID = "100000000000101"


async def ensure_demo(pool: Pool, vault: Vault, fake: FakeMetaInfo) -> None:
    """Makes the demo in an installation that has nothing yet; in any other it does nothing."""
    async with pool.acquire() as db, db.transaction():
        if await workspaces.any_workspace(db):
            return
        workspace_id = new_id()
        await workspaces.insert_unowned(db, workspace_id, name="Recado")
        chatbot_id = await _chatbot(db, workspace_id)
        await _number(db, vault, workspace_id, chatbot_id, fake)
        await demo_templates.keep(db, workspace_id, fake.waba_id)


def demo_document() -> dict[str, Any]:
    """Gives the demo's flow."""
    text = files("recado.cli").joinpath("demo_flow.json").read_text(encoding="utf-8")
    return FlowDocument.model_validate(json.loads(text)).dump()


async def _chatbot(db: Db, workspace_id: Any) -> Any:
    document, chatbot_id, flow_id = demo_document(), new_id(), new_id()
    await chatbots.insert_chatbot(db, chatbot_id, workspace_id=workspace_id, name="Demonstração")
    await flows.insert_flow(
        db, flow_id, workspace_id=workspace_id, name=document["name"], draft=document
    )
    await flow_versions.insert_version(
        db,
        new_id(),
        workspace_id=workspace_id,
        flow_id=flow_id,
        document=document,
        note=None,
        published_by=None,
        triggers=triggers_of(FlowDocument.model_validate(document)),
    )
    await chatbots.set_main_flow(db, workspace_id, chatbot_id, flow_id=flow_id)
    return chatbot_id


async def _number(
    db: Db, vault: Vault, workspace_id: Any, chatbot_id: Any, fake: FakeMetaInfo
) -> None:
    number_id = new_id()
    await numbers.insert_number(
        db,
        number_id,
        workspace_id=workspace_id,
        phone_number=PHONE,
        phone_shown="+55 11 4000-0001",
        connection_type="official",
        webhook_token=luck.token_urlsafe(24),
        webhook_verify_token=luck.token_urlsafe(24),
    )
    changes: dict[str, Any] = {
        "display_name": "Demonstração",
        "phone_number_id": PHONE_NUMBER_ID,
        "waba_id": fake.waba_id,
        "default_chatbot_id": chatbot_id,
        "graph_url": fake.graph_url,
    }
    changes["access_token_id"] = await secrets.put(
        db, vault, workspace_id=workspace_id, purpose="access_token", value=fake.access_token
    )
    changes["app_secret_id"] = await secrets.put(
        db, vault, workspace_id=workspace_id, purpose="app_secret", value=luck.token_hex(16)
    )
    await numbers.update_number(db, workspace_id, number_id, changes=changes)
