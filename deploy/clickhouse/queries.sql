-- Questions to the lines of rsttrace, each with its query.

-- Which causes does each host have?
SELECT host, dir, cause, count() AS events
FROM rsttrace.lines
WHERE kind = 'event' AND time > now() - INTERVAL 1 DAY
GROUP BY host, dir, cause
ORDER BY events DESC, host, dir, cause;

-- Which programs throw away data that they never read?
SELECT owner.comm AS program, owner.unit AS unit, count() AS events, sum(lost.unreadBytes) AS bytes
FROM rsttrace.lines
WHERE kind = 'event' AND lost.unreadBytes > 0 AND time > now() - INTERVAL 1 DAY
GROUP BY program, unit
ORDER BY bytes DESC, program;

-- Who calls ports where nobody listens?
SELECT local.port AS port, peer.addr AS client, count() AS events
FROM rsttrace.lines
WHERE kind = 'event' AND cause = 'closed-port' AND time > now() - INTERVAL 1 DAY
GROUP BY port, client
ORDER BY events DESC, port, client;

-- Which errors do the programs of a container get?
SELECT owner.container AS container, app.errno AS error, count() AS events
FROM rsttrace.lines
WHERE kind = 'event' AND app.errno != '' AND time > now() - INTERVAL 1 DAY
GROUP BY container, error
ORDER BY events DESC, container, error;

-- After how many seconds of silence do resets come? Unknown is not 0.
SELECT cause, count() AS events, quantileExact(0.5)(conn.lastReceivedMillis) / 1000 AS median
FROM rsttrace.lines
WHERE kind = 'event' AND conn.lastReceivedMillis IS NOT NULL AND time > now() - INTERVAL 1 DAY
GROUP BY cause
ORDER BY events DESC, cause;

-- How many resets come in each hour, and what do logs lack?
SELECT toStartOfHour(time) AS hour, countIf(kind = 'event') AS resets, sumIf(ifNull(events, 0), kind = 'lost') AS missing
FROM rsttrace.lines
WHERE kind IN ('event', 'lost') AND time > now() - INTERVAL 1 DAY
GROUP BY hour
ORDER BY hour;

-- Which incidents hurt, and what is to be done?
SELECT host, id AS number, argMax(pattern, time) AS diagnosis, max(resets) AS most_resets, argMax(summary, time) AS what, argMax(remedy, time) AS advice
FROM rsttrace.lines
WHERE kind = 'finding' AND NOT harmless AND time > now() - INTERVAL 1 DAY
GROUP BY host, number
ORDER BY most_resets DESC, host, number;

-- Which processes died of SIGPIPE, after which reset?
SELECT f.host AS host, f.comm AS program, e.cause AS cause, e.peer.addr AS client, count() AS deaths
FROM rsttrace.lines AS f
INNER JOIN rsttrace.lines AS e ON e.host = f.host AND e.id = f.event AND e.kind = 'event'
WHERE f.kind = 'followup' AND f.what = 'sigpipe' AND f.ended AND f.time > now() - INTERVAL 1 DAY AND abs(dateDiff('second', e.time, f.time)) < 600
GROUP BY host, program, cause, client
ORDER BY deaths DESC, host, program;
