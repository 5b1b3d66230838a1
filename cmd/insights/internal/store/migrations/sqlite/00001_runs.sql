-- +goose Up
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE test (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE build (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE status (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE link (id INTEGER PRIMARY KEY, pattern TEXT NOT NULL UNIQUE);
CREATE TABLE platform (
	id INTEGER PRIMARY KEY,
	os TEXT NOT NULL, os_normalized TEXT NOT NULL, browser TEXT NOT NULL, browser_normalized TEXT NOT NULL,
	UNIQUE (os, os_normalized, browser, browser_normalized)
);
CREATE TABLE cause (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, error TEXT NOT NULL, cause TEXT NOT NULL);

-- A key is the 16 bytes of an ID of 32 hexadecimal digits. Another ID stands as
-- text behind one zero byte, or two so that it has not 16 bytes, and a run without
-- one has 0, 1 and what tells it from others.
--
-- Times are nanoseconds, started and ended after created; a run without a
-- creation time was created at 0 and its times are as they are.
CREATE TABLE run (
	created INTEGER NOT NULL,
	key BLOB NOT NULL,
	test INTEGER NOT NULL, build INTEGER, owner INTEGER, status INTEGER NOT NULL, platform INTEGER NOT NULL,
	cause INTEGER, link INTEGER,
	started INTEGER, ended INTEGER, duration REAL, ancestor BLOB,
	PRIMARY KEY (created, key)
) WITHOUT ROWID;

CREATE TABLE flaky (
	name TEXT NOT NULL PRIMARY KEY, runs INTEGER NOT NULL, passed INTEGER NOT NULL, failed INTEGER NOT NULL, errored INTEGER NOT NULL,
	judged INTEGER NOT NULL, flips INTEGER NOT NULL
);
CREATE TABLE new_failure (
	name TEXT NOT NULL PRIMARY KEY, passes_before INTEGER NOT NULL, runs INTEGER NOT NULL, failed INTEGER NOT NULL, errored INTEGER NOT NULL
);
CREATE TABLE count_difference (
	interval_start INTEGER NOT NULL PRIMARY KEY, interval_seconds INTEGER NOT NULL, stored INTEGER NOT NULL, counted INTEGER NOT NULL
) WITHOUT ROWID;

CREATE VIEW runs AS
SELECT CASE WHEN length(r.key) = 16 THEN lower(hex(r.key)) WHEN substr(r.key, 1, 2) = X'0001' THEN '' WHEN substr(r.key, 1, 2) = X'0000' THEN CAST(substr(r.key, 3) AS TEXT) ELSE CAST(substr(r.key, 2) AS TEXT) END AS id,
	t.name AS name, coalesce(b.name, '') AS build, coalesce(o.name, '') AS owner,
	coalesce(CASE WHEN length(r.ancestor) = 16 THEN lower(hex(r.ancestor)) WHEN substr(r.ancestor, 1, 2) = X'0001' THEN '' WHEN substr(r.ancestor, 1, 2) = X'0000' THEN CAST(substr(r.ancestor, 3) AS TEXT) ELSE CAST(substr(r.ancestor, 2) AS TEXT) END, '') AS ancestor,
	s.name AS status, coalesce(c.error, '') AS error, coalesce(c.cause, '') AS cause,
	CASE WHEN r.created <> 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', r.created / 1000000 / 1000.0, 'unixepoch') END AS creation_time,
	CASE WHEN r.started IS NOT NULL THEN strftime('%Y-%m-%dT%H:%M:%fZ', (r.created + r.started) / 1000000 / 1000.0, 'unixepoch') END AS start_time,
	CASE WHEN r.ended IS NOT NULL THEN strftime('%Y-%m-%dT%H:%M:%fZ', (r.created + r.ended) / 1000000 / 1000.0, 'unixepoch') END AS end_time,
	coalesce(r.duration, 0.0) AS duration,
	p.os AS os, p.os_normalized AS os_normalized, p.browser AS browser, p.browser_normalized AS browser_normalized,
	coalesce(replace(l.pattern, '{id}', CASE WHEN length(r.key) = 16 THEN lower(hex(r.key)) WHEN substr(r.key, 1, 2) = X'0001' THEN '' WHEN substr(r.key, 1, 2) = X'0000' THEN CAST(substr(r.key, 3) AS TEXT) ELSE CAST(substr(r.key, 2) AS TEXT) END), '') AS details_url
FROM run r
JOIN test t ON t.id = r.test
JOIN status s ON s.id = r.status
JOIN platform p ON p.id = r.platform
LEFT JOIN build b ON b.id = r.build
LEFT JOIN owner o ON o.id = r.owner
LEFT JOIN cause c ON c.id = r.cause
LEFT JOIN link l ON l.id = r.link;

-- +goose StatementBegin
CREATE VIEW outcome AS
SELECT r.created, r.test, r.build, r.cause, coalesce(r.duration, (r.ended - r.started) / 1e9) AS run_time,
	s.name = 'passed' AS passed, s.name = 'failed' AS failed, s.name IN ('errored', 'error') AS errored, s.name = 'complete' AS complete
FROM run r JOIN status s ON s.id = r.status;
-- +goose StatementEnd

CREATE VIEW pass_rate_by_day AS
SELECT date(created / 1000000000, 'unixepoch') AS day, count(*) AS runs,
	sum(passed) AS passed, sum(failed) AS failed, sum(errored) AS errored, sum(complete) AS complete,
	count(*) - sum(passed + failed + errored + complete) AS other,
	1.0 * sum(passed) / nullif(sum(passed + failed + errored), 0) AS pass_rate
FROM outcome WHERE created <> 0 GROUP BY 1;

CREATE VIEW builds AS
SELECT b.name AS build, count(*) AS runs,
	sum(x.passed) AS passed, sum(x.failed) AS failed, sum(x.errored) AS errored, sum(x.complete) AS complete,
	count(*) - sum(x.passed + x.failed + x.errored + x.complete) AS other,
	1.0 * sum(x.passed) / nullif(sum(x.passed + x.failed + x.errored), 0) AS pass_rate,
	strftime('%Y-%m-%dT%H:%M:%fZ', min(nullif(x.created, 0)) / 1000000 / 1000.0, 'unixepoch') AS first_run,
	strftime('%Y-%m-%dT%H:%M:%fZ', max(nullif(x.created, 0)) / 1000000 / 1000.0, 'unixepoch') AS last_run
FROM outcome x JOIN build b ON b.id = x.build GROUP BY b.id;

CREATE VIEW error_groups AS
SELECT c.cause AS cause, count(*) AS runs, count(DISTINCT x.test) AS tests, min(c.error) AS sample,
	strftime('%Y-%m-%dT%H:%M:%fZ', min(nullif(x.created, 0)) / 1000000 / 1000.0, 'unixepoch') AS first_seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', max(nullif(x.created, 0)) / 1000000 / 1000.0, 'unixepoch') AS last_seen
FROM outcome x JOIN cause c ON c.id = x.cause GROUP BY c.cause;

CREATE VIEW slowest_tests AS
SELECT t.name AS name, count(*) AS timed_runs, avg(x.run_time) AS mean_seconds, max(x.run_time) AS longest_seconds
FROM outcome x JOIN test t ON t.id = x.test WHERE x.run_time BETWEEN 0 AND 86400 GROUP BY t.id;

CREATE VIEW flaky_tests AS SELECT * FROM flaky;
CREATE VIEW new_failures AS SELECT * FROM new_failure;
CREATE VIEW reconciliation AS
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', interval_start, 'unixepoch') AS interval_start, interval_seconds, stored, counted, counted - stored AS missing
FROM count_difference;
