-- +goose Up
-- A duration that can't be is not believed, and the times of the run are asked
-- instead, as in package report.
CREATE OR REPLACE VIEW outcome AS
SELECT r.created, r.test, r.build, r.cause,
	CASE WHEN r.duration BETWEEN 0 AND 86400 THEN r.duration ELSE (r.ended - r.started) / 1e9 END AS run_time,
	(s.name = 'passed')::int AS passed, (s.name = 'failed')::int AS failed, (s.name IN ('errored', 'error'))::int AS errored, (s.name = 'complete')::int AS complete
FROM run r JOIN status s ON s.id = r.status;
