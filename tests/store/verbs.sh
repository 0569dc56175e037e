#!/bin/sh
# The verbs that read a store, on known figures: verbs.sh ASSAY FILL_STORE. TAP.
assay=$(realpath "$1")
fill=$(realpath "$2")
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
"$fill" results.db || exit 1
number=0

# check NAME STATUS PATTERN COMMAND...: the command exits with STATUS and prints PATTERN (grep -E).
check() {
	name=$1 want=$2 pattern=$3
	shift 3
	number=$((number + 1))
	NO_COLOR=1 "$@" >out 2>err
	got=$?
	if [ "$got" -eq "$want" ] && cat out err | grep -Eq -e "$pattern"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# $*: exit $got, wanted $want and /$pattern/"
		sed 's/^/# /' out err
	fi
}
# absent NAME PATTERN: the last command did not print PATTERN.
absent() {
	name=$1 pattern=$2
	number=$((number + 1))
	if grep -Eq -e "$pattern" out err; then
		echo "not ok $number - $name"
		sed 's/^/# /' out err
	else
		echo "ok $number - $name"
	fi
}

check 'a tenth slower is slower' 0 'memory/slower/.* 1\.100 \[.*▲ slower' "$assay" compare 1 2
check 'a higher rate is faster' 0 'memory/faster/.* 1\.200 \[.*▼ faster' "$assay" compare 1 2
check 'one launch leaves it open' 0 'memory/once/.*\? unsure +needs 3 launches' "$assay" compare 1 2
check 'unchanged series are counted' 0 '1 unchanged .*--all lists them' "$assay" compare 1 2
absent 'and not listed' 'memory/same/'
check 'why is summed up' 0 '^  1 unsure: needs 3 launches' "$assay" compare 1 2
check 'unless asked for' 0 'memory/same/.*≈ same' "$assay" compare 1 2 --all
check 'lost series are named' 0 'missing in B: memory/lost/' "$assay" compare 1 2
check 'new series are named' 0 'new in B: memory/found/' "$assay" compare 1 2
check 'the counts add up' 0 '4 compared: 1 same, 1 slower, 1 faster, 1 unsure; 1 missing, 1 new' \
	"$assay" compare 1 2
check 'a geometric mean closes each metric' 0 'geomean of 3' "$assay" compare 1 2
check 'a wide margin forgives' 0 'memory/slower/.*≈ same' "$assay" compare 1 2 --all --margin 15%
check 'the default is the last two runs' 0 '^A: run 2,.*' "$assay" compare
check 'other machines are a hardware comparison' 0 'Hardware comparison' "$assay" compare 2 3
absent 'in which nothing is slower' '▲ slower|▼ faster| slower, '
check 'in which figures are higher' 0 'memory/slower/.*▲ higher' "$assay" compare 2 3
check 'tags are references' 0 '^A: run 1,' "$assay" compare tag:first 2
check 'files are references' 0 '^A: run 1,' "$assay" compare results.db#1 ./results.db#2
check 'nothing in common is exit 5' 5 'nothing was measured in both' "$assay" compare 1 2 --only gpu
check 'unknown runs are exit 2' 2 "'9' names no run" "$assay" compare 9
check 'missing files are exit 7' 7 'there is no store' "$assay" compare none.db
check 'margins must be per cent' 2 'margin wants' "$assay" compare 1 2 --margin wide
check 'compare --json is one document' 0 '"schema": "assay/1"' "$assay" compare 1 2 --json

check 'history shows one series by run' 0 '^ *2 .*bbbb000000.*\+10\.0 %.*ok' "$assay" history memory/slower
check 'history of many is an overview' 0 'memory/faster/.* 3 ' "$assay" history memory
check 'history knows what was meant' 2 "did you mean 'memory/slower'" "$assay" history memory/slwer
check 'history --json is one document' 0 '"points"' "$assay" history memory/slower --json

check 'one run shows no change' 0 '^One run shows no change of level' "$assay" history memory/slower --limit 1
check 'csv disarms formulas' 0 "\"'=cmd\"" "$assay" export 1 --format csv
check 'csv doubles quotes' 0 '"no ""device"", here"' "$assay" export 1 --format csv
check 'openmetrics ends as it must' 0 '^# EOF$' "$assay" export 1 --format openmetrics
check 'openmetrics escapes labels' 0 'machine="here \\"quoted\\""' "$assay" export 1 --format openmetrics
check 'openmetrics gives medians' 0 '^assay_result_median\{.*param_size="16",threads="1"\} 20\.00' \
	"$assay" export 1 --format openmetrics
