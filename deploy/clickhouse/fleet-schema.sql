-- What many hosts see together: both ends of each RST, and what each host would have shown.
-- docs/fleet.md explains it. schema.sql comes first: all of this is fed by its table.
--
-- Both ends of a RST have its numbers. Here they become one row, in whatever order they
-- come, and however often. The clocks of two hosts differ by 2 s at most. So an end that is
-- within 2 s of another minute is in that minute, too: one minute has both ends for certain.

CREATE TABLE IF NOT EXISTS rsttrace.rsts
(
    `minute` DateTime('UTC') CODEC(Delta, ZSTD),
    `seq` UInt32 CODEC(Delta, ZSTD),
    `ack` UInt32 CODEC(ZSTD), -- 0 without ACK

    -- The end that sent it. If the first and the last one differ, there are several.
    `sent_first` SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD),
    `sent_last` SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD),
    `sent_node` SimpleAggregateFunction(max, LowCardinality(String)),
    `sent_host` SimpleAggregateFunction(max, LowCardinality(String)),
    `sent_id` SimpleAggregateFunction(max, UInt64) CODEC(ZSTD),
    `sent_from` SimpleAggregateFunction(max, IPv6) CODEC(ZSTD),
    `sent_from_port` SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    `sent_to` SimpleAggregateFunction(max, IPv6) CODEC(ZSTD),
    `sent_to_port` SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    `sent_cause` SimpleAggregateFunction(max, LowCardinality(String)),
    `sent_pid` SimpleAggregateFunction(max, UInt32) CODEC(ZSTD),
    `sent_comm` SimpleAggregateFunction(max, LowCardinality(String)),

    -- The end that got it, or ignored it.
    `got_first` SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD),
    `got_last` SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD),
    `got_node` SimpleAggregateFunction(max, LowCardinality(String)),
    `got_host` SimpleAggregateFunction(max, LowCardinality(String)),
    `got_id` SimpleAggregateFunction(max, UInt64) CODEC(ZSTD),
    `got_from` SimpleAggregateFunction(max, IPv6) CODEC(ZSTD),
    `got_from_port` SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    `got_to` SimpleAggregateFunction(max, IPv6) CODEC(ZSTD),
    `got_to_port` SimpleAggregateFunction(max, UInt16) CODEC(ZSTD),
    `got_cause` SimpleAggregateFunction(max, LowCardinality(String)),
    `got_pid` SimpleAggregateFunction(max, UInt32) CODEC(ZSTD),
    `got_comm` SimpleAggregateFunction(max, LowCardinality(String)),
    `got_silence` SimpleAggregateFunction(max, UInt64) CODEC(ZSTD) -- in ms, 0: not known
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfInterval(minute, INTERVAL 6 HOUR)
ORDER BY (minute, seq, ack)
TTL minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, min_age_to_force_merge_seconds = 1800, min_age_to_force_merge_on_partition_only = 1;

