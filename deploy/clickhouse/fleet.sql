-- Questions to the lines of many hosts, each with its query. fleet-schema.sql has the views.

-- Who resets whom?
SELECT sent_host, sent_comm, got_host, sent_cause, count() AS resets, countIf(certainty = 'likely') AS translated
FROM rsttrace.pairs
WHERE minute > now() - INTERVAL 1 DAY
GROUP BY sent_host, sent_comm, got_host, sent_cause
ORDER BY resets DESC, sent_host, sent_comm, got_host, sent_cause
LIMIT 100;

-- Which resets did nobody send?
SELECT host, comm, cause, replaceOne(toString(from), '::ffff:', '') AS claims_to_be, count() AS resets, min(time) AS first, max(time) AS last
FROM rsttrace.nobody_sent(begin = now() - INTERVAL 1 DAY, end = now())
GROUP BY host, comm, cause, claims_to_be
ORDER BY resets DESC, host, comm, cause, claims_to_be
LIMIT 100;

-- After which silence does a server no longer know a connection, by path?
SELECT
    if(sent_from_port < sent_to_port, sent_host, got_host) AS server, least(sent_from_port, sent_to_port) AS port,
    if(sent_from_port < sent_to_port, got_host, sent_host) AS client,
    count() AS resets, min(got_silence) / 1000 AS seconds, (max(got_silence) - min(got_silence)) / 1000 AS spread
FROM rsttrace.pairs
WHERE sent_cause = 'closed-earlier' AND got_silence > 0 AND certainty = 'exact' AND minute > now() - INTERVAL 1 DAY
GROUP BY server, port, client
HAVING resets >= 3
ORDER BY resets DESC, server, port, client
LIMIT 100;

-- Which release began it, and how often do resets come since then?
SELECT workload, cause, release, began, resets, round(rate, 2) AS per_minute, round(rate / nullIf(lagInFrame(rate) OVER releases, 0), 2) AS times_before
FROM
(
    SELECT workload, cause, release, min(time) AS began, count() AS resets, resets / (1 + dateDiff('minute', began, max(time))) AS rate
    FROM rsttrace.lines
    WHERE kind = 'event' AND workload != '' AND time > now() - INTERVAL 1 DAY
    GROUP BY workload, cause, release
)
WINDOW releases AS (PARTITION BY workload, cause ORDER BY began ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
ORDER BY workload, cause, began;

-- Which resets did a proxy pass on? It got one, and the same process sent one within a second.
SELECT origin, cause, proxy, program, client, count() AS resets
FROM
(
    SELECT a.sent_host AS origin, a.sent_cause AS cause, a.got_host AS proxy, b.sent_comm AS program, b.got_host AS client, a.got_last AS got, b.sent_last AS sent
    FROM (SELECT sent_node, sent_pid, sent_comm, sent_last, got_host FROM rsttrace.pairs WHERE sent_pid > 0 AND minute > now() - INTERVAL 1 DAY) AS b
    ASOF INNER JOIN (SELECT got_node, got_pid, got_last, got_host, sent_host, sent_cause FROM rsttrace.pairs WHERE got_pid > 0 AND minute > now() - INTERVAL 1 DAY) AS a
        ON a.got_node = b.sent_node AND a.got_pid = b.sent_pid AND a.got_last <= b.sent_last
)
WHERE sent <= got + INTERVAL 1 SECOND
GROUP BY origin, cause, proxy, program, client
ORDER BY resets DESC, origin, cause, proxy, program, client
LIMIT 100;

-- Of how many resets are both ends known?
SELECT
    (SELECT count() FROM rsttrace.pairs WHERE minute > now() - INTERVAL 1 DAY) AS both_known,
    (SELECT count() FROM rsttrace.nobody_sent(begin = now() - INTERVAL 1 DAY, end = now())) AS nobody_sent,
    (SELECT count() FROM rsttrace.alone WHERE minute > now() - INTERVAL 1 DAY) - nobody_sent AS sender_not_seen;
