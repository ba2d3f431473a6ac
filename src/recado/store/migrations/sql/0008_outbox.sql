-- An outbox whose rows cost little to come and go.

-- Each key was checked by a query for every message. Whoever writes a row has locked its conversation and its number
-- (store/outbox.py), so both are there; and a conversation that goes, alone or with its number, takes its lane along.
alter table outbox
    drop constraint outbox_number_id_fkey,
    drop constraint outbox_conversation_id_fkey;

create function conversation_goes() returns trigger language plpgsql as $$
begin
    delete from outbox where conversation_id = old.id;
    return null;
end $$;
create trigger takes_lane after delete on conversations for each row execute function conversation_goes();
