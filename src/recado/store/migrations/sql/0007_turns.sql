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

-- Nobody looks for sessions whose time is over: they expire at their next event. A session goes with its conversation;
-- the other keys were checked by a query for every session that began. Who removes a chatbot clears `chatbot_id`.
drop index conversation_states_expiring;
alter table conversation_states
    drop constraint conversation_states_workspace_id_fkey,
    drop constraint conversation_states_chatbot_id_fkey,
    set (fillfactor = 60);

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

-- `engine` is read as the State that it is, which has a session.
update conversation_states set engine = engine || jsonb_build_object('session', id) where not engine ? 'session';
