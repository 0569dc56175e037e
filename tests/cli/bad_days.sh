#!/bin/sh
# bad_days: what a run survives and what it refuses, against the real program. Prints TAP.
# usage: bad_days.sh ASSAY ODD_START
# shellcheck disable=SC2086  # $quick is several words
set -u
assay=$(realpath "$1") || exit 1
odd_start=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# run EXPECTED ARGS...: true when the exit status is the expected one
run()
{
	expected=$1
	shift
	ends "$expected" "$assay" "$@"
}

# one_sentence: the error is one line and carries no control bytes
one_sentence()
{
	[ "$(grep -c '^assay' err)" -eq 1 ] && ! LC_ALL=C grep -q "$(printf '[\001-\010\033]')" err
}

# processes left over that run in our folder: workers, or those whose command line has the word given
survivors()
{
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$dir" ] || continue
		pid=${p#/proc/}
		[ "$pid" = $$ ] && continue
		grep -q -a -e "${1:-worker}" "$p/cmdline" 2>/dev/null && echo "$pid"
	done
}

no_survivors()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -z "$(survivors "$@")" ] && return 0
		sleep 0.2
	done
	return 1
}

# several words on purpose
quick="--counters none -n 10 -t 20ms"

# --- refused, exit 2, with the nearest known name
check "unknown benchmark" run 2 run selftest/emtpy
check "  names the nearest" says 'selftest/empty'
check "unknown axis" run 2 run selftest/walk -P sise=8
check "  names the nearest" says "did you mean 'size'"
check "unknown subject" run 2 run -s gilbc
check "  names the nearest" says "did you mean 'glibc'"
check "unknown option" run 2 run --sampels=3
check "  names the nearest" says 'samples'
check "unknown counter" run 2 run selftest/empty --counters default,instrutcions
check "  names the nearest" says "did you mean 'instructions'"
check "unknown key" run 2 run -P 'x y=3'
printf 'sampels: 3\n' >assay.yaml
check "unknown configuration key" run 2 run selftest/empty
check "  names file, line and the nearest" says 'assay.yaml:1.*samples'
rm -f assay.yaml
check "malformed values" run 2 run selftest/walk -P size=4..1
check "no store to resume from" run 7 run --resume 77 --db fresh.db
check "  nor to look through for changes" run 7 history --propose --db fresh.db
check "  and no file for a new one" run 2 import nothing.json --db fresh.db
check "  of which none makes one" test ! -e fresh.db
check "plug-in that is none" run 2 run --load "$assay.absent"
check "nothing of this was stored" test ! -e results.db

# --- the store cannot be used: exit 7, file untouched
head -c 5000 /dev/urandom >garbage.db
cp garbage.db before
check "a file that is no database" run 7 run selftest/empty $quick --db garbage.db
check "  in one sentence" one_sentence
check "  is left as it was" cmp -s garbage.db before
check "a folder that does not exist" run 7 run selftest/empty $quick --db absent/x.db
check "  in one sentence" one_sentence
check "a folder that cannot be written" run 7 run selftest/empty $quick --db /proc/x.db
check "  in one sentence" one_sentence
check "a directory as the store" run 7 run selftest/empty $quick --db /
(
	ulimit -f 4
	"$assay" run selftest/empty $quick --db full.db >out 2>err
	echo $? >status
)
check "no room for the store" test "$(cat status)" -eq 7
check "  in one sentence" one_sentence

# --- a good run to begin with
check "a run that works" run 0 run selftest/empty selftest/walk $quick
cp results.db damaged.db
printf 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX' | dd of=damaged.db bs=1 seek=4096 conv=notrunc 2>/dev/null
cp damaged.db before
check "a damaged store is found out" run 7 db check damaged.db
check "  and left as it was" cmp -s damaged.db before

# --- interrupted: what is finished is kept, resume measures the rest
"$assay" run selftest/empty selftest/walk selftest/spin selftest/sleep --counters none -n 30 \
	-t 300ms --db int.db >out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null && ! grep -q '^\[' err; do sleep 0.05; done
kill -INT $pid
wait $pid
check "interrupted runs exit 130" test $? -eq 130
check "  say how to go on" says "'assay run --db int.db --resume 1'"
check "  leave no process" no_survivors
done_before=$(grep -c '^\[' err)
"$assay" export --format jsonl --db int.db >kept 2>err
check "  keep what was finished" test "$(grep -c '"primary":true' kept)" -eq "$done_before"
check "what is measured is not asked for anew" run 2 run --resume @last --db int.db -n 7
check "  but said to have been" says 'goes on as the run was begun: leave out --samples'
check "  nor which cases" run 2 run --resume @last --db int.db selftest/touch
if "$assay" --version | grep -q 'hwloc *yes'; then
	export HWLOC_SYNTHETIC="pack:1 core:128 pu:1"
	check "a plan for many CPUs" run 0 run --dry-run selftest/spin -P threads=128
	check "  shows all of them" shows ' 0-127$'
	export HWLOC_SYNTHETIC="pack:1 core:3 pu:1"
	check "another machine does not measure the rest" run 6 run --resume @last --db int.db
	unset HWLOC_SYNTHETIC
	check "  and says whose it is" says 'another machine'
