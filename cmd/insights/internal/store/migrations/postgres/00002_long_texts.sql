-- +goose Up
-- A b-tree refuses texts of more than 2,704 bytes: one long name of a test would end
-- every sync. A hash takes any.
ALTER TABLE test DROP CONSTRAINT test_name_key, ADD EXCLUDE USING hash (name WITH =);
ALTER TABLE build DROP CONSTRAINT build_name_key, ADD EXCLUDE USING hash (name WITH =);
ALTER TABLE owner DROP CONSTRAINT owner_name_key, ADD EXCLUDE USING hash (name WITH =);
ALTER TABLE status DROP CONSTRAINT status_name_key, ADD EXCLUDE USING hash (name WITH =);
ALTER TABLE link DROP CONSTRAINT link_pattern_key, ADD EXCLUDE USING hash (pattern WITH =);
ALTER TABLE platform DROP CONSTRAINT platform_os_os_normalized_browser_browser_normalized_key,
	ADD EXCLUDE USING hash ((os || chr(1) || os_normalized || chr(1) || browser || chr(1) || browser_normalized) WITH =);
ALTER TABLE flaky DROP CONSTRAINT flaky_pkey, ADD EXCLUDE USING hash (name WITH =);
ALTER TABLE new_failure DROP CONSTRAINT new_failure_pkey, ADD EXCLUDE USING hash (name WITH =);

-- The sample is the first by its bytes, as in SQLite, whatever the language of the
-- database.
CREATE OR REPLACE VIEW error_groups AS
SELECT c.cause AS cause, count(*) AS runs, count(DISTINCT x.test) AS tests, min(c.error COLLATE "C") COLLATE "default" AS sample,
	time_of(min(nullif(x.created, 0))) AS first_seen,
	time_of(max(nullif(x.created, 0))) AS last_seen
FROM outcome x JOIN cause c ON c.id = x.cause GROUP BY c.cause;
