-- The engine complete: events besides messages, triggers, consents, takeovers, and the pace of a conversation.

-- A person's orders, refused questions and publishes reach a conversation in line with its messages.
alter table inbox
    alter column message_id drop not null,
    alter column message drop not null,
    add column kind text not null default 'message'
        check (kind in ('message', 'settled', 'released', 'migrated', 'stopped')),
    add column event jsonb,                     -- store/notices.py; null for a message
    add constraint inbox_one_content check (
        case kind when 'message' then message_id is not null and message is not null and event is null
                  else message_id is null and message is null and event is not null end);
create unique index inbox_event_once on inbox (conversation_id, key) where kind <> 'message' and parked_at is null;

-- What starts the flow besides being the main one: the start node's triggers, as they were published.
alter table flow_versions add column triggers jsonb not null default '[]';

alter table contacts add column opted_out boolean not null default false;

-- What contacts said about being written to first, word for word; `contacts.opted_out` is the last of it.
create table consents (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    contact_id uuid not null references contacts on delete cascade,
    conversation_id uuid references conversations on delete set null,
    granted boolean not null,
    words text not null default '',
    message_id text,                            -- wamid
    created_at timestamptz not null default clock_timestamp()
);
create index on consents (contact_id, created_at);
create index on consents (workspace_id);
create index on consents (conversation_id);

alter table outbox
    add column token text,                      -- of the wait that this message carries: a refusal ends it
    add column origin text not null default 'reply' check (origin in ('reply', 'timer')),
    add column withdrawn boolean not null default false;  -- was on its way when it was called back: no other attempt

-- Conversations that had all the turns of a minute; few rows, and none that matters for longer than that.
create table held_conversations (
    conversation_id uuid primary key references conversations on delete cascade,
    until timestamptz not null
);

-- `seq` is the order in which turns were committed, which ids of machines with different clocks are not (identity
-- columns of partitioned tables need PostgreSQL 17); `sent` are the ids of a turn's messages, in their order.
create sequence journal_seq;
alter table journal
    add column seq bigint not null default nextval('journal_seq'),
    add column sent jsonb not null default '[]';
alter sequence journal_seq owned by journal.seq;
create index on journal (conversation_id, seq);

-- Opening hours and holidays, by the name that flows call them by; the shape is engine/calendar.py's.
create table calendars (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null,
    definition jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index calendars_name on calendars (workspace_id, name);
