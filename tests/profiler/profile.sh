#!/bin/sh
# SPDX-License-Identifier: MIT
# profile: the verb against the real program, as root and as nobody, with and without perf_event: good
# targets, and those that fork, exec, crash, are stripped or gone. Prints TAP.
# usage: profile.sh ASSAY TARGET WITHOUT-PERF REGIONS INLINED
# shellcheck disable=SC2016,SC2086  # single quotes hold scripts for others; words of a command
set -u
assay=$(realpath "$1") && target=$(realpath "$2") || exit 1
without_perf=$(realpath "$3") || exit 1
regions=$(realpath "$4") && inlined=$(realpath "$5") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
cp "$target" target && cp "$target" stripped && chmod 755 . || exit 1
strip stripped 2>/dev/null

# profile EXPECTED ARGS...: true when the exit status is the expected one
profile()
{
	expected=$1
	shift
	ends "$expected" $prefix "$assay" profile --rate 499 "$@"
}

# Names and callers depend on libdw; the hottest function does not.
prefix=
check 'a command is profiled' profile 0 --folded f --svg s --speedscope j --pprof p -- ./target
check 'its hottest function is named' shows 'burn'
check 'its own output is there as well' shows 'target was here'
check 'every file is written' test -s f -a -s s -a -s j -a -s p
check 'a program that crashes' profile 3 -- ./target crash
check '... is said to' says 'killed by signal'
check '... and what was sampled of it is shown' shows 'burn'
check 'a program that is killed' profile 3 -- ./target kill
check '... is said to' says 'killed by signal 9'
check '... and what was sampled of it is shown' shows 'burn'
check 'a program that fails' profile 3 -- ./target fail
check '... is said to' says 'exit status 7'
check 'a stripped program' profile 0 -- ./stripped
check '... has places instead of names' shows 'stripped+0x'
check 'a program that is gone afterwards' profile 0 -- ./target remove ./stripped
check '... is named and its parts are not' shows 'could not be read'
if "$assay" --version | grep -q 'libdw  *yes'; then
	check 'a program with debug information' profile 0 --folded h -- "$inlined"
	check '... has what was inlined as functions of their own' shows ' turn '
	check '... below those they were inlined into' grep -q ';burn;turn ' h
fi
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir small
	check 'a temporary folder that fills up' ends 0 unshare -m sh -c '
		mount -t tmpfs -o size=4k small small && TMPDIR=$PWD/small exec "$@"' sh \
		"$assay" profile --rate 999 --engine perf -- ./target
	check '... and what there was no space for is said' shows 'found no space in the temporary folder'
fi
check 'a program that starts another' profile 0 -- sh -c './target; ./target'
check '... is sampled there too' shows 'burn'
check 'threads that come and go' profile 0 -- ./target threads
check '... are sampled' shows 'burn'
check 'threads that are gone before their first sample' profile 0 -- ./target brief
check '... are said to be missing' shows 'threads and processes that take less than 2.0 ms'
check 'a program that lives on signals' profile 0 -- ./target alarms
check '... is sampled' shows 'burn'
check 'a program that does nothing' profile 0 -- true
check 'JSON is one event' profile 0 --json -- ./target
check '... with functions in it' shows '"event":"profile".*"function":"burn"'
check 'a stored profile is shown again' profile 0 --show @last --folded g
check '... and drawn' grep -q burn g
check '... and exported' sh -c '"$1" export --format folded >x && cmp -s g x' sh "$assay"
check 'what is of benchmarks alone' profile 2 --cpus 0 -- true
check '... is not passed over' says '^assay: profile: --cpus is for benchmarks, not for a command$'
check '... nor beside --show' profile 2 --show @last -t 5s
check 'nor is what is of allocations' profile 2 --bytes 4Ki -- true
check 'two are compared' profile 0 --show @last --against @last~1 --svg d
check '... in a differential graph' grep -q 'points' d
check 'regions are shown' profile 0 -- "$regions"
check '... with how often they were entered' shows '^sort  *10 '
check '... and as events' profile 0 --json -- "$regions"
check '... one each' shows '"event":"region","name":"fill","count":10'
check 'allocations are counted' profile 0 --allocations --bytes 4Ki -- "$regions"
check '... with their sums' shows 'process [0-9]*: [0-9]* allocations of '
check 'allocations of a program that is killed' profile 3 --allocations -- ./target kill
check '... have no sums, and that is said' shows 'no sums: .* killed'
check 'time and allocations together are refused' profile 2 --allocations --engine perf -- true
check 'a benchmark is profiled' profile 0 -t 100ms memory/alloc_pair -s pool -P size=64
check '... and its setup is left out' shows 'outside the timed loops'
check 'nothing to profile is refused' profile 2
check 'no such program is refused' profile 2 -- ./nothing-here
check 'no such run is refused' profile 2 --show 4711
check 'a run that is no profile is refused' profile 2 --show @last~99
check 'a wrong engine is refused' profile 2 --engine abacus -- true
check 'a wrong budget is refused' profile 2 --overhead 99 -- true
check 'a pattern and a command together are refused' profile 2 memory -- true

# Signals that come to us: most are none of our business; one that ends us ends the target, too.
while_signalled()
{
	signal=$1 wanted=$2 again=$3
	shift 3
	"$assay" profile --rate 499 "$@" >out 2>err &
	pid=$!
	sent=0
	until [ "$sent" -ge "$again" ] || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.02
		# Not before it listens: it says what it samples by when it does.
		grep -q 'sampling by' err && kill "-$signal" "$pid" 2>/dev/null && sent=$((sent + 1))
	done
	wait "$pid"
	rc=$?
	[ "$rc" = "$wanted" ] && [ "$sent" -gt 0 ] && return
	echo "# exit $rc, wanted $wanted, after $sent signals"
	return 1
}
check 'a program that becomes others lives on under a timer' profile 0 --engine timer --rate 997 -- ./target chain 80
check '... and all of them are sampled' shows 'burn'
check 'signals while it waits' while_signalled WINCH 0 1000000 -- ./target threads
check '... change nothing' shows 'burn'
check 'SIGTERM ends the target' while_signalled TERM 143 1 -- ./target long
check '... and what was sampled is shown' shows 'task-clock\|cycles\|timer'

# The same without perf_event, as in a container that forbids it; and as nobody.
prefix=$without_perf
if $prefix true; then
	check 'without perf_event a timer samples' profile 0 -- ./target
	check '... and finds the same' shows 'burn'
	check '... and says why and with what limits' shows 'perf_event is not used: .*not permitted'
	check 'perf_event alone is refused with the reason' profile 6 --engine perf -- ./target
	check '... which says what to do' says 'CAP_PERFMON'
fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	prefix='setpriv --bounding-set=-all --inh-caps=-all'
	$prefix true 2>/dev/null && check 'root without capabilities' profile 0 -- ./target &&
		check '... finds the same' shows 'burn'
	chmod 777 "$dir"
	rm -f results.db*
	prefix='setpriv --reuid=65534 --regid=65534 --clear-groups'
	$prefix test -x "$assay" && check 'nobody may profile' profile 0 -- ./target &&
		check '... and finds the same' shows 'burn'
	prefix="$prefix $without_perf"
	$prefix test -x "$assay" && check 'nobody without perf_event' profile 0 -- ./target &&
		check '... and finds the same' shows 'burn'
fi
echo "1..$count"
