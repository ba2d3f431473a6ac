-- Turns that cost little: rows change in place, and what seldom changes is read once.

-- A row changes in place (a HOT update) where its page has room and no column of an index moves. So the list of
-- conversations has an index over ten minutes, within which it sorts.
drop index conversations_workspace_id_last_message_at_id_idx;
alter table conversations
    add column listed_at timestamptz generated always as
        (date_bin('10 minutes', last_message_at, timestamptz '2020-01-01 00:00:00+00')) stored,
    add column turned_at timestamptz[] not null default '{}',   -- its turns of the last minute (store/pace.py)
    set (fillfactor = 70);
create index on conversations (workspace_id, listed_at desc nulls last);

-- A session goes with its conversation; the other keys were checked by a query for every session that began. Who removes
-- a chatbot clears `chatbot_id`.
alter table conversation_states
    drop constraint conversation_states_workspace_id_fkey,
    drop constraint conversation_states_chatbot_id_fkey,
    set (fillfactor = 50);

-- Partitions have their own settings; those made later get them from store/partitions.py.
do $$
declare child regclass;
begin
    for child in select inhrelid from pg_inherits where inhparent = 'messages'::regclass loop
        execute format('alter table %s set (fillfactor = 75)', child);
    end loop;
end $$;

-- `seq` orders a conversation's turns; only the pace looked for them by id. What a turn was is JSON that PostgreSQL never
-- looks into: as jsonb, reading it took more than half of a row's writing.
drop index journal_conversation_id_id_idx;
alter table journal alter event type text, alter trace type text, alter effects type text;

-- Grows, in the transaction of the change, whenever something changes that turns keep in memory (worker/standing.py).
-- Everybody who changes it waits for the one before, so no number is seen without what it stands for; and it is changed
-- as the last thing before a commit, so that nobody who waits for it holds what the other needs.
alter table workspaces add column config_epoch bigint not null default 0;

create function workspace_changed() returns trigger language plpgsql as $$
begin
    new.config_epoch := old.config_epoch + 1;
    return new;
end $$;
create trigger config_epoch before update of locale, timezone, texts, settings on workspaces
    for each row execute function workspace_changed();

create function config_changed() returns trigger language plpgsql as $$
begin
    update workspaces set config_epoch = config_epoch + 1
     where id = case tg_op when 'DELETE' then old.workspace_id else new.workspace_id end;
    return null;
end $$;
create constraint trigger config_epoch after insert or delete or update on chatbots
    deferrable initially deferred for each row execute function config_changed();
create constraint trigger config_epoch after insert or delete or update on calendars
    deferrable initially deferred for each row execute function config_changed();
create constraint trigger config_epoch after delete or update of published_version_id on flows
    deferrable initially deferred for each row execute function config_changed();
create constraint trigger config_epoch after delete or update on flow_versions
    deferrable initially deferred for each row execute function config_changed();
create constraint trigger config_epoch
    after insert or delete or update of workspace_id, is_active, phone_number, display_name, default_chatbot_id,
          phone_number_id, access_token_id, graph_url on whatsapp_numbers
    deferrable initially deferred for each row execute function config_changed();

-- The flows of a chatbot have no workspace of their own; a row that goes with its chatbot is told of by that.
create function chatbot_flows_changed() returns trigger language plpgsql as $$
begin
    update workspaces set config_epoch = config_epoch + 1
     where id = (select workspace_id from chatbots
                  where id = case tg_op when 'DELETE' then old.chatbot_id else new.chatbot_id end);
    return null;
end $$;
create constraint trigger config_epoch after insert or delete or update on chatbot_flows
    deferrable initially deferred for each row execute function chatbot_flows_changed();

-- `engine` is read as the State that it is, which has a session; and as text, for the same reason as the journal.
alter table conversation_states alter engine drop default;
alter table conversation_states
    alter engine type text using (engine || jsonb_build_object('session', id))::text,
    alter engine set default '{"session": ""}';

-- What a turn writes comes as rows, not as an array for each column: less to encode, less to read. Their fields are in
-- the order of the classes that carry them (store/sessions.py, messages.py, journal.py, changes.py).
create type new_session as (
    id uuid, workspace_id uuid, conversation_id uuid, chatbot_id uuid, flow_id uuid, flow_version_id uuid, status text,
    current_node_id text, variables jsonb, execution_path jsonb, engine text, asked_message_id uuid, outcome text,
    wake_at timestamptz, session_expires_at timestamptz, last_message_at timestamptz);
create type new_message as (
    id uuid, workspace_id uuid, conversation_id uuid, direction text, type text, text text, content jsonb,
    at timestamptz, status text, key text, context_id text, session_id uuid, flow_id uuid, flow_version_id uuid,
    node_id text, reply_to uuid);
create type new_turn as (
    id uuid, workspace_id uuid, conversation_id uuid, session_id uuid, flow_version_id uuid, message_id uuid, event text,
    trace text, effects text, sent jsonb);
create type touched_conversation as (
    id uuid, unread integer, inbound_at timestamptz, moved boolean, turns integer, forgotten integer);