fi
check "resume measures the rest" run 0 run --resume @last --db int.db
"$assay" export --format jsonl --db int.db >kept 2>err
check "  and then all is there" test "$(grep -c '"primary":true' kept)" -eq 6
check "a complete run is not resumed" run 2 run --resume @last --db int.db

# --- kill -9 of the controller at several moments: nothing acknowledged is lost
for delay in 0.25 0.4 0.6 0.9; do
	rm -f kill.db*
	"$assay" run selftest/empty selftest/walk selftest/spin --counters none -n 10 -t 60ms \
		--launches 2 --db kill.db >out 2>err &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	acknowledged=$(grep -c '^\[' err)
	check "killed after $delay s: no process is left" no_survivors
	[ -e kill.db ] || continue
	check "  the store is sound" run 0 db check kill.db
	"$assay" export --format jsonl --db kill.db >kept 2>/dev/null
	stored=$(grep -c '"primary":true' kept)
	check "  $acknowledged acknowledged, $stored stored" test "$stored" -ge "$acknowledged"
	check "  the next run works" run 0 run selftest/empty $quick --db kill.db
done

# --- nor is what the workers started left behind, in whatever session
printf '#!/bin/sh\nsetsid sleep 7531 &\nexec sleep 7532\n' >tree.sh
chmod +x tree.sh
"$assay" run --db tree.db -- ./tree.sh >out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(survivors 'sleep.753' | wc -l)" -lt 2 ]; do sleep 0.05; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
check "killed over a command: nothing of the command is left" no_survivors 'sleep.753'

# --- kill -9 of every worker of one case: it is crashed, the others go on
# It would take seconds: on a busy machine it is found late.
"$assay" run selftest/sleep selftest/walk --counters none -n 1000 -t 2s -P size=8Ki --db victim.db \
	>out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null; do
	# shellcheck disable=SC2013 # names without blanks
	for victim in $(grep -l -s -a 'case=selftest/sleep' /proc/[0-9]*/cmdline); do
		victim=${victim%/cmdline}
		[ "$(readlink "$victim/cwd" 2>/dev/null)" = "$dir" ] &&
			kill -KILL "${victim#/proc/}" 2>/dev/null
	done
	sleep 0.02
done
wait $pid
check "a killed worker fails the run" test $? -eq 3
"$assay" export --format jsonl --db victim.db >kept 2>err
check "  its case is crashed" grep -q '"status":"crashed"' kept
check "  the others are measured" test "$(grep -c -e '"status":"ok"' -e '"status":"unstable"' kept)" -ge 1

# --- a kernel without the calls of the last years, or a filter that refuses them: what reads our output must see its end
{
	"$odd_start" old-kernel "$assay" run selftest/empty $quick --launches 1 --db old.db
	echo $? >status
} 2>&1 | timeout 60 cat >out
check "on an old kernel the output of a run ends" test $? -eq 0
check "  and the run is well" test "$(cat status)" -eq 0
check "  commands as well" ends 0 "$odd_start" old-kernel "$assay" run -n 2 --launches 1 --db old.db -- true
check "  and load that keeps a schedule" ends 0 "$odd_start" old-kernel "$assay" run concurrency/server \
	-P rate=1000 -s web_epoll -P route=static -P arrivals=fixed -n 2 -t 20ms --launches 1 --db old.db

# --- a file system without hard links, as memory sticks have
check "without hard links a store is made" ends 0 "$odd_start" no-links "$assay" run selftest/empty $quick --db stick.db
check "  and copied" ends 0 "$odd_start" no-links "$assay" db backup stick.copy.db --db stick.db
check "  whole" run 0 db check stick.copy.db
check "  but never over another file" ends 7 "$odd_start" no-links "$assay" db backup stick.copy.db --db stick.db

# --- children that nobody was to wait for, says whoever started us
check "where ended children are ignored a run sees its workers end" \
	ends 0 "$odd_start" unwaited "$assay" run selftest/empty $quick --launches 1 --timeout 10s --db odd.db
check "  and a command fails as it does" \
	ends 3 "$odd_start" unwaited "$assay" run --launches 1 --timeout 10s --db odd.db -- false
check "  which is said" grep -q 'exit status 1' out err

# --- nobody reads
"$assay" list -v 2>err | head -n 1 >out
check "a closed pipe is no error worth words" test ! -s err

echo "1..$count"
