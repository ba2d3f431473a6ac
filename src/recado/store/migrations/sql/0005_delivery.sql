-- Delivery that can be trusted: rates, holds, breakers, and what must go before what.

-- Replies before timers before bulk. Bulk lets the replies of its own lane pass too; otherwise a lane keeps its order.
alter table outbox drop constraint outbox_origin_check;
alter table outbox
    add constraint outbox_origin_check check (origin in ('reply', 'timer', 'bulk')),
    add column priority smallint not null generated always as
        (case origin when 'reply' then 0 when 'timer' then 1 else 2 end) stored,
    -- Meta wants the customer to write first; when he had last written by then. A later word frees the row.
    add column unheard_since timestamptz;
drop index outbox_number;
create index outbox_number on outbox (number_id, priority, seq);
create index outbox_unheard on outbox (number_id) where unheard_since is not null;

-- Why a number sends nothing, for people to see; `held_until` alone decides.
alter table number_senders
    add column hold text check (hold in ('rate', 'maintenance', 'token', 'number_stopped', 'account_stopped')),
    add column hold_code integer,               -- Meta's
    add column hold_reason text not null default '',
    add column hold_account text not null default '',  -- the token and Meta's id that were refused; others end the hold
    add column breaker_until timestamptz,       -- the sender's own word, as long as its lease lasts
    add column breaker_reason text not null default '';

-- News of an account that change how we send, on their way from the webhook to the settle loop.
create table account_inbox (
    seq bigint generated always as identity primary key,
    number_id uuid not null references whatsapp_numbers on delete cascade,  -- for which the post was believed
    phone text,                                 -- digits of the number of its account that is meant; null: itself
    news text not null check (news in ('upgraded', 'coexistence')),
    received_at timestamptz not null default clock_timestamp()
);
create index on account_inbox (number_id);
-- How much waits, looked at by one process at a time and at most every ten seconds, for everybody's metrics.
create table queue_sample (
    only_one boolean primary key default true check (only_one),
    taken_at timestamptz not null,
    queues jsonb not null                       -- name -> {"depth": rows, "age": seconds of the oldest}
);
