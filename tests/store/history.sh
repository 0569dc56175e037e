#!/bin/sh
# `assay history` on series whose changes are known: history.sh ASSAY FILL_HISTORY. TAP.
assay=$(realpath "$1")
fill=$(realpath "$2")
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
unset ASSAY_DB
"$fill" results.db || exit 1
cp results.db before.db
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
# also NAME PATTERN, absent NAME PATTERN: the last command printed it too, or did not.
also() {
	number=$((number + 1))
	if cat out err | grep -Eq -e "$2"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' out err
	fi
}
absent() {
	number=$((number + 1))
	if cat out err | grep -Eq -e "$2"; then
		echo "not ok $number - $1"
		sed 's/^/# /' out err
	else
		echo "ok $number - $1"
	fi
}

history() {
	series=$1
	shift
	"$assay" history --limit 0 "history/$series" "$@"
}
# state SERIES: the states of its change points in the store
state() {
	"$assay" history "history/$1" --limit 0 --json |
		sed -n 's/.*"state": "\(.*\)",/\1/p; s/.*"stored": \([a-z]*\).*/\1/p' | tr '\n' ' '
}

check 'a step of 5 % is seen' 0 '^-- from here \+[45]\.[0-9] %' history step
also 'in one sentence, with the commits' \
	'^time rose by [45]\.[0-9] % \[[45]\.[0-9], [5]\.[0-9]\], after c00000001[b-d] and not later than c00000001[ef], at run '
also 'that says how to go on' "; 'assay history --propose' keeps it and says how to confirm it"
also 'and that it was followed as measured' '^followed as measured: a machine that became slower'
check 'a flat series is flat' 0 '^No change of level is seen in these 60 runs' history flat
check 'a machine that drifts is not in the ratio' 0 '^No change of level is seen' history drift
also 'which is said' '^followed as the ratio to the anchor 0123456789'
also 'and shown' 'vs anchor'
check 'code that changes is, whatever the machine does' 0 \
	'^time fell by (9|10)\.[0-9] % .* against the anchor 0123456789, after c0000000(1c|1d) ' history drift_and_step
check 'two anchors are not one series' 0 '^No change of level is seen' history anchors
also 'and each run shows which' ' 1\.[0-9]* +± 0\.2 % +(abcdefabcd|0123456789) '
check 'few runs' 0 '^No change of level is seen in these 8 runs; 1 before them' \
	"$assay" history history/step --limit 8
check 'gaps are shown' 0 ' failed$' history gaps
also 'and are no values' '^time rose by (9|10|11)\.[0-9] % '
check 'two machines are two histories' 0 '^No change of level is seen in these 60 runs' history moved
also 'of different levels' ' 6[5-9]\.[0-9]* ns/op'
check 'the measured values of a drifting machine by name' 0 ' ns/op ' history drift --metric time
check 'a ratio by name is followed as such' 0 '^followed as the ratio to the anchor 0123456789' \
	history drift --metric time_vs_anchor_0123456789

check 'json has points with their ratios' 0 '"vs_anchor": \{' history drift_and_step --json
also 'and the change' '"state": "proposed"'
also 'not stored yet' '"stored": false'
also 'with its sentence' '"sentence": "time fell by'
also 'and where it may have been' '"before": \{'
check 'reading changes nothing' 0 same sh -c 'cmp results.db before.db && echo same'
check 'proposals are kept on request' 0 '^3 new proposals in ' "$assay" history --propose
check 'once' 0 '^0 new proposals in ' "$assay" history --propose
check 'and then are stored' 0 '^proposed true $' state step
check 'and the sentence says what would confirm them' 0 \
	"proposed, until 'assay gate --confirms [0-9]+ --base OLD --cand NEW' with builds of c00000001[b-d] and c00000001[ef] says" \
	history step
check 'the overview counts them' 0 'history/step/threads:1 +time +60 .* 1 proposed' "$assay" history
absent 'and has ratios with what they are of' 'vs_anchor'
"$fill" one.db 60 d00dd00dd00d && "$fill" changing.db 60 d00dd00dd00d+ || exit 1
check 'a change within one commit is not the code' 0 \
	'^time rose by .*, within one commit, d00dd00dd0, at run .*; so it was not the code' history step --db one.db
check 'but with changes on top of it who knows' 0 \
	'^time rose by .*, after d00dd00dd0\+ and not later than d00dd00dd0\+, at run ' history step --db changing.db
also 'which are shown' ' d00dd00dd0\+ '
check 'a run that stands out is named' 0 'spikes/threads:1 .* the run  *1[01][0-9]\.[0-9]+ ns .* \+[0-9.]+ %' \
	history spikes --anomalies
also 'so are samples that do, where they are' '29-32/60 launch 2/3 !.* \+[23][0-9]\.[0-9] %'
also 'and how much was looked at' '^2 stand out in 1 series and in the samples of 60 results'
check 'neither a step nor a flat series has any' 0 '^0 stand out in 1 series' history step --anomalies
check 'they are in the document' 0 '"what": ?"samples"' history spikes --anomalies --json
also 'with where they are' '"launch": ?1'
"$fill" few.db 9
check 'of few runs nothing is said' 0 '^1 series have fewer than 12 runs' \
	history flat --anomalies --db few.db
check 'a series that is not there' 2 "did you mean 'history/step'" "$assay" history history/stp
check 'no such metric' 2 "no series there has a metric 'none'" "$assay" history history/step --metric none
echo "1..$number"
