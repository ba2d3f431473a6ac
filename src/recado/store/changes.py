"""What turns change on conversations and contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.effects import Handoff
from recado.store.pool import Db
from recado.store.together import Part, columns


@dataclass(slots=True)
class Touch:
    """What every turn changes on its conversation.

    `unread` words were heard, the last of them at `inbound_at`; `moved`: something was said, by whomever. It had so
    many `turns`; of those before, the first ones are `forgotten`.
    """

    unread: int = 0
    inbound_at: datetime | None = None
    moved: bool = False
    turns: int = 0
    forgotten: int = 0

    def hear(self, at: datetime) -> None:
        """Counts a word of the person."""
        self.unread += 1
        self.inbound_at = max(self.inbound_at or at, at)
        self.moved = True


@dataclass(slots=True)
class ConversationChange:
    """What became of a conversation; None leaves a column as it is. What a person should know goes with the mode."""

    mode: str | None = None
    waiting_reason: str | None = None
    team: str | None = None
    agent: str | None = None
    priority: str = "normal"
    handoff_note: str | None = None
    notified_at: datetime | None = None

    def give(self, mode: str, *, reason: str | None = None, to: Handoff | None = None) -> None:
        """Gives the conversation to the bot or to people; `to` is what the flow said about whom."""
        self.mode, self.waiting_reason = mode, reason
        to = to or Handoff()
        self.team, self.agent, self.priority = to.team, to.agent, to.priority
        self.handoff_note = to.note or None


@dataclass(slots=True)
class ContactChange:
    """Tags, fields, name and consent to change on a contact, one change after the other."""

    add_tags: list[str] = field(default_factory=list)
    remove_tags: set[str] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    opted_out: bool | None = None

    def then(self, *, add: Sequence[str], remove: Sequence[str], fields: dict[str, Any]) -> None:
        """Adds a later change; what it adds it also keeps from being removed, and the other way round."""
        self.add_tags = [tag for tag in self.add_tags if tag not in remove]
        self.add_tags += [tag for tag in add if tag not in self.add_tags]
        self.remove_tags = (self.remove_tags | set(remove)) - set(add)
        self.fields |= fields


def touch(touches: Mapping[UUID, Touch], at: datetime) -> Part:
    """Writes what turns changed on conversations that this transaction has locked, at a moment of the database's."""
    return Part(
        """update conversations v set
                  unread = v.unread + c.unread,
                  last_inbound_at = greatest(v.last_inbound_at, c.inbound_at),
                  window_expires_at = greatest(v.window_expires_at, c.inbound_at + interval '24 hours'),
                  last_message_at = case when c.moved then greatest(v.last_message_at, $7)
                                         else v.last_message_at end,
                  turned_at = v.turned_at[c.forgotten + 1:] || array_fill($7::timestamptz, array[c.turns])
             from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::boolean[], $5::integer[],
                         $6::integer[])
                  as c (id, unread, inbound_at, moved, turns, forgotten)
            where v.id = c.id""",
        (*columns(_touch(id, touch) for id, touch in touches.items()), at),
    )


def _touch(id: UUID, touch: Touch) -> tuple[object, ...]:
    return (id, touch.unread, touch.inbound_at, touch.moved, touch.turns, touch.forgotten)


async def change_conversations(db: Db, changes: dict[UUID, ConversationChange]) -> None:
    """Writes changes of conversations that this transaction has locked."""
    if not changes:
        return
    await db.execute(
        """update conversations v set
                  mode = coalesce(c.mode, v.mode),
                  assignee_id = case when c.mode = 'bot' then null else v.assignee_id end,
                  mode_changed_at = case when c.mode <> v.mode then clock_timestamp()
                                         else v.mode_changed_at end,
                  waiting_reason = case when c.mode is null then v.waiting_reason
                                        else c.waiting_reason end,
                  team = case when c.mode is null then v.team else c.team end,
                  agent = case when c.mode is null then v.agent else c.agent end,
                  priority = case when c.mode is null then v.priority else c.priority end,
                  handoff_note = case when c.mode is null then v.handoff_note
                                      else c.handoff_note end,
                  notified_at = coalesce(c.notified_at, v.notified_at)
             from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[],
                         $7::text[], $8::text[])
                  as c (id, mode, waiting_reason, notified_at, team, agent, priority, handoff_note)
            where v.id = c.id""",
        list(changes),
        [change.mode for change in changes.values()],
        [change.waiting_reason for change in changes.values()],
        [change.notified_at for change in changes.values()],
        [change.team for change in changes.values()],
        [change.agent for change in changes.values()],
        [change.priority for change in changes.values()],
        [change.handoff_note for change in changes.values()],
    )


async def change_contacts(db: Db, changes: dict[UUID, ContactChange]) -> None:
    """Writes changes of contacts, locked in the order of their ids."""
    if not changes:
        return
    await db.execute(
        """with given as (
               select * from unnest($1::uuid[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::boolean[],
                                    $6::text[])
                          as g (id, add_tags, remove_tags, fields, opted_out, name)
           ), locked as materialized (
               select id from contacts where id = any ($1::uuid[]) order by id for no key update
           )
           update contacts c set
                  tags = array(select t.tag
                                 from unnest(c.tags || array(
                                          select jsonb_array_elements_text(g.add_tags)))
                                      with ordinality as t (tag, n)
                                where not g.remove_tags ? t.tag
                                group by t.tag order by min(t.n)),
                  fields = c.fields || g.fields, opted_out = coalesce(g.opted_out, c.opted_out),
                  name = coalesce(g.name, c.name), name_kept = c.name_kept or g.name is not null,
                  updated_at = clock_timestamp()
             from given g join locked using (id)
            where c.id = g.id""",
        list(changes),
        [msgspec.json.encode(change.add_tags) for change in changes.values()],
        [msgspec.json.encode(sorted(change.remove_tags)) for change in changes.values()],
        [msgspec.json.encode(change.fields) for change in changes.values()],
        [change.opted_out for change in changes.values()],
        [change.name for change in changes.values()],
    )


async def add_identities(db: Db, identities: Sequence[tuple[UUID, str, str, UUID]]) -> None:
    """Adds (workspace, kind, value, contact): what Meta calls a person; one that is somebody's already stays his."""
    await db.execute(
        """insert into contact_identities (workspace_id, kind, value, contact_id)
           select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[])
               on conflict do nothing""",
        *zip(*sorted(identities, key=str), strict=True),
    )
