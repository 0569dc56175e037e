#!/bin/sh
# SPDX-License-Identifier: MIT
# ranks: `assay run --launcher` against the real program: worlds that are wrong, ranks that die, stop, lag and err, and
# runs that are right. Prints TAP.
# usage: ranks.sh ASSAY ODD.so
set -u
assay=$(realpath "$1") odd=$(realpath "$2")
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
cpus=$(nproc)

# run EXPECTED ARGS...: of the plug-in, short
run()
{
	expected=$1
	shift
	ends "$expected" "$assay" run --load "$odd" -p quick --samples 10 -t 5ms --launches 1 \
		--counters none --timeout 20s "$@"
}

# skip WHAT WHY
skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

no_rank_left()
{
	for _ in $(seq 50); do
		left=
		# shellcheck disable=SC2013 # paths of /proc have no spaces
		for p in $(grep -l -s -a -e '--ranks=' /proc/[0-9]*/cmdline); do
			[ "$(readlink "${p%/cmdline}/cwd" 2>/dev/null)" = "$dir" ] && left=$p
		done
		[ -z "$left" ] && return 0
		sleep 0.2
	done
	return 1
}

# begin NAME ARGS...: a run of the plug-in in the background, with a store of its own; finished EXPECTED NAME: waits for it
begin()
{
	name=$1
	shift
	"$assay" run --load "$odd" -p quick --samples 10 -t 5ms --launches 1 --counters none --db "$name.db" "$@" \
		>"$name.out" 2>"$name.err" </dev/null &
	echo $! >"$name.pid"
}
finished()
{
	wait "$(cat "$2.pid")"
	status=$?
	mv "$2.out" out
	mv "$2.err" err
	[ $status -eq "$1" ]
}

# under_way NAME: its ranks have been counted
under_way()
{
	for _ in $(seq 200); do
		grep -q 'ranks on' "$1.err" && return 0
		sleep 0.1
	done
	return 1
}

# stored PATTERN: among the results as JSON lines
stored()
{
	"$assay" export --format jsonl >kept 2>/dev/null
	grep -q -e "$1" kept
}

# measured CASE: in the newest run
measured()
{
	"$assay" export --format jsonl 2>/dev/null | grep "\"name\":\"$1/" | grep -q -e '"status":"ok"' -e '"status":"unstable"'
}

nothing_stored()
{
	for db in fewer copies dead absent deaf lost; do
		[ -e $db.db ] || continue
		[ "$("$assay" export --db $db.db --format jsonl 2>/dev/null | grep -c '"event":"result"')" -eq 0 ] || return 1
	done
}

# --- what makes no sense is said before anything starts
check 'an unknown launcher' run 2 --launcher locl -n 2 odd/alike
check '  names the nearest' says "did you mean 'local'"
check 'a launcher wants a number' run 2 --launcher local odd/alike
check '  and says so' says 'how many: -n N'
check 'ranks want a launcher' run 2 --ranks 2 odd/alike
check 'a binding wants a launcher' run 2 --bind none odd/alike
check 'bindings have names' run 2 --launcher local -n 2 --bind core odd/alike
check 'commands start ranks by themselves' ends 2 "$assay" run --launcher local -n 2 -- true
check 'no ranks at all' run 2 --launcher local -n 0 odd/alike

# --- templates of the user's own: how a world can be wrong
write_launchers()
{
	cat >assay.yaml <<-Y
		launchers:
		  fewer: "$assay ranks 1 -- {program} --ranks={ranks}"
		  copies: "env -u _ASSAY_RANK -u _ASSAY_SIZE ./copies {ranks} {program}"
		  dead: "false {ranks} {program}"
		  absent: "no-such-launcher {ranks} {program}"
		  deaf: "env -u _ASSAY_LINK $assay ranks {ranks} -- env -u _ASSAY_LINK {program}"
		  lost: "./idle {ranks} {program}"
	Y
	cat >copies <<-'S'
		#!/bin/sh
		shift
		"$@" &
		"$@" &
		wait
	S
	printf '#!/bin/sh\nexec sleep 30\n' >idle
	chmod +x copies idle
}
write_launchers
for wrong in fewer copies dead absent deaf; do
	begin $wrong --launcher $wrong -n 2 --timeout 20s odd/alike
done
begin lost --launcher lost -n 2 --timeout 1s odd/alike
check 'one rank too few' finished 6 fewer
check '  and what was seen' says '2 ranks were asked for, but rank 0 on .* is one of 1'
check 'independent copies are no world' finished 6 copies
check '  and what was seen' says 'does not know which rank it is'
check 'a launcher that fails' finished 6 dead
check '  and what was seen' says '0 came before the launcher ended with exit status 1'
check 'a launcher that is not there' finished 6 absent
check '  is named' says "start the launcher 'no-such-launcher'"
check 'a launcher that drops the variable' finished 6 deaf
check '  and what is missing' says '_ASSAY_LINK'
check 'a launcher that starts nothing' finished 6 lost
check '  ends in time' says '0 of 2 ranks came within 1 s'
check 'nothing of this was stored' nothing_stored
printf 'launchers:\n  bad: "mpirun {program}"\n' >assay.yaml
check 'a template without a number' run 2 --launcher bad -n 2 odd/alike
check '  is named with file and line' says 'assay.yaml:2'
rm -f assay.yaml

# --- more ranks than CPUs are not bound, and not called bound
check 'too many ranks for the CPUs' run 6 --launcher local -n $((cpus + 1)) odd/alike
check '  and what to do' says 'ranks with 1 threads each on one host'
check 'unbound they may be' run 0 --launcher local -n $((cpus + 1)) --bind none odd/alike
check '  and are called so' stored 'binding:oversubscribed\|binding:none'

