-- Receiving writes less. What is parked is rare, so the index of a conversation's mail may hold it too, and deletions
-- find all of a conversation's mail by it.
drop index inbox_waiting;
drop index inbox_conversation_id_idx;
create index inbox_waiting on inbox (conversation_id, at, seq);
