-- What time does to the outbox is found without walking through its queues.

-- The few that are on their way or in doubt, and of those that wait the first to come too late. A message that begins
-- with the commit that queues it is only ever in the first.
create index outbox_begun on outbox (number_id) where status <> 'queued';
create index outbox_expiring on outbox (number_id, expires_at) where status = 'queued';
