#!/bin/sh
# SPDX-License-Identifier: MIT
# verbs: topo and doctor as their users see them. usage: verbs.sh ASSAY FIXTURES
# shellcheck disable=SC2016,SC2317 # single quotes hold scripts; check() calls the functions
set -eu
assay=$(readlink -f "$1") # not where we go next
fixtures=$(readlink -f "$2")/topology
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
n=0
bad=0

# report NAME STATUS: one line of TAP; on failure what was printed follows.
report()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' out err
		bad=1
	fi
}

# gives EXIT ARG...: run assay; does it leave with that code? Output lands in out and err.
gives()
{
	want=$1
	shift
	got=0
	"$assay" "$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ]
}

check()
{
	name=$1
	shift
	if "$@"; then report "$name" 0; else report "$name" 1; fi
}

says()
{
	grep -qF -- "$1" "$2"
}

# Commands to copy are not broken into lines.
fits()
{
	awk 'length($0) > 80 && !/^     \$ / { exit 1 }' out
}

# The tree and the figures, whatever the version of hwloc.
like()
{
	sed 's/hwloc [0-9.]*/hwloc/' out | cmp - "$1"
}

check 'topo shows this machine' gives 0 topo
check 'it names the fingerprint' says 'fingerprint ' out
check 'it measures the core clock' says 'GHz' out
check 'an argument is refused' gives 2 topo here
check 'the message names it' says "'here' is one too many" err
check 'topo --json is one document' gives 0 topo --json
check 'with the schema' says '"schema": "assay/1"' out
check 'topo to a full disk fails' sh -c '! "$1" topo >/dev/full 2>err' sh "$assay"

if gives 6 topo --from synthetic:pu:1; then
	check 'without hwloc the reason is given' says 'need hwloc' err
else
	check 'topo of the hybrid fixture' gives 0 topo --from "$fixtures/hybrid.xml"
	check 'is what it should be' like "$fixtures/hybrid.txt"
	check 'and fits a terminal' fits
	check 'topo of 256 cores' gives 0 topo --from 'synthetic:pack:2 numa:4 l3:4 core:8 pu:2'
	check 'fits a terminal too' fits
	check 'and a few lines' awk 'END { exit NR > 15 }' out
	check 'no such file is a usage error' gives 2 topo --from absent.xml
	check 'no such synthetic is one too' gives 2 topo --from synthetic:nonsense
	check 'topo --xml' gives 0 topo --xml
	check 'does not name the host' sh -c '! grep -q HostName out'
	check 'topo --svg of the hybrid fixture' gives 0 topo --svg --from "$fixtures/hybrid.xml"
	check 'shows both kinds of core' sh -c 'grep -q "kind 0" out && grep -q "kind 1" out'
	check 'of 256 cores' gives 0 topo --svg --from 'synthetic:pack:2 numa:4 l3:4 core:8 pu:2'
	check 'says how many lie under a cache' says ': 8, with 16 hardware threads' out
	check 'and of more than a drawing holds' gives 6 topo --svg --from 'synthetic:core:1100 pu:1'
	check 'says so' says 'more processing units' err
fi

check 'doctor runs' gives 0 doctor --probe 20ms
for part in Build Machine Clock Counters Noise Store; do
	check "doctor has $part" says "$part" out
done
check 'doctor fits a terminal' fits
check 'doctor makes no store' sh -c '! test -e results.db'
check 'doctor --json is one document' gives 0 doctor --json --probe 20ms
check 'with the schema' says '"schema": "assay/1"' out
check 'and a grade' says '"grade": "' out
check 'doctor --db in no folder' gives 0 --db absent/results.db doctor --probe 20ms
check 'says that nothing can be stored' says 'results cannot be stored here' out
check 'a duration without a unit is refused' gives 2 doctor --probe 20
echo "1..$n"
exit "$bad"
