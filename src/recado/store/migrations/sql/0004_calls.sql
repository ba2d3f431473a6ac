-- Calls to outside services, and what authors name in them: secrets, connections, AI accounts, templates.

alter table inbox drop constraint inbox_kind_check;
alter table inbox add constraint inbox_kind_check
    check (kind in ('message', 'settled', 'released', 'migrated', 'stopped', 'called'));

-- Calls on their way. Small and hot: a row goes away when its result is in the inbox; both are in the journal.
create table calls (
    id uuid primary key,
    seq bigint generated always as identity,
    workspace_id uuid not null references workspaces on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    session_id uuid not null,
    flow_version_id uuid not null,
    node_id text,
    token text not null,                        -- of the wait that the result ends
    origin text not null default 'reply' check (origin in ('reply', 'timer')),  -- of what is said with the result
    heard text,                                 -- the key of the message that the flow answers, for an AI's history
    kind text not null check (kind in ('http', 'ai', 'sql', 'script', 'email')),
    request jsonb not null,                     -- engine.requests.Request: never a secret's value
    timeout integer not null check (timeout between 1 and 120),
    repeatable boolean not null,                -- whether it may be made again when nobody knows how it went
    status text not null default 'queued' check (status in ('queued', 'running')),
    owner uuid,                                 -- the process that makes it (store/workers.py)
    tries integer not null default 0,           -- how often it was begun
    started_at timestamptz,
    created_at timestamptz not null default now()
);
create index calls_queued on calls (seq) where status = 'queued';
create index calls_running on calls (owner) where status = 'running';
create index on calls (conversation_id);
create index on calls (workspace_id);

alter table outbox
    add column confirm boolean not null default false;  -- the wait ends with Meta's word, also with a good one

-- Words of a flow for a team need nobody's hurry.
alter table alerts drop constraint alerts_severity_check;
alter table alerts add constraint alerts_severity_check
    check (severity in ('info', 'warning', 'error', 'critical'));

-- An author's secret keeps its id when its value is replaced.
alter table secrets add column updated_at timestamptz not null default now();

alter table secrets drop constraint secrets_purpose_check;
alter table secrets add constraint secrets_purpose_check
    check (purpose in ('access_token', 'app_secret', 'author', 'connection_password', 'ai_key'));

-- Databases that flows may ask, by the name that they call them by.
create table connections (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null,
    kind text not null check (kind in ('postgresql', 'mysql', 'sqlite')),
    host text,
    port integer check (port between 1 and 65535),
    database text not null,                     -- sqlite: the file's name under the data folder
    username text,
    password_id uuid references secrets on delete set null,
    tls boolean not null default true,
    allow_writes boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index connections_name on connections (workspace_id, name);
create index on connections (password_id);

-- Language models that flows may ask: any address that speaks OpenAI's protocol. Budgets in tokens, null: none.
create table ai_accounts (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    name text not null,
    base_url text not null,
    model text not null,
    key_id uuid references secrets on delete set null,
    daily_tokens bigint check (daily_tokens > 0),
    daily_tokens_per_contact bigint check (daily_tokens_per_contact > 0),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index ai_accounts_name on ai_accounts (workspace_id, name);
create index on ai_accounts (key_id);

-- Tokens used, by workspace day; what the budgets are held against.
create table ai_usage (
    workspace_id uuid not null references workspaces on delete cascade,
    day date not null,
    account_id uuid not null references ai_accounts on delete cascade,
    contact_id uuid not null references contacts on delete cascade,
    calls bigint not null default 0,
    tokens_in bigint not null default 0,
    tokens_out bigint not null default 0,
    primary key (workspace_id, day, account_id, contact_id)
);
create index on ai_usage (account_id);
create index on ai_usage (contact_id);

-- Meta's message templates, as the last sync saw them.
create table templates (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    waba_id text not null,
    meta_id text,
    name text not null,
    language text not null,
    category text,
    status text not null,                       -- Meta's word; an open set
    quality text,
    rejected_reason text,
    parameter_format text not null default 'POSITIONAL' check (parameter_format in ('POSITIONAL', 'NAMED')),
    components jsonb not null default '[]',
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    unique (workspace_id, waba_id, name, language)
);

-- Whom a flow gave a name keeps it, whatever WhatsApp's profile says.
alter table contacts add column name_kept boolean not null default false;

-- What flows count (analytics nodes and goals).
create table tracked (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    session_id uuid,
    flow_id uuid,
    flow_version_id uuid,
    node_id text,
    event text not null,
    value jsonb,
    properties jsonb not null default '{}',
    goal boolean not null default false,
    at timestamptz not null
);
create index on tracked (workspace_id, event, at);
create index on tracked (conversation_id);
create index on tracked (flow_id, at);

-- Who should take a conversation that waits for a person, as the flow's handoff said.
alter table conversations
    add column team text,
    add column agent text,
    add column priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
    add column handoff_note text;

-- Conversations that a flow must pass: what the customer says, what must come back.
create table flow_tests (
    id uuid primary key,
    workspace_id uuid not null references workspaces on delete cascade,
    flow_id uuid not null references flows on delete cascade,
    name text not null,
    story jsonb not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index flow_tests_name on flow_tests (flow_id, name);
create index on flow_tests (workspace_id);
