#!/bin/sh
# import: files of other tools and our own, against the real program. Prints TAP.
# usage: import.sh ASSAY FIXTURES
# shellcheck disable=SC2016  # single quotes hold scripts for others
set -u
assay=$(realpath "$1") || exit 1
fixtures=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# has TEXT: the newest run's export has the text
has()
{
	"$assay" export --format jsonl @last >lines 2>/dev/null && grep -q -F -e "$1" lines
}

# result NAME METRIC TEXT: that result of the newest run has the text
result()
{
	"$assay" export --format jsonl @last 2>/dev/null | grep -F "\"name\":\"$1\"" |
		grep -F "\"metric\":\"$2\"" | grep -q -F -e "$3"
}

check 'Google Benchmark' ends 0 "$assay" import "$fixtures/gbench.json"
check '  says what it is' says 'run 1: 4 results from .*gbench.json (gbench)'
copy=gbench/copy/case:BM_Copy.64/threads:1
check '  repetitions are samples, in ns' result $copy time '"samples":[1250.0,1750.0]'
check '  and are summed up' result $copy time '"n":2,"median":1500.0'
check '  CPU time is a metric' result $copy cpu_time '"samples":[1200.0,1600.0]'
check '  so is a rate' result $copy bandwidth '"samples":[51200000.0,40000000.0]'
check '  NaN is a counter without a number' result $copy time '"gbench:misses":{"value":null'
cat >means.json <<'JSON'
{"context": {"executable": "./sums", "library_build_type": "release"}, "benchmarks": [
{"name": "BM_A_mean", "run_name": "BM_A", "run_type": "aggregate", "aggregate_name": "mean", "threads": 1, "iterations": 3,
 "real_time": 5.0, "cpu_time": 5.0, "time_unit": "ns"},
{"name": "BM_A_cv", "run_name": "BM_A", "run_type": "aggregate", "aggregate_name": "cv", "threads": 1, "iterations": 3,
 "real_time": 0.1, "cpu_time": 0.1, "time_unit": "ns"},
{"name": "BM_A_BigO", "run_name": "BM_A", "run_type": "aggregate", "aggregate_name": "BigO", "threads": 1,
 "real_coefficient": 0.1, "cpu_coefficient": 0.1, "time_unit": "ns"}]}
JSON
check '  aggregates alone are no figures' ends 0 "$assay" import --db means.db means.json
"$assay" export --db means.db --format jsonl >means.out 2>/dev/null
check '  which is said' grep -q '"status":"skipped","reason":"aggregates without their repetitions' means.out
check '  once' test "$(grep -c '"event":"result"' means.out)" -eq 1
check '  an error keeps its words' result gbench/copy/case:BM_Copy/threads:2 time \
	'"status":"failed","reason":"out of luck"'
check '  the machine is the one it names' has '"machine":"alpha"'
check '  the time too, in UTC' has '"started":"2026-03-01T13:05:06Z"'
check 'the same file again' ends 0 "$assay" import "$fixtures/gbench.json"
check '  changes nothing' says 'is in results.db already'
check '  comes back as it was' ends 0 "$assay" export --format gbench @last
check '  to the byte' cmp -s out "$fixtures/gbench.json"

check 'a store is no export' ends 2 "$assay" import results.db
check '  and is merged' says "stores and bundles are added by 'assay merge'"
check 'hyperfine' ends 0 "$assay" import "$fixtures/hyperfine.json"
sort=$("$assay" export --format jsonl | sed -n 's/.*"name":"\(hyperfine[^"]*data:[^"]*\)".*/\1/p' | head -n 1)
check '  times are samples' result "$sort" time '"samples":[10000000.0,20000000.0,10000000.0]'
check '  its means are metrics' result "$sort" user_time '"samples":[9000000.0]'
check '  an exit status is kept' has '"exit_code":{"value":2.0'
sort=hyperfine/sort/cmd:sort
check '  so is a signal' result $sort/threads:1 time '"killed":{"value":1.0'
check '  and the memory of each run' result $sort/threads:1 max_rss '"samples":[4096.0,8192.0]'
check '  two commands of one name are two cases' result $sort/again:2/threads:1 time '"samples":[400000000.0]'
if command -v hyperfine >/dev/null; then
	hyperfine -N -i -r 3 --export-json real.json true false >hyperfine.txt 2>&1
	check '  from the real one' ends 0 "$assay" import real.json
	check '    both commands' has '"name":"hyperfine/false/cmd:false/threads:1"'
	check '    with a time of each run' has '"launch_ends":[3]'
	check '    and the status they ended with' result hyperfine/false/cmd:false/threads:1 time '"exit_code":{"value":1.0'
else
	count=$((count + 1))
	echo "ok $count - from the real one # SKIP hyperfine is not installed"
fi

check 'JMH' ends 0 "$assay" import "$fixtures/jmh.json"
bytes=jmh/copy/method:bytes/mode:avgt/size:64/threads:2
check '  forks are launches' result $bytes time '"launch_ends":[2,4]'
check '  in our unit' result $bytes time '"samples":[2000.0,3000.0,2000.0,3000.0]'
check '  a rate is one' result jmh/copy/method:chars/mode:thrpt/threads:1 rate '"samples":[5000.0]'
check '  other metrics are counts' result $bytes time '"jmh:gc.alloc.rate":{"value":12.5'
sample=jmh/copy/method:bytes/mode:sample/threads:1
check '  of histograms the means' result $sample time '"samples":[2500.0,3000.0]'
check '  a dot of versions before 1.37 is left out' result $sample time '"jmh:gc.count":{"value":7.0'

