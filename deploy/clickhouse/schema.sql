-- The lines of rsttrace, of all kinds, as docs/event-schema.md describes them. Fields that
-- this table does not have are skipped.
--
-- A batch that is sent twice, because an answer was lost, is there once.
-- Numbers that may be unknown are Nullable: without that, unknown becomes 0.

CREATE DATABASE IF NOT EXISTS rsttrace;

CREATE TABLE IF NOT EXISTS rsttrace.lines
(
    `schema` UInt8,
    `time` DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    `kind` LowCardinality(String),
    `host` LowCardinality(String),
    `hostId` LowCardinality(String),
    `bootId` LowCardinality(String),

    -- events, and in part findings
    `monotonicNanos` Nullable(UInt64) CODEC(Delta, ZSTD),
    `id` UInt64 CODEC(Delta, ZSTD),
    `dir` LowCardinality(String),
    `confirmed` Bool,
    `cause` LowCardinality(String),
    `summary` String,
    `remedy` LowCardinality(String),
    `certainty` LowCardinality(String),
    `because` Array(LowCardinality(String)),
    `family` LowCardinality(String),
    `local` Tuple(addr String, port UInt16),
    `peer` Tuple(addr String, port UInt16),
    `state` LowCardinality(String),
    `app` Tuple(errno LowCardinality(String), sigpipe Bool, `on` LowCardinality(String), reported Bool),
    `lost` Tuple(unreadBytes Nullable(UInt32), unsentBytes Nullable(UInt32), unackedBytes Nullable(UInt32)),
    `owner` Tuple(
        pid Nullable(UInt32), comm String, uid Nullable(UInt32), source LowCardinality(String),
        cgroup String, unit String, container String, pod String, workload String, exe String, cmdline String,
        ended Tuple(exitCode Nullable(Int32), signal LowCardinality(String))),
    `by` Tuple(pid Nullable(UInt32), comm String),
    `chain` LowCardinality(String),
    `forwarded` Bool,
    `peerEvent` Nullable(UInt64),
    `peerSent` Tuple(verdict LowCardinality(String), because LowCardinality(String)),
    `finding` Nullable(UInt64),
    `netns` Tuple(inode Nullable(UInt32), name String),
    `conn` Tuple(
        role LowCardinality(String), cookie Nullable(UInt64), srttMicros Nullable(UInt32), retransmits Nullable(UInt32),
        bytesAcked Nullable(UInt64), bytesReceived Nullable(UInt64), ageMillis Nullable(UInt64),
        lastReceivedMillis Nullable(UInt64), lastSentMillis Nullable(UInt64),
        idleBeforePeerFinMillis Nullable(UInt64), idleBeforeFinMillis Nullable(UInt64)),
    `rst` Tuple(flags LowCardinality(String), seq Nullable(UInt32), ack Nullable(UInt32), ttl Nullable(UInt8), diag String),
    `hook` LowCardinality(String),
    `via` LowCardinality(String),
    `kernelReason` LowCardinality(String),
    `communityID` String,

    -- findings
    `phase` LowCardinality(String),
    `pattern` LowCardinality(String),
    `harmless` Bool,
    `actor` Tuple(owner Tuple(pid Nullable(UInt32), comm String, unit String, container String, pod String, workload String)),
    `victim` Tuple(owner Tuple(pid Nullable(UInt32), comm String, unit String, container String, pod String, workload String)),
    `server` Tuple(addr String, port UInt16),
    `resets` UInt64,
    `first` Nullable(DateTime64(9, 'UTC')),
    `last` Nullable(DateTime64(9, 'UTC')),

    -- follow-ups; `event` is the id of their event
    `event` Nullable(UInt64),
    `what` LowCardinality(String),
    `errno` LowCardinality(String),
    `pid` Nullable(UInt32),
    `comm` String,
    `afterMicros` Nullable(UInt64),
    `ended` Bool,

    -- lost: how many events have no line. counts: the totals
    `events` Nullable(UInt64),
    `causes` Nested(dir LowCardinality(String), cause LowCardinality(String), events UInt64),
    `shown` Nullable(UInt64),
    `notShown` Nullable(UInt64),
    `lostEvents` Nullable(UInt64),
    `missed` Nullable(UInt64),

    -- coverage, which has lostEvents and missed, too
    `since` Nullable(DateTime64(9, 'UTC')),
    `dirs` Array(LowCardinality(String)),
    `filter` LowCardinality(String),
    `maxRate` Nullable(UInt32),
    `limits` Array(LowCardinality(String)),
    `heldBack` Bool,
    `addresses` Array(String),
    `forwards` Bool,
    `kernel` LowCardinality(String),

    -- Of shop/cart-6d9f4c8b7d-x2k5p: shop/cart, and 6d9f4c8b7d.
    `workload` LowCardinality(String) MATERIALIZED extract(owner.pod, '^(.+)-[0-9a-z]{6,10}-[0-9a-z]{5}$'),
    `release` LowCardinality(String) MATERIALIZED extract(owner.pod, '-([0-9a-z]{6,10})-[0-9a-z]{5}$')
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (kind, host, cause, time)
TTL toDateTime(time) + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000;
