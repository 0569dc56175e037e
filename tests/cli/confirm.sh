#!/bin/sh
# confirm: from runs to a proposal, from the proposal to a gate that settles it. Prints TAP.
# usage: confirm.sh ASSAY PLUG-IN SLOWER-PLUG-IN FROZEN-PLUG-IN
set -u
assay=$(realpath "$1") plugin=$(realpath "$2") slower=$(realpath "$3") frozen=$(realpath "$4") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# assay EXPECTED VERB ARGS...: true when the exit status is the expected one
verb()
{
	expected=$1
	shift
	ends "$expected" "$assay" "$@"
}

says()
{
	cat out err | grep -q -e "$1"
}

silent()
{
	! says "$1"
}

measure()
{
	verb 0 run stated/steady --load "$1" --anchor "$frozen" -n 1 -t 1ms --launches 1 --counters none
}

# The machine is half as slow again from the tenth run on; the code a tenth slower from the thirteenth.
for run in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	[ "$run" -lt 10 ] || export STATED_HOST=1.5
	[ "$run" -lt 13 ] && which=$plugin || which=$slower
	measure "$which" || break
done
check 'runs are measured' [ "$run" -eq 17 ]
check 'nothing is proposed from five slow runs' silent ' rose by '
measure "$slower"
check 'six runs are enough to see it' says '^stated/steady/threads:1: time rose by 10.0 % .* against the anchor'
check 'once it is stored with its number' says "proposed, until 'assay gate --confirms 1 --base OLD --cand NEW' with builds of the code of run 12 and the code of run 13 says so too"
measure "$slower"
check 'it is said once' silent ' rose by '
check 'a gate of the sides confirms it' verb 1 gate --confirms 1 --base "$plugin" --cand "$slower"
check 'of the case it is about' says 'stated/steady/threads:1'
check 'alone' silent 'stated/fragile'
check 'and says so' says 'change 1 is confirmed'
check 'history shows it' verb 0 history stated/steady
check 'as confirmed, by what was measured' says 'time rose by 10.0 % .*; confirmed (max rank-sum scan; gate: REGRESSED, 1.100 \[1.100, 1.100\] from [0-9]* pairs)'
check 'in the table too' says '^-- from here +10.0 % .*, confirmed'
check 'and has no run of the gate' silent '^ *20 '
check 'a later gate may say otherwise' verb 0 gate --confirms 1 --base "$plugin" --cand "$plugin" stated/steady
check 'which is kept' says 'change 1 is dismissed'
check 'a gate that fails settles nothing' verb 5 gate --confirms 1 --base "$plugin" --cand "$frozen" stated
check 'of something else neither' verb 2 gate --confirms 1 --base "$plugin" --cand "$slower" stated/young
check 'and says what it did not do' says 'the gate did not compare time_vs_anchor_[0-9a-f]* of stated/steady'
check 'history shows the last word' verb 0 history stated/steady
check 'that settled it' says '^-- from here +10.0 % .*, dismissed'
check 'no such change' verb 2 gate --confirms 9 --base "$plugin" --cand "$slower"
check 'is named' says 'there is no change point 9'
check 'a change is a number' verb 2 gate --confirms step --base "$plugin" --cand "$slower"
check 'a stored run is no pair' verb 2 gate --confirms 1 --base 1 --cand 13
check 'and is told so' says 'only a gate of two sides that run in pairs settles a change'
echo "1..$count"