check 'nvbench' ends 0 "$assay" import "$fixtures/nvbench.json"
kernel=nvbench/copy_kernel/elements
check '  its mean' result $kernel:1048576/device:0/threads:1 gpu_time '"samples":[12500.0]'
check '  a bandwidth' result $kernel:1048576/device:0/threads:1 bandwidth '"samples":[670000000000.0]'
check '  without a device the time of the CPU' result nvbench/host_copy/threads:1 cpu_time \
	'"primary":true,"status":"ok"'
check '  a skip keeps its words' result $kernel:1099511627776/device:0/threads:1 gpu_time \
	'"status":"skipped","reason":"out of memory"'

check 'a run' ends 0 "$assay" run -n 4 -t 1ms --tag who=me selftest/spin --db own.db
"$assay" export --db own.db >own.json 2>/dev/null
"$assay" export --db own.db --format jsonl >own.jsonl 2>/dev/null
check '  as a page' ends 0 "$assay" report --db own.db -o own.html
for form in json jsonl html; do
	check "  restored from $form" ends 0 "$assay" import --db from.db own.$form
	check '    is the same run' ends 0 "$assay" export --db from.db
	check '    to the last digit' cmp -s out own.json
	rm -f from.db*
done

check 'a page of before, with a document in it' ends 0 "$assay" import --db before.db "$fixtures/page.html"
check '  is restored too' says 'run 1: 2 results from .*page.html (assay)'

check 'tags and a commit' ends 0 "$assay" import --db tags.db --tag a=b --tag c=d=e --commit 1234567 \
	"$fixtures/hyperfine.json"
check '  are stored' sh -c '"$1" export --db tags.db | grep -q "\"c\": \"d=e\""' sh "$assay"
check '  and the commit' sh -c '"$1" export --db tags.db | grep -q "\"commit\": \"1234567\""' sh "$assay"

printf '{"schema": "assay/1", "runs": [{"uuid": "xyz"}]}' >bad.json
check 'a wrong run' ends 2 "$assay" import --db bad.db bad.json
check '  is named with its field' says "'bad.json': 'uuid' of the run is not hexadecimal"
head -n 1 own.jsonl | sed 's/"uuid":"...../"uuid":"xyzxy/' | cat own.jsonl - >second.jsonl
check 'a second run that is wrong' ends 2 "$assay" import --db bad.db second.jsonl
check '  leaves the first out as well' says "'second.jsonl': 'uuid' of the run is not hexadecimal"
printf '{"event":"result","schema":"assay/1"}\n{}\n' >bad.jsonl
check 'a line out of place' ends 2 "$assay" import --db bad.db bad.jsonl
check '  is counted' says "'bad.jsonl': line 1 is out of place"
head -c 400 own.jsonl >cut.jsonl
check 'a file that was cut off' ends 2 "$assay" import --db bad.db --format assay cut.jsonl
check '  says where' says "'cut.jsonl': line 1 is"
{ head -n 1 own.jsonl && head -c 64 /dev/zero && tail -n +2 own.jsonl; } >hole.jsonl
check 'a file with a hole in it' ends 2 "$assay" import --db bad.db hole.jsonl
check '  says where' says "'hole.jsonl': byte [0-9]* is a NUL, which is in no text: the file is damaged"
head -c 500 "$fixtures/gbench.json" >cut.json
check 'so is foreign one' ends 2 "$assay" import --db bad.db --format gbench cut.json
check '  with its line' says "'cut.json': its JSON is malformed in line"
echo hello >other.txt
check 'something else' ends 2 "$assay" import --db bad.db other.txt
check '  is not guessed at' says "'other.txt' is none of the formats"
check 'an unknown format' ends 2 "$assay" import --db bad.db --format gbnech other.txt
check '  names the nearest' says "did you mean 'gbench'"
check 'no such file' ends 2 "$assay" import --db bad.db nowhere.json
check '  is said' says "cannot read 'nowhere.json': No such file"
check 'a folder' ends 2 "$assay" import --db bad.db .
check '  is said' says "cannot read '.': Is a directory"
check 'no file at all' ends 2 "$assay" import --db bad.db
printf '{"schema":"assay/1","runs":[]}' >none.json
check 'a file without a run' ends 2 "$assay" import --db bad.db none.json
check '  is none' says "'none.json': it holds no run"
check 'events' ends 0 "$assay" import --db said.db --json "$fixtures/jmh.json" "$fixtures/jmh.json"
check '  of what is new' shows '"event":"imported".*"format":"jmh".*"run":1,"results":[1-9]'
check '  and of what is not' shows '"run":null'
check 'an export is its document' ends 2 "$assay" export --db own.db --format csv --json=own2.json
check '  and makes none beside it' [ ! -e own2.json ]
check 'a tag without a value' ends 2 "$assay" import --db bad.db --tag a "$fixtures/jmh.json"
check 'nothing of all that was stored' sh -c '! "$1" export --db bad.db >out 2>&1' sh "$assay"

python=/usr/bin/python3 # Debian's, which has Debian's modules
compare=/usr/share/benchmark/compare.py
if ! [ -f $compare ] || ! $python -c 'import scipy' 2>/dev/null; then
	count=$((count + 1))
	echo "ok $count - compare.py # SKIP libbenchmark-tools is not installed"
else
	"$assay" export --db own.db --format gbench -o a.json 2>/dev/null
	check 'the real compare.py reads our export' ends 0 $python $compare benchmarks a.json a.json
	check '  and finds the case in both' shows 'selftest/spin.*+0.0000'
fi
echo "1..$count"
