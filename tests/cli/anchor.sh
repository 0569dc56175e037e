#!/bin/sh
# anchor: benchmarks with stated times beside a frozen plug-in and a frozen build. Prints TAP.
# usage: anchor.sh ASSAY PLUG-IN SLOWER-PLUG-IN FROZEN-PLUG-IN [GOOGLE-BENCHMARK-EXECUTABLE]
set -u
assay=$(realpath "$1") plugin=$(realpath "$2") slower=$(realpath "$3") frozen=$(realpath "$4") || exit 1
foreign=${5:+$(realpath "$5")}
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# run EXPECTED ARGS...: true when the exit status is the expected one
run()
{
	expected=$1
	shift
	ends "$expected" "$assay" run -n 3 -t 3ms --counters none "$@"
}

# ratio CASE: the ratio stored by the last run, to three digits, or its reason
ratio()
{
	"$assay" export @last --format jsonl 2>/dev/null |
		sed -n "s|.*\"benchmark\":\"$1\".*\"metric\":\"time_vs_anchor_[0-9a-f]*\".*\"reason\":\"\([^\"]*\)\".*\"n\":\([0-9]*\),\"median\":\([0-9.]\{1,5\}\).*|\3 \2 \1|p"
}

has()
{
	got=$(ratio "$1")
	[ "$got" = "$2" ] && return 0
	echo "$1 has '$got'" >>err
	return 1
}

reason()
{
	"$assay" export @last --format jsonl 2>/dev/null | grep "\"benchmark\":\"$1\"" |
		grep vs_anchor | grep -q -e "$2"
}

absent()
{
	! "$assay" export @last --format jsonl | grep "\"benchmark\":\"$1\"" | grep -q vs_anchor
}

check 'a run with an anchor' run 0 stated --load "$plugin" --anchor "$frozen" --launches 3
check 'says how many series have a ratio' says '^2 series with a ratio to the anchor '
check 'a ratio of 1 from as many pairs as launches' has steady '1.0 3 '
check 'and why others have none' says '^stated/changed/threads:1: no ratio, the anchor measures version 0'
check 'what the anchor lacks has none' absent young
check 'another version is not compared' reason changed 'version 0 of this benchmark, this is version 2'
check 'a crash of the anchor is its own' reason fragile 'the anchor crashed: killed by signal 6'
STATED_HOST=1.5
export STATED_HOST
check 'a slower machine' run 0 stated/steady --load "$plugin" --anchor "$frozen" --launches 3
check 'is in both sides' has steady '1.0 3 '
unset STATED_HOST
check 'slower code' run 0 stated/steady --load "$slower" --anchor "$frozen" --launches 2
check 'is in one' has steady '1.100 2 '
STATED_LOG=$dir/log
export STATED_LOG
check 'launches' run 0 stated/steady --load "$plugin" --anchor "$frozen" --launches 24 --seed 1
unset STATED_LOG
check 'are in pairs, each in one of both orders' grep -Eq '^(fn|nf){24}$' log
check 'as a coin says' [ "$(fold -w 2 log | sort | uniq -c | awk '$1 > 6' | wc -l)" -eq 2 ]
cp "$frozen" other.so && printf 'x' >>other.so
check 'the same in another file' run 0 stated/steady --load "$slower" --anchor ./other.so
check 'is another metric' [ "$(for run in 3 5; do
	"$assay" export --format jsonl $run | grep -o 'time_vs_anchor_[0-9a-f]*'
done | sort -u | wc -l)" -eq 2 ]

ln -s "$assay" frozen-assay
check 'a build as anchor' run 0 selftest/empty --anchor ./frozen-assay --launches 2
check 'gives a ratio' says '^1 series with a ratio'
check 'a build without the plug-in has no case of it' run 0 stated/steady --load "$plugin" --anchor ./frozen-assay
check 'and no ratio' says '^0 series with a ratio'

mkdir project && printf 'anchor: frozen.so\n' >project/assay.yaml && cp "$frozen" project/frozen.so
mkdir project/below && cd project/below || exit 1
check 'the anchor of a project, from a folder below' run 0 stated/steady --load "$plugin"
check 'is found' says 'project/frozen.so'
check 'and is nothing to a command' run 0 -n 1 --launches 1 -- true
cd ../.. || exit 1

check 'a command has no anchor' run 2 --anchor "$frozen" -- true
check 'and is told what to do' says "after ':::'"
check 'no such file' run 2 stated --load "$plugin" --anchor none.so
check 'is named' says "anchor 'none.so': No such file"
check 'a program that is no build' run 2 stated --load "$plugin" --anchor /bin/true
check 'is refused' says 'neither a plug-in (FILE.so) nor a build of assay'
cp /etc/passwd text.so
check 'a text is no plug-in' run 2 stated --load "$plugin" --anchor text.so
check 'says so' says 'anchor: plug-in .*text.so'
if [ -n "$foreign" ]; then
	cp "$foreign" frozen-foreign
	check 'an executable beside an older one' run 0 --gbench "$foreign" 'BM_Count/8' --anchor ./frozen-foreign
	check 'has ratios, in the series of its own name' reason '[^"]*' '"name":"gbench/foreign/case:BM_Count.8/threads:1"'
	check 'a plug-in is no such executable' run 2 --gbench "$foreign" 'BM_Count/8' --anchor "$frozen"
	check 'which is said' says '^assay: run: anchor: '
fi
check 'a dry run shows the plan' run 0 stated --load "$plugin" --anchor "$frozen" --dry-run
last_metric()
{
	[ "$(sed -n 's/.*"event":"result".*"metric":"\([a-z]*\)".*/\1/p' out | tail -n 1)" = "$1" ]
}
check 'a run as events' run 0 stated/steady --load "$plugin" --launches 1 --json
check 'the primary metric comes last: who has it has the whole case' last_metric time
echo "1..$count"