# Without binding from here on where there are too few CPUs.
bind=cores
[ "$cpus" -ge 2 ] || bind=none
rm -f results.db*

# --- a right world
check 'two ranks' run 0 --launcher local -n 2 --bind $bind odd/alike
check '  say where they are' says "2 ranks on 1 host by launcher local, binding "
check '  are stored under their number' stored '"name":"odd/alike/ranks:2/binding:'
check '  with their imbalance' stored '"metric":"imbalance"'
check '  and the skew of their starts' stored '"metric":"start_skew"'
check '  and how well clocks are known' stored 'clock_bound_ns'
check '  -n is not the samples' stored '"n":\([5-9]\|10\),'
check '  a second run' run 0 --launcher local -n 2 --bind $bind --tag by=local odd/alike
check '  compares with the first' ends 0 "$assay" compare @last~1 @last --all
check '  in one table' shows '2 compared\|3 compared'
if [ "$bind" = cores ]; then
	check '  a run that is bound otherwise' run 0 --launcher local -n 2 --bind none odd/alike
	check '  does not' ends 5 "$assay" compare @last~1 @last
	check '  and is told why' shows "Refused: .* bound 'cores' and those of B 'none'"
	check '  nor may it pass a gate' ends 6 "$assay" gate --base @last~1 --cand @last
	check '  which says why' says "ranks were bound 'cores' and the candidate's 'none'"
else
	skip '  a run that is bound otherwise' 'one CPU'
fi
check 'one rank is a world' run 0 --launcher local -n 1 odd/alike

# --- a bad rank ends its case, is named, and leaves the others alone
check 'one rank lags' run 0 --launcher local -n 2 --bind $bind odd/lagging
check '  and is named' says 'rank 1 on .* lags: the slowest of 2 in \([0-9]*\) of \1 batches, which take 10 times'
check '  as the figure of all' stored '"median":100'
check 'ranks that die, err and skip' run 3 --launcher local -n 2 --bind $bind odd/dying odd/unborn odd/wrong \
	odd/picky odd/alike
check '  one in a batch is named' says 'odd/dying.*rank 1 (process [0-9]* on .*) went away'
check '  with what the launcher says' says 'odd/dying.*killed by signal 9'
check '  one in set-up, too' says 'odd/unborn.*rank 1 .* went away before its first batch'
check '  and one that is wrong' says 'odd/wrong.*rank 1 (.*): two by two is five'
check '  one that skips says why' stored 'not on this rank'
check '  the other case is measured' measured odd/alike
check '  none is left' no_rank_left
begin stopping --launcher local -n 2 --bind none --timeout 2s odd/stopping
begin asleep --launcher local -n 2 --bind none --timeout 2s odd/asleep
begin int --launcher local -n 2 --bind none --timeout 100s odd/asleep
check 'a rank that stops in a batch' finished 3 stopping
check '  is named' says 'odd/stopping.*rank 1 (process .*) fell silent .* until 2 s were over'
check 'one that stops in set-up' finished 3 asleep
check '  is named' says 'odd/asleep.*rank 1 (process .*) fell silent before its first batch'
check 'ranks are interrupted' under_way int
sleep 0.3
kill -INT "$(cat int.pid)"
check '  and end at once' finished 130 int
check '  none is left' no_rank_left

# --- collectives are one world of all ranks
wide='-P size=4Ki scaling/allreduce scaling/broadcast scaling/barrier scaling/pt2pt'
# shellcheck disable=SC2086
check 'collectives of two ranks' run 0 --launcher local -n 2 --bind none -s tcp,shm $wide
for op in allreduce/size:4Ki broadcast/size:4Ki barrier pt2pt/size:4Ki; do
	check "  $op over TCP" stored "scaling/$op/ranks:2/binding:[a-z]*/subject:tcp"
	check "  $op in shared memory" stored "scaling/$op/ranks:2/binding:[a-z]*/subject:shm"
done
check '  none is skipped' says 'run [0-9]*: [0-9]* ok\(, [0-9]* unstable\)* in'
begin killed --launcher local -n 2 --bind none --timeout 60s -s tcp --samples 100000 -t 50s \
	-P size=1Mi scaling/allreduce
under_way killed
victim=
for _ in $(seq 100); do
	# shellcheck disable=SC2013 # paths of /proc have no spaces
	for p in $(grep -l -s -a -e '--case=scaling/allreduce' /proc/[0-9]*/cmdline); do
		p=${p%/cmdline}
		[ "$(readlink "$p/cwd")" = "$dir" ] && grep -q -s -z -x '_ASSAY_RANK=1' "$p/environ" &&
			victim=${p#/proc/}
	done
	[ -n "$victim" ] && break
	sleep 0.1
done
sleep 0.5
kill -KILL "$victim"
check 'a rank of a collective is killed' finished 3 killed
check '  and named, whoever misses it first' says 'crashed: rank 1 (process .*) went away'

# --- Open MPI, where there is one
if command -v mpirun >/dev/null; then
	check 'two ranks by mpirun, of which one dies' run 3 --launcher mpi -n 2 --bind $bind odd/alike odd/dying \
		'scaling/barrier/subject:openmpi*'
	check '  say so' says '2 ranks on 1 host by launcher mpi'
	check '  it is named' says 'odd/dying.*rank 1 (process'
	check '  the others compare with those of another launcher' ends 0 "$assay" compare tag:by=local @last --all
	check '  none is left' no_rank_left
	if [ -x "$(dirname "$assay")/assay-mpi" ]; then
		check '  a collective by Open MPI' stored 'scaling/barrier/ranks:2/.*subject:openmpi'
	else
		skip '  a collective by Open MPI' 'built without it'
	fi
else
	skip 'two ranks by mpirun' 'no mpirun; install openmpi-bin'
fi

echo "1..$count"
