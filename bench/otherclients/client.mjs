// Reads all runs of an Insights service page by page, computes the aggregates
// from them, and fails where the service says something else. It knows the API
// reference and nothing of the SDK.
//
//	INSIGHTS_URL=… SAUCE_USERNAME=… SAUCE_ACCESS_KEY=… node client.mjs
import assert from 'node:assert/strict';

const { INSIGHTS_URL, SAUCE_USERNAME, SAUCE_ACCESS_KEY } = process.env;
const authorization = 'Basic ' + btoa(`${SAUCE_USERNAME}:${SAUCE_ACCESS_KEY}`);
const day = 24 * 3600 * 1000;
const stamp = (time) => new Date(time).toISOString().slice(0, 19) + 'Z';
const period = { start: stamp(Date.now() - 31 * day), end: stamp(Date.now() + day) };

async function get(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries({ ...period, ...parameters })) {
    for (const value of [values].flat()) query.append(name, value);
  }
  const response = await fetch(`${INSIGHTS_URL}/v1/analytics/${path}?${query}`, { headers: { authorization } });
  assert.equal(response.status, 200, `${path}?${query}`);
  return response.json();
}

async function* pages(filter) {
  for (let from = 0; ; ) {
    const page = await get('tests', { ...filter, desc: false, from, size: 100 });
    yield* page.items ?? [];
    if (!page.has_more) return;
    from += page.items.length;
  }
}

const list = (filter) => collect(pages(filter));

async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

// tally counts runs by a member; one without it has the empty text.
function tally(runs, member) {
  const counts = {};
  for (const run of runs) counts[run[member] ?? ''] = (counts[run[member] ?? ''] ?? 0) + 1;
  return counts;
}

// Trends count by the name with the version, which is the longer one, and may
// say errored where runs say error.
function trendTally(runs, member) {
  if (member !== 'os' && member !== 'browser') return oneSpelling(tally(runs, member));
  const versioned = (a, b) => ((b ?? '').length > (a ?? '').length ? b : a);
  return tally(runs.map((run) => ({ [member]: versioned(run[member], run[`${member}_normalized`]) })), member);
}

function oneSpelling({ errored = 0, error = 0, ...others }) {
  return positive({ ...others, error: errored + error });
}

const named = (counts) => Object.fromEntries((counts ?? []).map(({ name, count }) => [name ?? '', count]));
const positive = (counts) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
const ids = (runs) => (runs ?? []).map((run) => run.id);
const newest = (runs) => ids(runs.slice(-10).reverse());
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

function checkList(runs) {
  assert.ok(runs.length > 0, 'there are runs');
  assert.equal(new Set(ids(runs)).size, runs.length, 'every run comes once');
  const times = runs.map((run) => Date.parse(run.creation_time));
  assert.deepEqual(times, times.toSorted((a, b) => a - b), 'oldest first');
}

async function checkFilters(runs) {
  const { owner, build, name } = runs.find((run) => run.build);
  const same = (filter, want) => list(filter).then((got) => assert.deepEqual(ids(got), ids(want), JSON.stringify(filter)));
  await same({ scope: 'single', owner: [owner, 'ci-main'] }, runs.filter((run) => [owner, 'ci-main'].includes(run.owner)));
  await same({ build, status: 'passed' }, runs.filter((run) => run.build === build && run.status === 'passed'));
  await same({ missing_build: '' }, runs.filter((run) => !run.build));
  await same({ query: name }, runs.filter((run) => run.name === name));
}

async function checkMetrics(runs) {
  const name = runs[0].name;
  const own = runs.filter((run) => run.name === name);
  const durations = own.filter((run) => run.start_time).map((run) => run.duration);
  const { aggs } = await get('insights/test-metrics', { query: name });
  assert.equal(aggs.count, own.length);
  assert.deepEqual(positive(aggs.statuses), tally(own, 'status'));
  assert.equal(aggs.totalRunTime, sum(durations));
  assert.equal(aggs.fastestRun.duration, Math.min(...durations));
  assert.equal(aggs.slowestRun.duration, Math.max(...durations));
}

async function checkTrends(runs) {
  const { buckets, metrics } = await get('trends/tests', { interval: '1d' });
  for (const member of ['os', 'owner', 'status', 'browser']) {
    assert.deepEqual(oneSpelling(metrics[member]), trendTally(runs, member), member);
  }
  for (const bucket of buckets) {
    const start = Date.parse(bucket.datetime ?? bucket.timestamp);
    const own = runs.filter(({ creation_time: t }) => start <= Date.parse(t) && Date.parse(t) < start + day);
    assert.equal(bucket.count, own.length);
    assert.deepEqual(named(bucket.aggs.os), trendTally(own, 'os'));
  }
  assert.equal(sum(buckets.map((bucket) => bucket.count)), runs.length);
}

async function checkBuilds(runs) {
  const answer = await get('trends/builds_tests');
  for (const build of answer.builds.items) {
    const own = runs.filter((run) => run.build === build.name);
    assert.equal(build.tests_count, own.length, build.name);
    assert.deepEqual(named(build.aggs.status), tally(own, 'status'));
    assert.deepEqual(ids(build.tests), newest(own));
    assert.equal(build.has_more, own.length > 10);
  }
  const builds = new Set(runs.map((run) => run.build).filter(Boolean));
  assert.equal(answer.builds.items.length, Math.min(25, builds.size));
  assert.equal(answer.builds.has_more, builds.size > 25);
  assert.deepEqual(ids(answer.tests_missing_build.items), newest(runs.filter((run) => !run.build)));
}

async function checkErrors(runs) {
  const { buckets } = await get('trends/errors', { scope: 'organization' });
  const failed = runs.filter((run) => run.error);
  assert.deepEqual(named(buckets), tally(failed, 'error'));
  for (const bucket of buckets) {
    assert.deepEqual(ids(bucket.items), newest(failed.filter((run) => run.error === bucket.name)));
  }
}

const runs = await list();
checkList(runs);
for (const check of [checkFilters, checkMetrics, checkTrends, checkBuilds, checkErrors]) await check(runs);
console.log(`${runs.length} runs, and everything computed from them agrees`);