check 'gbench has its context' 0 '"json_schema_version": 1' "$assay" export 1 --format gbench
check 'gbench turns rates into times' 0 '"items_per_second": 1000000' "$assay" export 1 --format gbench
check 'gbench skips with the reason' 0 'skip_message": "no \\"device\\", here"' \
	"$assay" export 1 --format gbench
check 'seeds keep all their digits' 0 '"seed": *"18446744073709551615"' "$assay" export 1
check 'jsonl has a line per result' 0 '"event":"result".*"launch_ends":\[10,20,30\]' \
	"$assay" export 1 --format jsonl
check 'a trace has the cases' 0 '"ph":"X","name":"memory/slower/.*"dur":1000\.0' \
	"$assay" export 1 --format trace
check 'those of one time in rows of their own' 0 '"tid":5' "$assay" export 1 --format trace
check 'and each run as a process' 0 '"pid":3' "$assay" export --all --format trace -o -
if command -v python3 >/dev/null; then
	"$assay" export --all --format trace -o trace.json 2>err
	check 'all of it is JSON' 0 '^[1-9]' python3 -c \
		'import json; print(len(json.load(open("trace.json"))["traceEvents"]))'
fi
check 'stacks are of runs that have some' 2 'no such stored profile' "$assay" export --format folded
check 'unknown formats are listed' 2 'there are json, .* trace, folded, bundle' \
	"$assay" export --format quite_different
check 'unknown formats name the nearest' 2 "did you mean 'jsonl'" "$assay" export --format jsnl
check 'formats of one run take one' 2 'gbench holds one run: name one RUN$' "$assay" export 1 2 --format gbench
check 'and not all' 2 'name one RUN instead of --all' "$assay" export --all --format openmetrics
check 'a pattern of nothing is a mistake' 2 "no case matches 'nothing'" "$assay" export 1 --only nothing
check 'in a comparison too' 2 'neither run has a case that matches --only nothing and --metric time' \
	"$assay" compare 1 2 --only nothing --metric time
check 'and a metric of nothing' 2 'neither run has a case that matches --metric nothing' "$assay" compare 1 2 --metric nothing
check 'and in a history' 2 "no series there has a metric 'nothing'" "$assay" history memory/slower --metric nothing
check 'files are written whole' 0 '3 runs with' "$assay" export --all -o all.json
check 'and nothing else is left' 0 '^all.json$' sh -c 'ls | grep all'
check 'what cannot be written is said' 3 "cannot write '/none/x'" "$assay" export -o /none/x
if command -v python3 >/dev/null; then
	check 'json parses, with all runs' 0 '^3$' python3 -c \
		'import json; print(len(json.load(open("all.json"))["runs"]))'
fi

check 'check finds it sound' 0 'sound' "$assay" db check
check '@base is the first run' 0 '^A: run 1,' "$assay" compare @base 2
check 'until a baseline is set' 0 '@base is now run 2' "$assay" db baseline 2
check 'and compared with' 0 '^A: run 2,' "$assay" compare @base 3
check 'a baseline can be set anew' 0 '@base is now run 1' "$assay" db baseline tag:first
check 'and compared with' 0 '^A: run 1,' "$assay" compare @base 2
cp results.db other.db
check 'a run of another file is no baseline here' 2 "'other.db#2' is in another file" "$assay" db baseline other.db#2
check 'and changes nothing' 0 '^A: run 1,' "$assay" compare @base 2
rm other.db
check 'backup copies' 0 'copied' "$assay" db backup copy.db
check 'its runs are counted in words' 0 '^3 runs, [0-9]+ results, ' "$assay" db check copy.db
check 'backup replaces nothing' 7 "'copy.db' exists" "$assay" db backup copy.db
check 'the copy is sound' 0 'sound' "$assay" db check copy.db
check 'migrate has nothing to do' 0 'has schema 1 already' "$assay" db migrate
check 'no other action is only tried' 2 '--dry-run is for gc, not for migrate' "$assay" db migrate --dry-run
check 'gc wants to be told' 2 'say what may go' "$assay" db gc
check 'gc can only count' 0 'would drop 0 runs and 9 sample sets, 0.0 MB of samples; results.db has' \
	"$assay" db gc --keep-samples 90d --dry-run
check 'gc drops' 0 'dropped 0 runs and 9 sample sets, .*; results.db had .* and has' "$assay" db gc --keep-samples 90d
check 'compare works on summaries alone' 0 'memory/slower/.*unsure +needs 3 launches' "$assay" compare 2 3
check 'one thing at a time' 2 "'3' is one too many" "$assay" db digest results.db 3
check 'unknown actions name the nearest' 2 "did you mean 'check'" "$assay" db chek
echo "1..$number"