-- An end whose other end may be on another host. This table keeps nothing: it feeds others.
CREATE TABLE IF NOT EXISTS rsttrace.ends
(
    `time` DateTime64(9, 'UTC'), `node` LowCardinality(String), `host` LowCardinality(String), `id` UInt64,
    `sent` Bool, `numbered` Bool, `seq` UInt32, `ack` UInt32,
    `here` IPv6, `here_port` UInt16, `there` IPv6, `there_port` UInt16,
    `cause` LowCardinality(String), `pid` UInt32, `comm` LowCardinality(String), `silence` UInt64
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.ends_of_lines TO rsttrace.ends AS
SELECT
    time, if(hostId != '', hostId, host) AS node, host, id,
    dir = 'sent' AS sent, (ifNull(rst.seq, 0) != 0 OR ifNull(rst.ack, 0) != 0) AS numbered, ifNull(rst.seq, 0) AS seq, ifNull(rst.ack, 0) AS ack,
    toIPv6OrDefault(local.addr) AS here, local.port AS here_port, toIPv6OrDefault(peer.addr) AS there, peer.port AS there_port,
    cause, ifNull(owner.pid, 0) AS pid, owner.comm AS comm, ifNull(conn.lastReceivedMillis, 0) AS silence
FROM rsttrace.lines
WHERE kind = 'event' AND dir IN ('sent', 'received', 'ignored') AND peerEvent IS NULL AND peerSent.verdict = ''
    AND here != toIPv6('::') AND there != toIPv6('::') AND here != there
    AND NOT startsWith(local.addr, '127.') AND local.addr != '::1';

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.rsts_of_ends TO rsttrace.rsts AS
WITH toDateTime64('2200-01-01 00:00:00', 9, 'UTC') AS never, toDateTime64(0, 9, 'UTC') AS none, toIPv6('::') AS nowhere
SELECT
    arrayJoin(arrayDistinct([toStartOfMinute(time - INTERVAL 2 SECOND), toStartOfMinute(time + INTERVAL 2 SECOND)])) AS minute,
    seq, ack,
    if(sent, time, never) AS sent_first, if(sent, time, none) AS sent_last,
    if(sent, node, '') AS sent_node, if(sent, host, '') AS sent_host, if(sent, id, 0) AS sent_id,
    if(sent, here, nowhere) AS sent_from, if(sent, here_port, 0) AS sent_from_port, if(sent, there, nowhere) AS sent_to, if(sent, there_port, 0) AS sent_to_port,
    if(sent, cause, '') AS sent_cause, if(sent, pid, 0) AS sent_pid, if(sent, comm, '') AS sent_comm,
    if(sent, never, time) AS got_first, if(sent, none, time) AS got_last,
    if(sent, '', node) AS got_node, if(sent, '', host) AS got_host, if(sent, 0, id) AS got_id,
    if(sent, nowhere, there) AS got_from, if(sent, 0, there_port) AS got_from_port, if(sent, nowhere, here) AS got_to, if(sent, 0, here_port) AS got_to_port,
    if(sent, '', cause) AS got_cause, if(sent, 0, pid) AS got_pid, if(sent, '', comm) AS got_comm, if(sent, 0, silence) AS got_silence
FROM rsttrace.ends
WHERE numbered;

-- Ends whose numbers the kernel does not show. Before Linux 5.11 this is so of each RST that came.
CREATE TABLE IF NOT EXISTS rsttrace.unnumbered
(
    `time` DateTime64(9, 'UTC') CODEC(Delta, ZSTD), `node` LowCardinality(String), `host` LowCardinality(String), `id` UInt64 CODEC(ZSTD), `sent` Bool,
    `here` IPv6 CODEC(ZSTD), `here_port` UInt16 CODEC(ZSTD), `there` IPv6 CODEC(ZSTD), `there_port` UInt16 CODEC(ZSTD),
    `cause` LowCardinality(String), `pid` UInt32 CODEC(ZSTD), `comm` LowCardinality(String), `silence` UInt64 CODEC(ZSTD)
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (sent, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.unnumbered_of_ends TO rsttrace.unnumbered AS
SELECT time, node, host, id, sent, here, here_port, there, there_port, cause, pid, comm, silence
FROM rsttrace.ends
WHERE NOT numbered;

-- Which hosts have an address: by their coverage lines, and by their own events.
CREATE TABLE IF NOT EXISTS rsttrace.addresses
(
    `address` IPv6,
    `day` Date,
    `node` LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toMonday(day)
ORDER BY (day, address, node)
TTL day + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.addresses_of_ends TO rsttrace.addresses AS
SELECT DISTINCT here AS address, toDate(time) AS day, node
FROM rsttrace.ends;

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.addresses_of_lines TO rsttrace.addresses AS
SELECT toIPv6OrDefault(arrayJoin(addresses)) AS address, toDate(time) AS day, if(hostId != '', hostId, host) AS node
FROM rsttrace.lines
WHERE kind = 'coverage' AND address != toIPv6('::');

-- What each host says of itself: coverage lines, and lines of kind lost (without phase).
CREATE TABLE IF NOT EXISTS rsttrace.coverage
(
    `node` LowCardinality(String),
    `host` LowCardinality(String),
    `time` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `phase` LowCardinality(String),
    `since` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `shows` Bool,   -- each RST that its sockets send has a line
    `shows_aborts` Bool, -- each RST has one with which a socket aborts. Most kernels show all of these, and not all replies
    `missing` Bool, -- something was lost since the coverage line before
    `forwards` Bool
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (node, time)
TTL toDateTime(time) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS rsttrace.coverage_of_lines TO rsttrace.coverage AS
SELECT
    if(hostId != '', hostId, host) AS node, host, time, phase, ifNull(since, toDateTime64(0, 9, 'UTC')) AS since,
    has(dirs, 'sent') AND filter = '' AND NOT has(limits, 'no-active') AS shows_aborts,
    shows_aborts AND NOT hasAny(limits, ['no-reply', 'no-socketless', 'no-signed']) AS shows,
    ifNull(lostEvents, 0) > 0 OR ifNull(missed, 0) > 0 OR heldBack AS missing, forwards
FROM rsttrace.lines
WHERE kind IN ('coverage', 'lost');

-- RSTs of which both ends are known. Several that fit are in no row. The numbers are the
-- same, and so is one of both addresses at least, with its port. If the other one is not,
-- it was translated on the way: then the pair is likely.
CREATE VIEW IF NOT EXISTS rsttrace.pairs AS
SELECT
    *,
    if(sent_from = got_from AND sent_from_port = got_from_port AND sent_to = got_to AND sent_to_port = got_to_port, 'exact', 'likely') AS certainty
FROM rsttrace.rsts FINAL
WHERE sent_first = sent_last AND got_first = got_last AND sent_node != got_node AND minute = toStartOfMinute(sent_last)
    AND abs(toUnixTimestamp64Nano(got_last) - toUnixTimestamp64Nano(sent_last)) <= 2000000000
    AND (sent_from = got_from AND sent_from_port = got_from_port OR sent_to = got_to AND sent_to_port = got_to_port)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Received RSTs of which no sender is known. That alone says nothing.
CREATE VIEW IF NOT EXISTS rsttrace.alone AS
SELECT
    minute, got_last AS time, got_node AS node, got_host AS host, got_id AS id, got_from AS from, got_from_port AS from_port, got_to AS to, got_to_port AS to_port,
    got_cause AS cause, got_pid AS pid, got_comm AS comm, got_silence AS silence, seq, ack
FROM rsttrace.rsts FINAL
WHERE sent_last = toDateTime64(0, 9, 'UTC') AND got_first = got_last AND minute = toStartOfMinute(got_last)
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- When a host would have shown each RST that its sockets send, or each with which they abort,
-- and lost nothing. A coverage line is about the time since the line before, which is 30 s at
-- most. What comes 5 s later may still be missing.
CREATE VIEW IF NOT EXISTS rsttrace.covered AS
SELECT node, aborts, any(host) AS host, min(before) AS begins, max(time) - INTERVAL if(argMax(phase, time) = 'ends', 0, 5) SECOND AS ends
FROM
(
    SELECT *, sum(breaks) OVER (PARTITION BY node, aborts ORDER BY time, breaks) AS stretch
    FROM
    (
        SELECT
            node, aborts, host, time, phase,
            lagInFrame(time) OVER earlier AS before,
            phase = 'begins' OR missing OR NOT seen OR NOT lagInFrame(seen) OVER earlier
                OR since != lagInFrame(since) OVER earlier OR dateDiff('second', before, time) > 45
                OR gaps != lagInFrame(gaps) OVER earlier OR gaps != leadInFrame(gaps, 1, gaps) OVER later AS breaks
        FROM
        (
            SELECT *, arrayJoin([(true, shows_aborts), (false, shows)]) AS kind, kind.1 AS aborts, kind.2 AS seen
            FROM (SELECT *, countIf(phase = '') OVER (PARTITION BY node ORDER BY time) AS gaps FROM rsttrace.coverage)
        )
        WHERE phase != ''
        WINDOW
            earlier AS (PARTITION BY node, aborts ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
            later AS (PARTITION BY node, aborts ORDER BY time ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)
    )
)
WHERE NOT breaks
GROUP BY node, aborts, stretch;

-- When all hosts that pass packets of others on were covered, and when all hosts were.
-- A host without coverage lines counts as one that is never covered.
CREATE VIEW IF NOT EXISTS rsttrace.fleet_covered AS
WITH
    (SELECT groupUniqArray(node) FROM rsttrace.coverage WHERE forwards) AS forwarders,
    (SELECT groupUniqArray(node) FROM rsttrace.coverage) AS known,
    (SELECT count() FROM (SELECT DISTINCT node FROM rsttrace.addresses WHERE NOT has(known, node))) AS silent
SELECT * FROM
(
    SELECT
        every, aborts, moment AS begins,
        leadInFrame(moment) OVER (PARTITION BY every, aborts ORDER BY moment ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS ends, covered
    FROM
    (
        SELECT every, aborts, moment, sum(sum(step)) OVER (PARTITION BY every, aborts ORDER BY moment) AS covered
        FROM (SELECT node, aborts, arrayJoin([(begins, 1), (ends, -1)]) AS edge, edge.1 AS moment, edge.2 AS step FROM rsttrace.covered)
        ARRAY JOIN [false, true] AS every
        WHERE every OR has(forwarders, node)
        GROUP BY every, aborts, moment
    )
)
WHERE ends > begins AND covered = if(every, length(known), length(forwarders)) + silent
UNION ALL
SELECT false, aborts, toDateTime64(0, 9, 'UTC'), toDateTime64('2200-01-01 00:00:00', 9, 'UTC'), 0
FROM (SELECT arrayJoin([false, true]) AS aborts) WHERE empty(forwarders) AND silent = 0;

-- Received RSTs that no socket of a traced host sent. Each host that has the address of the
-- sender was covered for 2 s before and after. So was each host that may have other
-- addresses than those that are known. Of all other RSTs nothing is known. An abort has an ACK
-- and a sequence number. A reply to a segment has only one of both.
CREATE VIEW IF NOT EXISTS rsttrace.nobody_sent AS
WITH
    (SELECT groupUniqArray(node) FROM rsttrace.coverage WHERE forwards AND time >= {begin:DateTime} AND time < {end:DateTime}) AS forwarders,
    INTERVAL 2 SECOND AS apart
SELECT minute, time, node, host, id, cause, from, from_port, to, to_port, comm, owner
FROM
(
    SELECT minute, time, node, host, id, cause, from, from_port, to, to_port, comm, aborts, any(owner_node) AS owner, max(has(forwarders, owner_node)) AS every, time - apart AS sure_from
    FROM
    (
        SELECT a.*, o.node AS owner_node, a.time - apart AS seen_from, a.seq != 0 AND a.ack != 0 AS aborts
        FROM (SELECT * FROM rsttrace.alone WHERE minute >= {begin:DateTime} AND minute < {end:DateTime}) AS a
        INNER JOIN (SELECT DISTINCT address, node FROM rsttrace.addresses WHERE day >= toDate({begin:DateTime}) - 1) AS o ON o.address = a.from
        WHERE o.node != a.node
    ) AS a
    ASOF LEFT JOIN rsttrace.covered AS c ON c.node = a.owner_node AND c.aborts = a.aborts AND c.begins <= a.seen_from
    GROUP BY ALL
    HAVING min(c.ends >= a.time + apart)
) AS e
ASOF LEFT JOIN rsttrace.fleet_covered AS f ON f.every = e.every AND f.aborts = e.aborts AND f.begins <= e.sure_from
WHERE f.ends >= time + apart
    AND minute NOT IN (SELECT arrayJoin([toStartOfMinute(time - apart), toStartOfMinute(time + apart)]) FROM rsttrace.unnumbered WHERE sent AND time >= {begin:DateTime} - 60);

-- Pairs of which the receiver does not know the numbers. Both ends have the same addresses
-- and ports, their times differ by 2 s at most, and nothing else fits.
CREATE VIEW IF NOT EXISTS rsttrace.pairs_by_way AS
SELECT * EXCEPT (fits_got, fits_sent), 'likely' AS certainty
FROM
(
    SELECT
        s.sent_last, s.sent_node, s.sent_host, s.sent_id, s.sent_cause, s.sent_comm, s.sent_from, s.sent_from_port, s.sent_to, s.sent_to_port,
        u.time AS got_last, u.node AS got_node, u.host AS got_host, u.id AS got_id, u.cause AS got_cause, u.comm AS got_comm,
        count() OVER (PARTITION BY got_node, got_id, got_last) AS fits_got, count() OVER (PARTITION BY sent_node, sent_id, sent_last) AS fits_sent
    FROM (SELECT * FROM rsttrace.rsts FINAL WHERE minute >= {begin:DateTime} AND minute < {end:DateTime} AND got_last = toDateTime64(0, 9, 'UTC') AND minute = toStartOfMinute(sent_last)) AS s
    INNER JOIN (SELECT DISTINCT * FROM rsttrace.unnumbered WHERE NOT sent AND time >= {begin:DateTime} - 60 AND time < {end:DateTime} + 60) AS u
        ON u.there = s.sent_from AND u.there_port = s.sent_from_port AND u.here = s.sent_to AND u.here_port = s.sent_to_port
    WHERE u.node != s.sent_node AND abs(toUnixTimestamp64Nano(u.time) - toUnixTimestamp64Nano(s.sent_last)) <= 2000000000 AND s.sent_first = s.sent_last
)
WHERE fits_got = 1 AND fits_sent = 1;
