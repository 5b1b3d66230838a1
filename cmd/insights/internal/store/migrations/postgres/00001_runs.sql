-- +goose Up
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE test (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE build (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE owner (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE status (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE link (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pattern TEXT NOT NULL UNIQUE);
CREATE TABLE platform (
	id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	os TEXT NOT NULL, os_normalized TEXT NOT NULL, browser TEXT NOT NULL, browser_normalized TEXT NOT NULL,
	UNIQUE (os, os_normalized, browser, browser_normalized)
);
CREATE TABLE cause (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest BYTEA NOT NULL UNIQUE, error TEXT NOT NULL, cause TEXT NOT NULL);

-- A key is the 16 bytes of an ID of 32 hexadecimal digits. Another ID stands as
-- text behind one zero byte, or two so that it has not 16 bytes, and a run without
-- one has 0, 1 and what tells it from others.
--
-- Times are nanoseconds, started and ended after created; a run without a
-- creation time was created at 0 and its times are as they are.
CREATE TABLE run (
	created BIGINT NOT NULL,
	key BYTEA NOT NULL,
	test BIGINT NOT NULL, build BIGINT, owner BIGINT, status BIGINT NOT NULL, platform BIGINT NOT NULL,
	cause BIGINT, link BIGINT,
	started BIGINT, ended BIGINT, duration DOUBLE PRECISION, ancestor BYTEA,
	PRIMARY KEY (created, key)
);

CREATE TABLE flaky (
	name TEXT NOT NULL PRIMARY KEY, runs INTEGER NOT NULL, passed INTEGER NOT NULL, failed INTEGER NOT NULL, errored INTEGER NOT NULL,
	judged INTEGER NOT NULL, flips INTEGER NOT NULL
);
CREATE TABLE new_failure (
	name TEXT NOT NULL PRIMARY KEY, passes_before INTEGER NOT NULL, runs INTEGER NOT NULL, failed INTEGER NOT NULL, errored INTEGER NOT NULL
);
CREATE TABLE count_difference (
	interval_start BIGINT NOT NULL PRIMARY KEY, interval_seconds INTEGER NOT NULL, stored INTEGER NOT NULL, counted INTEGER NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION run_id(key BYTEA) RETURNS TEXT LANGUAGE SQL IMMUTABLE AS $$
	SELECT CASE WHEN length(key) = 16 THEN encode(key, 'hex')
		WHEN substr(key, 1, 2) = '\x0001' THEN ''
		WHEN substr(key, 1, 2) = '\x0000' THEN convert_from(substr(key, 3), 'UTF8')
		ELSE convert_from(substr(key, 2), 'UTF8') END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION time_of(nanoseconds BIGINT) RETURNS TIMESTAMPTZ LANGUAGE SQL IMMUTABLE AS $$
	SELECT to_timestamp(nanoseconds / 1000000000) + (nanoseconds % 1000000000 / 1000) * INTERVAL '1 microsecond'
$$;
-- +goose StatementEnd

CREATE VIEW runs AS
SELECT run_id(r.key) AS id,
	t.name AS name, coalesce(b.name, '') AS build, coalesce(o.name, '') AS owner,
	coalesce(run_id(r.ancestor), '') AS ancestor,
	s.name AS status, coalesce(c.error, '') AS error, coalesce(c.cause, '') AS cause,
	CASE WHEN r.created <> 0 THEN time_of(r.created) END AS creation_time,
	CASE WHEN r.started IS NOT NULL THEN time_of((r.created + r.started)) END AS start_time,
	CASE WHEN r.ended IS NOT NULL THEN time_of((r.created + r.ended)) END AS end_time,
	coalesce(r.duration, 0.0) AS duration,
	p.os AS os, p.os_normalized AS os_normalized, p.browser AS browser, p.browser_normalized AS browser_normalized,
	coalesce(replace(l.pattern, '{id}', run_id(r.key)), '') AS details_url
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
	(s.name = 'passed')::int AS passed, (s.name = 'failed')::int AS failed, (s.name IN ('errored', 'error'))::int AS errored, (s.name = 'complete')::int AS complete
FROM run r JOIN status s ON s.id = r.status;
-- +goose StatementEnd

CREATE VIEW pass_rate_by_day AS
SELECT (time_of(created) AT TIME ZONE 'UTC')::date AS day, count(*) AS runs,
	sum(passed) AS passed, sum(failed) AS failed, sum(errored) AS errored, sum(complete) AS complete,
	count(*) - sum(passed + failed + errored + complete) AS other,
	1.0 * sum(passed) / nullif(sum(passed + failed + errored), 0) AS pass_rate
FROM outcome WHERE created <> 0 GROUP BY 1;

CREATE VIEW builds AS
SELECT b.name AS build, count(*) AS runs,
	sum(x.passed) AS passed, sum(x.failed) AS failed, sum(x.errored) AS errored, sum(x.complete) AS complete,
	count(*) - sum(x.passed + x.failed + x.errored + x.complete) AS other,
	1.0 * sum(x.passed) / nullif(sum(x.passed + x.failed + x.errored), 0) AS pass_rate,
	time_of(min(nullif(x.created, 0))) AS first_run,
	time_of(max(nullif(x.created, 0))) AS last_run
FROM outcome x JOIN build b ON b.id = x.build GROUP BY b.id, b.name;

CREATE VIEW error_groups AS
SELECT c.cause AS cause, count(*) AS runs, count(DISTINCT x.test) AS tests, min(c.error) AS sample,
	time_of(min(nullif(x.created, 0))) AS first_seen,
	time_of(max(nullif(x.created, 0))) AS last_seen
FROM outcome x JOIN cause c ON c.id = x.cause GROUP BY c.cause;

CREATE VIEW slowest_tests AS
SELECT t.name AS name, count(*) AS timed_runs, avg(x.run_time) AS mean_seconds, max(x.run_time) AS longest_seconds
FROM outcome x JOIN test t ON t.id = x.test WHERE x.run_time BETWEEN 0 AND 86400 GROUP BY t.id, t.name;

CREATE VIEW flaky_tests AS SELECT * FROM flaky;
CREATE VIEW new_failures AS SELECT * FROM new_failure;
CREATE VIEW reconciliation AS
SELECT to_timestamp(interval_start) AS interval_start, interval_seconds, stored, counted, counted - stored AS missing
FROM count_difference;
