"""Reads all runs of an Insights service page by page, computes the aggregates
from them, and fails where the service says something else. It knows the API
reference and nothing of the SDK.

    INSIGHTS_URL=… SAUCE_USERNAME=… SAUCE_ACCESS_KEY=… python3 client.py
"""

import base64
import json
import os
import urllib.parse
import urllib.request
from collections import Counter
from datetime import datetime, timedelta, timezone

URL = os.environ["INSIGHTS_URL"] + "/v1/analytics/"
KEY = f"{os.environ['SAUCE_USERNAME']}:{os.environ['SAUCE_ACCESS_KEY']}"
HEADERS = {"Authorization": "Basic " + base64.b64encode(KEY.encode()).decode()}
DAY = timedelta(days=1)
NOW = datetime.now(timezone.utc)
PERIOD = {name: f"{time:%Y-%m-%dT%H:%M:%SZ}" for name, time in (("start", NOW - 31 * DAY), ("end", NOW + DAY))}


def get(path, **parameters):
    query = urllib.parse.urlencode({**PERIOD, **parameters}, doseq=True)
    with urllib.request.urlopen(urllib.request.Request(f"{URL}{path}?{query}", headers=HEADERS)) as answer:
        return json.load(answer)


def pages(**selection):
    start = 0
    while True:
        page = get("tests", **selection, **{"from": start}, desc="false", size=100)
        yield from page["items"] or []
        if not page["has_more"]:
            return
        start += len(page["items"])


def same(got, want, what):
    if got != want:
        raise SystemExit(f"{what}: got {got}, want {want}")


def tally(runs, member):
    return Counter(run[member] or "" for run in runs)


def trend_tally(runs, member):
    """Trends count by the name with the version, which is the longer one."""
    if member in ("os", "browser"):
        return Counter(max(run[member] or "", run[member + "_normalized"] or "", key=len) for run in runs)
    return one_spelling(tally(runs, member))


def one_spelling(counts):
    """Trends may say errored where runs say error."""
    merged = Counter()
    for name, count in counts.items():
        merged["error" if name == "errored" else name] += count
    return merged


def named(counts):
    return Counter({c["name"] or "": c["count"] for c in counts or []})


def ids(runs):
    return [run["id"] for run in runs or []]


def newest(runs):
    return ids(runs[:-11:-1])


def time_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # before 3.11 it knows no Z


def check_list(runs):
    same(len(set(ids(runs))), len(runs), "every run comes once")
    times = [time_of(run["creation_time"]) for run in runs]
    same(times, sorted(times), "oldest first")


def check_filters(runs):
    run = next(run for run in runs if run["build"])
    owner, build, name = run["owner"], run["build"], run["name"]
    for selection, keep in (
        ({"scope": "single", "owner": [owner, "ci-main"]}, lambda r: r["owner"] in (owner, "ci-main")),
        ({"build": build, "status": "passed"}, lambda r: r["build"] == build and r["status"] == "passed"),
        ({"missing_build": ""}, lambda r: not r["build"]),
        ({"query": name}, lambda r: r["name"] == name),
    ):
        same(ids(pages(**selection)), ids(filter(keep, runs)), selection)


def check_metrics(runs):
    name = runs[0]["name"]
    own = [run for run in runs if run["name"] == name]
    durations = [run["duration"] for run in own if run.get("start_time")]
    aggs = get("insights/test-metrics", query=name)["aggs"]
    same(aggs["count"], len(own), "count")
    same(Counter(aggs["statuses"]), tally(own, "status"), "statuses")
    same(aggs["totalRunTime"], sum(durations), "totalRunTime")
    same(aggs["fastestRun"]["duration"], min(durations), "fastestRun")
    same(aggs["slowestRun"]["duration"], max(durations), "slowestRun")


def check_trends(runs):
    answer = get("trends/tests", interval="1d")
    for member in ("os", "owner", "status", "browser"):
        same(one_spelling(answer["metrics"][member]), trend_tally(runs, member), member)
    for bucket in answer["buckets"]:
        start = time_of(bucket.get("datetime") or bucket["timestamp"])
        own = [run for run in runs if start <= time_of(run["creation_time"]) < start + DAY]
        same(bucket["count"], len(own), start)
        same(named(bucket["aggs"]["os"]), trend_tally(own, "os"), start)
    same(sum(bucket["count"] for bucket in answer["buckets"]), len(runs), "all buckets")


def check_builds(runs):
    answer = get("trends/builds_tests")
    for build in answer["builds"]["items"]:
        own = [run for run in runs if run["build"] == build["name"]]
        same(build["tests_count"], len(own), build["name"])
        same(named(build["aggs"]["status"]), tally(own, "status"), build["name"])
        same(ids(build["tests"]), newest(own), build["name"])
        same(build["has_more"], len(own) > 10, build["name"])
    builds = {run["build"] for run in runs if run["build"]}
    same(len(answer["builds"]["items"]), min(25, len(builds)), "builds shown")
    same(answer["builds"]["has_more"], len(builds) > 25, "more builds")
    same(ids(answer["tests_missing_build"]["items"]), newest([run for run in runs if not run["build"]]), "without a build")


def check_errors(runs):
    buckets = get("trends/errors", scope="organization")["buckets"]
    failed = [run for run in runs if run["error"]]
    same(named(buckets), tally(failed, "error"), "errors")
    for bucket in buckets:
        same(ids(bucket["items"]), newest([run for run in failed if run["error"] == bucket["name"]]), bucket["name"])


ALL = list(pages())
for check in (check_list, check_filters, check_metrics, check_trends, check_builds, check_errors):
    check(ALL)
print(f"{len(ALL)} runs, and everything computed from them agrees")
