-- The queries of the road: offsets, inbox, outbox, parked, quarantine, relay. Timers have their own file.

-- name: lock_offsets
-- In order and as a statement of its own: a worker that has lost a partition waits here for the one that has it, and then sees
-- that it has moved on.
SELECT topic, partition, next_offset
FROM offsets
WHERE lane = %(lane)s
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[]))
ORDER BY topic, partition
FOR UPDATE;

-- name: read_offsets
SELECT topic, partition, next_offset
FROM offsets
WHERE lane = %(lane)s
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[]));

-- name: read_offsets_of_topics
-- A topic is read by one lane of a service; the lowest counts should there ever be two.
SELECT topic, partition, min(next_offset)
FROM offsets
WHERE topic = ANY (%(topics)s)
GROUP BY topic, partition;

-- name: begin_offsets
INSERT INTO offsets (lane, topic, partition, next_offset)
SELECT %(lane)s, topic, partition, next_offset
FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[]) AS t (topic, partition, next_offset)
ORDER BY topic, partition
ON CONFLICT DO NOTHING;

-- name: move_offsets
UPDATE offsets
SET next_offset = moved.next_offset
FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(expected)s::bigint[], %(offsets)s::bigint[])
    AS moved (topic, partition, expected, next_offset)
WHERE offsets.lane = %(lane)s
  AND offsets.topic = moved.topic
  AND offsets.partition = moved.partition
  AND offsets.next_offset = moved.expected
  AND offsets.next_offset < moved.next_offset;  -- nothing but a restored backup sets a lane back

-- name: take_new
-- Returns what was not known. In the order of the key, so that two workers never wait for each other.
INSERT INTO inbox (topic, source, id)
SELECT topic, source, id
FROM unnest(%(topics)s::text[], %(sources)s::text[], %(ids)s::text[]) AS t (topic, source, id)
ORDER BY topic, source, id
ON CONFLICT DO NOTHING
RETURNING topic, source, id;

-- name: prune_inbox
DELETE FROM inbox WHERE received_at < %(before)s;

-- name: copy_outbox
COPY outbox (topic, key, event_id, value) FROM STDIN (FORMAT BINARY);

-- name: wake_relay
SELECT pg_notify('outbox_' || current_schema(), '');

-- name: read_outbox
-- The oldest rows, as many as fit into the bounds of one sending.
SELECT id, topic, key, event_id, value
FROM (
    SELECT *, sum(octet_length(value)) OVER (ORDER BY id) - octet_length(value) AS bytes_before
    FROM (SELECT * FROM outbox ORDER BY id LIMIT %(rows)s) AS oldest
) AS summed
WHERE bytes_before < %(bytes)s
ORDER BY id;

-- name: measure_outbox
-- How many rows, counted up to a bound, and for how long the first has stood there, in milliseconds.
SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT %(most)s) AS counted)::bigint,
       coalesce((SELECT round(1000 * extract(epoch FROM clock_timestamp() - created_at))
                 FROM outbox ORDER BY id LIMIT 1), 0)::bigint;

-- name: delete_published
DELETE FROM outbox WHERE id = ANY (%(ids)s);

-- name: try_relay_lock
SELECT pg_try_advisory_lock(hashtextextended('relay of ' || current_schema(), 0));

-- name: end_if_silent
SELECT set_config('idle_session_timeout', %(ms)s::text, false);

-- name: read_lease
-- For how long something may be on its way already, in seconds; NULL when nothing is.
SELECT extract(epoch FROM clock_timestamp() - sending_since)::float8 FROM relay_lease;

-- name: mark_sending
UPDATE relay_lease SET sending_since = clock_timestamp();

-- name: mark_idle
-- Writes nothing when it is so already: an idle relay looks every second.
UPDATE relay_lease SET sending_since = NULL WHERE sending_since IS NOT NULL;

-- name: are_you_there
SELECT 1;

-- name: park
INSERT INTO parked
    (lane, topic, partition, record_offset, element, entity, value, appended_at, parked_at, waiting_for)
VALUES
    (%(lane)s, %(topic)s, %(partition)s, %(record_offset)s, %(element)s, %(entity)s, %(value)s, %(appended_at)s,
     %(parked_at)s, %(waiting_for)s);

-- name: parked_entities
SELECT DISTINCT topic, partition, entity
FROM parked
WHERE lane = %(lane)s
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[]));

-- name: count_parked
SELECT topic, partition, count(*)
FROM parked
WHERE lane = %(lane)s
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[]))
GROUP BY topic, partition;

-- name: read_parked
SELECT topic, partition, record_offset, element, entity, value, appended_at, parked_at
FROM parked
WHERE lane = %(lane)s
  AND (topic, partition) IN (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[]))
ORDER BY topic, partition, record_offset, element
LIMIT %(rows)s;

-- name: lock_parked
-- Which of these still wait: after a COMMIT whose reply was lost, those it answered are gone.
SELECT topic, partition, record_offset, element
FROM parked
WHERE lane = %(lane)s
  AND (topic, partition, record_offset, element) IN
      (SELECT * FROM unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[], %(elements)s::integer[]))
ORDER BY topic, partition, record_offset, element
FOR UPDATE;

-- name: unpark
DELETE FROM parked
USING unnest(%(topics)s::text[], %(partitions)s::integer[], %(offsets)s::bigint[], %(elements)s::integer[])
    AS done (topic, partition, record_offset, element)
WHERE parked.lane = %(lane)s
  AND parked.topic = done.topic
  AND parked.partition = done.partition
  AND parked.record_offset = done.record_offset
  AND parked.element = done.element;

-- name: set_aside
INSERT INTO quarantine (topic, partition, record_offset, who, reason)
VALUES (%(topic)s, %(partition)s, %(record_offset)s, %(who)s, %(reason)s)
ON CONFLICT DO NOTHING;

-- name: read_quarantine
SELECT topic, partition, record_offset, who, reason
FROM quarantine
WHERE topic = ANY (%(topics)s);
