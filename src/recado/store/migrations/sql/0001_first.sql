-- The data model, first cut (docs: architecture, section 5). timestamptz everywhere, uuidv7 keys made by store/ids.py.

create table workspaces (
    id uuid primary key,
    name text not null,
    locale text not null default 'pt-BR' check (locale in ('pt-BR', 'en')),
    timezone text not null default 'America/Sao_Paulo',
    texts jsonb not null default '{}',
    settings jsonb not null default '{}',
    identity_epoch bigint not null default 0,   -- grows when an identity changes hands: caches of contacts end
    created_at timestamptz not null default now()
);

create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    name text not null,
    password_hash text not null,
    created_at timestamptz not null default now()
);

create table memberships (
    workspace_id uuid not null references workspaces on delete cascade,
    user_id uuid not null references users on delete cascade,
    role text not null check (role in ('owner', 'admin', 'editor', 'agent', 'viewer')),
    created_at timestamptz not null default now(),
    primary key (workspace_id, user_id)
);
create index on memberships (user_id);

create table sessions_web (
    token_hash bytea primary key,
    user_id uuid not null references users on delete cascade,
    csrf_hash bytea not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on sessions_web (user_id);

-- One row: the token that the first run prints. Gone once the installation has an owner.
create table setup_tokens (
    only_one boolean primary key default true check (only_one),
    token_hash bytea not null,
    created_at timestamptz not null default now()
);

create table secrets (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    purpose text not null check (purpose in ('access_token', 'app_secret', 'author')),
    name text,
    key_id text not null,
    nonce bytea not null,
    ciphertext bytea not null,
    created_at timestamptz not null default now()
);
create unique index on secrets (workspace_id, name) where purpose = 'author';

create table chatbots (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null,
    description text,
    is_active boolean not null default true,
    is_fallback boolean not null default false,
    ab_test_enabled boolean not null default false,
    variables jsonb not null default '{}',
    settings jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index chatbots_one_fallback on chatbots (workspace_id) where is_fallback;
create index on chatbots (workspace_id, created_at);

create table flows (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null,
    draft jsonb not null,
    revision integer not null default 1,
    published_version_id uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index on flows (workspace_id, created_at);

create table flow_versions (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    flow_id uuid not null references flows on delete cascade,
    number integer not null,
    document jsonb not null,
    note text,
    published_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    unique (flow_id, number)
);
alter table flows add foreign key (published_version_id) references flow_versions on delete set null;

-- Which flows a chatbot answers with. The main flow is the one that runs outside an A/B test.
create table chatbot_flows (
    chatbot_id uuid not null references chatbots on delete cascade,
    flow_id uuid not null references flows on delete cascade,
    is_main boolean not null default false,
    in_test boolean not null default false,     -- takes part in the A/B test
    weight double precision not null default 1 check (weight > 0),
    variant_name text,
    primary key (chatbot_id, flow_id)
);
create unique index chatbot_flows_one_main on chatbot_flows (chatbot_id) where is_main;
create index on chatbot_flows (flow_id);

create table whatsapp_numbers (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    phone_number text not null,                 -- E.164
    phone_shown text not null,                  -- as typed
    display_name text,
    connection_type text not null check (connection_type in ('official', 'qrcode')),
    status text not null default 'disconnected' check (status in ('connected', 'disconnected')),
    health jsonb not null default '{}',
    is_active boolean,                          -- null: active as soon as a chatbot can answer
    phone_number_id text unique,
    waba_id text,
    default_chatbot_id uuid references chatbots on delete set null,
    webhook_url text,
    webhook_token text not null unique,         -- the last part of this number's own webhook address
    webhook_verify_token text not null,
    app_secret_id uuid references secrets on delete set null,
    access_token_id uuid references secrets on delete set null,
    graph_url text,                             -- null: RECADO_GRAPH_URL
    away_message text,
    away_mode text not null default 'run' check (away_mode in ('run', 'replace')),
    business_hours jsonb,
    limits jsonb not null default '{"messages_per_second": 80}',
    quality jsonb not null default '{}',
    deleted_at timestamptz,                     -- removed: nobody finds it any more, and a job forgets its history
    former_id text,                             -- of a removed number: the phone_number_id that it had
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (workspace_id, phone_number)
);
create index on whatsapp_numbers (waba_id);
create index on whatsapp_numbers (default_chatbot_id);
create index on whatsapp_numbers (webhook_verify_token);
create index on whatsapp_numbers (app_secret_id);
create index on whatsapp_numbers (access_token_id);

create table contacts (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text,
    phone text,                                 -- digits as Meta last wrote them, without +
    user_id text,                               -- business-scoped user id
    username text,
    tags text[] not null default '{}',
    fields jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index on contacts (workspace_id, created_at);

-- Who a contact is known as. `phone` values are canonical digits (Brazil: with the ninth digit).
create table contact_identities (
    workspace_id uuid not null references workspaces on delete cascade,
    kind text not null check (kind in ('phone', 'user_id')),
    value text not null,
    contact_id uuid not null references contacts on delete cascade,
    primary key (workspace_id, kind, value)
);
create index on contact_identities (contact_id);

-- One thread between a number and a contact, for ever. Its row is the lock and the fence of everything in it.
create table conversations (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    number_id uuid not null references whatsapp_numbers on delete cascade,
    contact_id uuid not null references contacts on delete cascade,
    mode text not null default 'bot' check (mode in ('bot', 'waiting', 'human', 'closed')),
    mode_changed_at timestamptz not null default now(),
    waiting_reason text,                        -- why the bot gave it up, such as broken_flow; means something while mode is waiting
    assignee_id uuid references users on delete set null,
    last_inbound_at timestamptz,
    last_message_at timestamptz,
    window_expires_at timestamptz,
    notified_at timestamptz,                    -- last platform notice (no chatbot, broken flow)
    unread integer not null default 0,
    created_at timestamptz not null default now(),
    unique (number_id, contact_id)
);
create index on conversations (workspace_id, last_message_at desc nulls last, id);
create index on conversations (contact_id);

-- The sessions: one run of one flow version. At most one of a conversation is open.
create table conversation_states (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    chatbot_id uuid references chatbots on delete set null,
    flow_id uuid not null,
    flow_version_id uuid not null,
    status text not null check (status in ('active', 'handed_off', 'completed', 'expired', 'failed', 'stopped')),
    current_node_id text,
    variables jsonb not null default '{}',
    execution_path jsonb not null default '[]',
    engine jsonb not null default '{}',         -- the rest of engine.state.State
    asked_message_id uuid,                      -- the current question's first asking, for lateness
    outcome text,
    tries integer not null default 0,           -- of the due timer, alone
    wake_at timestamptz,
    session_expires_at timestamptz,
    last_message_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index conversation_states_one_open on conversation_states (conversation_id)
    where status in ('active', 'handed_off');
create index conversation_states_due on conversation_states (wake_at) where wake_at is not null;
create index conversation_states_expiring on conversation_states (session_expires_at) where status = 'active';
create index on conversation_states (conversation_id, flow_id, status);
create index on conversation_states (flow_id);
create index on conversation_states (chatbot_id);

-- One row per message, both directions. Partitioned by month over the uuidv7 id (store/partitions.py).
create table messages (
    id uuid not null,
    workspace_id uuid not null,
    conversation_id uuid not null,
    direction text not null check (direction in ('in', 'out')),
    type text not null,
    text text not null default '',
    content jsonb not null,
    key text,                                   -- wamid, or the made-up id of a hand-made test
    context_id text,
    session_id uuid,
    flow_id uuid,
    flow_version_id uuid,
    node_id text,
    reply_to uuid,                              -- out: the inbound message whose turn sent it
    status text check (status in
        ('received', 'queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'played', 'failed', 'cancelled')),
    status_at timestamptz,
    sending_at timestamptz,                     -- out: when its first sending began
    wamid text,
    double_wamid text,                          -- out: Meta's id of a second copy that went out after a doubt
    error jsonb,
    pricing jsonb,
    at timestamptz not null,                    -- in: Meta's timestamp; out: when the turn wrote it
    created_at timestamptz not null default now(),
    primary key (id)
) partition by range (id);
create index on messages (conversation_id, id);
create index on messages (workspace_id, flow_id, id);
create index on messages (wamid) where wamid is not null;

-- One row per turn: what happened, with what luck, and what came of it.
create table journal (
    id uuid not null,
    workspace_id uuid not null,
    conversation_id uuid not null,
    session_id uuid,
    flow_version_id uuid,
    message_id uuid,
    event jsonb not null,
    trace jsonb not null,
    effects jsonb not null,
    created_at timestamptz not null default now(),
    primary key (id)
) partition by range (id);
create index on journal (conversation_id, id);

-- Messages that wait for their turn. Small and hot: a row goes away in the turn that takes it up.
create table inbox (
    seq bigint generated always as identity primary key,
    message_id uuid not null,
    workspace_id uuid not null,
    conversation_id uuid not null references conversations on delete cascade,
    key text not null,
    message jsonb not null,                     -- engine.events.Message
    at timestamptz not null,
    received_at timestamptz not null default clock_timestamp(),
    tries integer not null default 0,
    parked_at timestamptz,
    counted boolean not null default false,     -- on its conversation: when it was parked, though it is retried
    error text
) with (fillfactor = 90);
create index inbox_waiting on inbox (conversation_id, at, seq) where parked_at is null;
create index on inbox (conversation_id);
create index inbox_parked on inbox (workspace_id, parked_at) where parked_at is not null;
create index inbox_order on inbox (seq) where parked_at is null;
create index inbox_tried on inbox (seq) where tries > 0 and parked_at is null;

create table inbox_seen (
    phone_number_id text not null,
    key text not null,
    day date not null default current_date,
    primary key (phone_number_id, key)
);
create index on inbox_seen (day);

create table status_inbox (
    seq bigint generated always as identity primary key,
    phone_number_id text not null,
    wamid text not null,
    opaque text,                                -- our biz_opaque_callback_data
    status text not null,
    at timestamptz not null,
    payload jsonb not null,
    received_at timestamptz not null default clock_timestamp()
);

-- Messages on their way out. Small and hot: a row goes away when it is settled; its fate is on messages.
create table outbox (
    id uuid primary key,                        -- the message's id
    seq bigint generated always as identity,
    workspace_id uuid not null,
    number_id uuid not null references whatsapp_numbers on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    content jsonb not null,                     -- engine.content.Content
    reply_to text,                              -- wamid quoted by context.message_id
    policy text not null default 'at_least_once' check (policy in ('at_least_once', 'at_most_once')),
    status text not null default 'queued' check (status in ('queued', 'sending', 'unknown')),
    attempt integer not null default 0,         -- of the request now or last on the wire
    tries integer not null default 0,           -- failures that count
    paces integer not null default 0,           -- refusals that only slow us down
    resent boolean not null default false,      -- sent again after a doubt; a second doubt is the last
    epoch bigint not null default 0,
    not_before timestamptz not null default '-infinity',
    first_sending_at timestamptz,
    sending_at timestamptz,
    expires_at timestamptz not null,
    created_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
create index outbox_lane on outbox (conversation_id, seq);
create index outbox_number on outbox (number_id, seq);

create table number_senders (
    number_id uuid primary key references whatsapp_numbers on delete cascade,
    owner uuid not null,
    epoch bigint not null,
    until timestamptz not null,
    held_until timestamptz not null default '-infinity'  -- nothing goes out before: a dead token, a rate limit
);

-- One row per running worker process, taken away by a clean stop: a row that is left behind tells of a crash.
create table workers (
    id uuid primary key,
    machine text not null,                      -- host, boot and pid namespace
    pid integer not null,
    started_at timestamptz not null default now()
);

-- What people must know, one open row per matter; delivery by e-mail and webhook is a later issue.
create table alerts (
    id uuid primary key,
    workspace_id uuid references workspaces on delete cascade,
    kind text not null,
    severity text not null check (severity in ('warning', 'error', 'critical')),
    subject text not null default '',
    details jsonb not null default '{}',
    count integer not null default 1,
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now(),
    resolved_at timestamptz
);
create unique index alerts_one_open on alerts (workspace_id, kind, subject) nulls not distinct
    where resolved_at is null;

-- Every post of Meta as it came, and what it was taken for.
create table webhook_log (
    id uuid primary key,
    workspace_id uuid,                          -- null: no number of ours was named
    phone_number_id text,
    outcome text not null check (outcome in ('stored', 'duplicate', 'ignored', 'rejected', 'unknown_number', 'failed')),
    reason text not null default '',
    counts jsonb not null default '{}',
    body bytea not null,
    received_at timestamptz not null default clock_timestamp()
);
create index on webhook_log (workspace_id, received_at desc);
-- What nobody vouched for is kept in two rings, so that a stranger's posts cannot fill the disk.
create index webhook_log_ring on webhook_log (outcome, id) where outcome in ('unknown_number', 'rejected');
create index on webhook_log (received_at);

-- The user's own word for the history: one row per message, questions and answers side by side.
create view conversation_logs as
    select m.id, m.workspace_id, coalesce(c.phone, c.user_id) as phone_number, m.flow_id, m.node_id,
           case when m.direction = 'in' then m.text end as user_message,
           case when m.direction = 'out' then m.text end as bot_response,
           m.at as timestamp, v.contact_id
      from messages m
      join conversations v on v.id = m.conversation_id
      join whatsapp_numbers n on n.id = v.number_id and n.deleted_at is null
      join contacts c on c.id = v.contact_id;
