#!/bin/sh
# exchange: what we write is what its readers expect, as far as they are here; and a file of Google Benchmark with
# every field of its schema comes back as it was. Prints TAP.
# usage: exchange.sh ASSAY FILL_STORE FIXTURES
set -u
assay=$(realpath "$1") || exit 1
fill=$(realpath "$2") || exit 1
fixtures=$(realpath "$3") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
python=/usr/bin/python3 # Debian's, which has Debian's modules

# skip WHAT WHY
skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# returned STORE: what that store gives back is the file, to the byte
returned()
{
	"$assay" export --db "$1" --format gbench -o back.json @last >out 2>err &&
		cmp back.json "$fixtures/gbench_all.json" >>err 2>&1
}

check 'every field of Google Benchmark' ends 0 "$assay" import --db a.db "$fixtures/gbench_all.json"
check '  comes back' returned a.db
ends 0 "$assay" merge --db b.db a.db
check '  from a store it was merged into' returned b.db
ends 0 "$assay" export --db a.db --format bundle -o a.bundle 1
ends 0 "$assay" merge --db c.db a.bundle
check '  from a bundle' returned c.db

"$fill" results.db || exit 1
for format in gbench trace openmetrics; do
	ends 0 "$assay" export 1 --format "$format" -o "out.$format"
done

# cpp: what extractGoogleCppResult() of github-action-benchmark takes of each entry, after JSON.parse()
cat >cpp.py <<'PYTHON'
import json, sys
def strict(text):
    raise ValueError("JSON.parse() refuses " + text)
for entry in json.load(open(sys.argv[1]), parse_constant=strict)["benchmarks"]:
    assert isinstance(entry["name"], str) and entry["name"], entry
    assert isinstance(entry["time_unit"], str), entry
    for key in "real_time", "cpu_time", "iterations", "threads":
        assert isinstance(entry[key], (int, float)), entry
PYTHON
# trace: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU, complete events and metadata
cat >trace.py <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["displayTimeUnit"] in ("ms", "ns")
rows, named = {}, set()
for event in document["traceEvents"]:
    assert isinstance(event["name"], str) and isinstance(event["pid"], int), event
    if event["ph"] == "M":
        named.add(event["pid"])
        assert isinstance(event["args"]["name"], str), event
        continue
    assert event["ph"] == "X" and isinstance(event["tid"], int), event
    assert event["ts"] >= 0 and event["dur"] >= 0 and isinstance(event["cat"], str), event
    rows.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
assert rows and {pid for pid, tid in rows} <= named, "a process without a name"
for spans in rows.values():  # in one row one event ends before the next begins
    spans.sort()
    assert all(a[1] <= b[0] + 1e-3 for a, b in zip(spans, spans[1:])), spans
PYTHON
cat >metrics.py <<'PYTHON'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
families = {family.name: family for family in parse(open(sys.argv[1]).read())}
assert families["assay_run"].type == "info" and families["assay_result_median"].type == "gauge"
assert all("=cmd" == sample.labels["subject"] for sample in families["assay_result_median"].samples)
assert any(abs(sample.value - 20.006e-9) < 1e-10 or abs(sample.value - 20.006) < 0.1
           for sample in families["assay_result_median"].samples), families["assay_result_median"]
PYTHON
if ! command -v $python >/dev/null; then
	skip 'readers' 'no python3'
else
	check 'what github-action-benchmark reads is in every entry' ends 0 $python cpp.py out.gbench
	check '  and its check can fail' ends 1 $python cpp.py "$fixtures/gbench_all.json"
	check 'the trace is one of complete events' ends 0 $python trace.py out.trace
	sed 's|"dur": *[0-9.e+]*|"dur":-1|' out.trace >bad.trace
	check '  and its check can fail' ends 1 $python trace.py bad.trace
	if $python -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then
		check "OpenMetrics are read by Prometheus' own parser" ends 0 $python metrics.py out.openmetrics
		sed '$d' out.openmetrics >bad.openmetrics
		check '  which refuses them without their end' ends 1 $python metrics.py bad.openmetrics
	else
		skip 'OpenMetrics' 'python3-prometheus-client is not installed'
	fi
fi
echo "1..$count"
