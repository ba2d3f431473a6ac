"""A conversation as its turn finds it: read in one statement, once this transaction has locked it.

Not in the statement that locks it: only a later one is sure to see what the turn before has committed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.store.mail import Mail, mail_of
from recado.store.pool import Db
from recado.store.sessions import STATE, Session, session_of
from recado.store.worlds import Conversation, conversation_of


class Thread(msgspec.Struct, frozen=True):
    """A conversation with its open session and its next mail, in order.

    `epoch` counts the changes of what its workspace has set up. `turned_at` are its last turns, `at` is the database's
    clock, the only one that orders events.
    """

    conversation: Conversation
    epoch: int
    session: Session | None
    letters: list[Mail]
    turned_at: list[datetime]
    at: datetime


async def read(db: Db, conversation_ids: Sequence[UUID], *, each: int) -> list[Thread]:
    """Reads conversations, with at most `each` letters: by Meta's time, then by arrival.

    Everything by its key, row by row, however many PostgreSQL expects: so the lateral joins, kept by `offset 0`.
    """
    rows = await db.fetch(
        f"""select v.id, v.workspace_id, v.number_id, v.mode, v.waiting_reason, v.assignee_id,
                  v.window_expires_at, v.notified_at, v.turned_at, w.config_epoch, clock_timestamp() as now,
                  c.id as contact_id, c.name, c.phone, c.user_id, c.username, c.tags, c.fields, c.opted_out,
                  {STATE}, s.chatbot_id,
                  s.last_message_at, m.id as asked_id, coalesce(o.first_sending_at, m.sending_at) as began_at,
                  o.id is not null as queued,
                  i.seq, i.kind, i.message_id, i.key, i.message, i.event, i.at, i.received_at, i.counted
             from unnest($1::uuid[]) t (id)
            cross join lateral (select * from conversations where id = t.id offset 0) v
            cross join lateral (select config_epoch from workspaces where id = v.workspace_id offset 0) w
            cross join lateral (select * from contacts where id = v.contact_id offset 0) c
             left join lateral (
                  select * from conversation_states
                   where conversation_id = v.id and status in ('active', 'handed_off') offset 0) s on true
             left join lateral (
                  select id, sending_at from messages where id = s.asked_message_id offset 0) m on true
             left join lateral (
                  select id, first_sending_at from outbox where id = s.asked_message_id offset 0) o on true
             left join lateral (
                  select seq, kind, message_id, key, message::text, event::text, at, received_at, counted
                    from inbox where conversation_id = v.id and parked_at is null
                   order by at, seq limit $2) i on true
            order by v.id, i.at, i.seq""",
        conversation_ids,
        each,
    )
    threads: list[Thread] = []
    for row in rows:
        if not threads or threads[-1].conversation.id != row["id"]:
            threads.append(_thread(row))
        if row["seq"] is not None:
            threads[-1].letters.append(mail_of(row))
    return threads


def _thread(row: Any) -> Thread:
    return Thread(
        conversation=conversation_of(row),
        epoch=row["config_epoch"],
        session=session_of(row) if row["session_id"] else None,
        letters=[],
        turned_at=row["turned_at"],
        at=row["now"],
    )
