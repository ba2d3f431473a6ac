"""What people do to a conversation, under its lock: what holds for a turn holds for them."""

from dataclasses import dataclass
from uuid import UUID

from recado.engine.commands import PERSON
from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that this transaction has locked; the session is the open one."""

    id: UUID
    mode: str
    session_id: UUID | None = None
    flow_version_id: UUID | None = None
    handed_off: bool = False

    @property
    def with_a_person(self) -> bool:
        """Says whether the bot is silent until it is released."""
        return self.handed_off or self.mode in PERSON


async def hold(db: Db, workspace_id: UUID, conversation_id: UUID) -> Held | None:
    """Locks a conversation as a turn does, waiting for one that runs; None where there is no such conversation."""
    mode = await db.fetchval(
        "select mode from conversations where workspace_id = $1 and id = $2 for no key update",
        workspace_id,
        conversation_id,
    )
    if mode is None:
        return None
    # In a statement of its own: only that sees what the turn has committed for which the lock was waited.
    session = await db.fetchrow(
        """select id, flow_version_id, status from conversation_states
            where conversation_id = $1 and status in ('active', 'handed_off')""",
        conversation_id,
    )
    if session is None:
        return Held(conversation_id, mode)
    handed_off = session["status"] == "handed_off"
    return Held(conversation_id, mode, session["id"], session["flow_version_id"], handed_off)


async def set_mode(db: Db, held: Held, *, mode: str, assignee_id: UUID | None) -> None:
    """Gives a locked conversation to a person, or closes it."""
    await db.execute(
        """update conversations set assignee_id = $3, mode = $2, waiting_reason = null,
                  mode_changed_at = case when mode = $2 then mode_changed_at else clock_timestamp() end
            where id = $1""",
        held.id,
        mode,
        assignee_id,
    )


async def call_back_orders(db: Db, held: Held) -> None:
    """Removes what people ordered before and no turn has taken up: the bot is not to begin or go on any more."""
    await db.execute(
        """delete from inbox
            where conversation_id = $1 and parked_at is null
              and (kind = 'released' or kind = 'stopped' and event @> '{"again": true}')""",
        held.id,
    )


async def rest(db: Db, held: Held) -> None:
    """Lets the open session sleep: its timers stand still until a turn saves it anew."""
    await db.execute(
        "update conversation_states set wake_at = null where id = $1 and wake_at is not null",
        held.session_id,
    )


async def has_node(db: Db, flow_version_id: UUID, node: str) -> bool:
    """Says whether a flow version has a node."""
    found: bool = await db.fetchval(
        """select exists (select from flow_versions v, jsonb_array_elements(v.document -> 'nodes') n
                           where v.id = $1 and n ->> 'id' = $2)""",
        flow_version_id,
        node,
    )
    return found
