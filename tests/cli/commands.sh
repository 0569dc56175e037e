#!/bin/sh
# commands: programs as benchmarks, against the real program: good ones, and those that fail, hang,
# flood, crash or are not there. Prints TAP.
# usage: commands.sh ASSAY [GOOGLE-BENCHMARK-EXECUTABLE]
# shellcheck disable=SC2016,SC2086  # single quotes hold scripts for others; $few is several words
set -u
assay=$(realpath "$1") || exit 1
foreign=${2:+$(realpath "$2")}
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# run EXPECTED ARGS...: true when the exit status is the expected one
run()
{
	expected=$1
	shift
	rm -f results.db*
	ends "$expected" "$assay" run "$@"
}

# results PATTERN: how many of the stored results match
results()
{
	"$assay" export --format jsonl 2>/dev/null | grep -c -e "$1"
}

# processes of commands left over in our folder
survivors()
{
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$dir" ] || continue
		grep -q -a '^sleep' "$p/cmdline" 2>/dev/null && echo "${p#/proc/}"
	done
}

few="-n 2 --launches 2"

# --- what works
printf 'params:\n  size: 64\nsubjects: pool\nset: memory_optimized\n' >assay.yaml
check "a command in a project that sets axes and subjects" run 0 $few -- true
check "  which are for its benchmarks" test "$(results '"params":{"cmd":"[^"]*"}.*"primary":true')" -eq 1
check "  a parameter may take a value from there" run 0 $few --output got-from-there -- echo '{size}'
check "  as from -P" test "$(cat got-from-there)" = 64
rm assay.yaml got-from-there
check "subjects" run 2 -s pool -- true
check "  are said to be of benchmarks" says '^assay: run: --subjects is for benchmarks'
check "what is for jobs" run 2 --array 3 -- true
check "  is for SLURM" says '^assay: run: --array is for jobs: --launcher slurm'
check "a command" run 0 -- true
check "  is in the table by its command line" shows '^true$'
check "  with its interval as everywhere else" shows '^ *median  *±  *min'
check "  has at least ten samples" test "$(results '"primary":true.*"n":[0-9]\{2,\}')" -eq 1
check "several commands" run 0 $few -- sleep 0.01 ::: true ::: sh -c 'exit 0'
check "  each has a result" test "$(results '"metric":"time"')" -eq 3
check "  with the CPU time beside it" test "$(results '"metric":"user_time"')" -eq 3
check "  and all samples" test "$(results '"primary":true.*"n":4,')" -eq 3
check "  are compared, the slowest last" test "$(grep -c ' times ' out)" -eq 2
check "commands take turns" run 0 -n 1 --launches 8 --seed 1 -- sh -c 'echo a >>order' ::: sh -c 'echo b >>order'
check "  more than once" test "$(uniq order | wc -l)" -gt 2 -a "$(wc -l <order)" -eq 16
check "memory, where it can be told" run 0 $few -- sh -c 'x=$(head -c 30000000 /dev/zero | tr "\0" x); test ${#x} -gt 9'
check "  is stored" test "$(results '"metric":"max_rss"')" -eq 1
check "parameters" run 0 $few -P n=1,2 -P word=a,b --output 'got-{n}-{word}' -- printf '%s %s {} {print $1}\n' '{n}' 'x{word}'
check "  become axes" test "$(results '"params":{"cmd":"[^"]*","n":"2","word":"b"}')" -ge 1
check "  reach the command" test "$(cat got-2-b)" = "2 xb {} {print \$1}"
check "  but other braces stay" grep -q '{print $1}' got-1-a
check "ranges" run 0 $few -P n=1..4:x2 -- test '{n}' -lt 5
check "  are numbers" test "$(results '"primary":true')" -eq 3
check "threads give it that many CPUs" run 0 $few -P threads=1 --output cpus -- nproc
check "  and no more" test "$(cat cpus)" -eq 1
check "else it has all" run 0 $few --output cpus -- nproc
check "  that we have" test "$(cat cpus)" -eq "$(nproc)"
printf 'some\ninput\n' >input
check "input" run 0 $few --input input --output got -- tr a-z A-Z
check "  is there for each run" test "$(cat got)" = "$(printf 'SOME\nINPUT')"
check "without it there is nothing to read" run 0 $few --output got -- wc -c
check "  and nothing to wait for" test "$(cat got)" -eq 0
check "prepare" run 0 $few --warmup 1 --prepare "sh -c 'echo p >>log'" -- test -s log
check "  comes before each run, warm-up too" test "$(wc -l <log)" -eq 6
check "output can be let through" run 0 $few --output inherit -- echo 'seen by all'
check "  as it is" test "$(grep -c '^seen by all$' out)" -eq 4
check "any exit status will do" run 0 $few --ignore-failure -- false
export OMP_NUM_THREADS=7
check "the OpenMP variables of the user" run 0 $few --output got -- sh -c 'echo $OMP_NUM_THREADS'
check "  stay as they are" test "$(cat got)" -eq 7
unset OMP_NUM_THREADS

# --- the series is one of exactly this command
check "the same command" run 0 $few --json=a.json -- echo 'a b'
check "  again" run 0 $few --json=b.json --warmup 1 -- echo 'a b'
check "  and one with other words" run 0 $few --json=c.json -- echo a b
name()
{
	sed -n 's/.*"event":"result","name":"\([^"]*\)".*/\1/p' "$1" | sort -u
}
check "has one name" test "$(name a.json)" = "$(name b.json)"
check "  that the others do not have" test "$(name a.json)" != "$(name c.json)"
check "JSON says what is run" grep -q '"event":"program".*"runs":"echo .a b.' a.json

# --- what does not
check "a command that fails" run 3 $few -- sh -c 'echo first >&2; echo "last words" >&2; exit 3'
check "  is said to, with its last words" shows 'failed .*exit status 3: last words$'
check "  without harm to the others" run 3 $few -- false ::: true
check "  which are measured" test "$(results '"primary":true.*"status":"\(ok\|unstable\)"')" -eq 1
check "one that dies" run 3 $few -- sh -c 'kill -SEGV $$'
check "  is crashed" shows 'crashed .*signal 11'
check "one that hangs" run 3 $few --timeout 200ms -- sleep 60
check "  is timed out" shows 'timeout .*0.2 s'
check "one that hangs and will not listen" run 3 $few --timeout 200ms -- sh -c 'trap "" INT TERM; sleep 61 & while :; do :; done'
check "  leaves nothing" test -z "$(survivors)"
check "one that floods" run 0 $few -- sh -c 'head -c 20000000 /dev/zero | tr "\0" "\n" >&2'
check "  and does not stop" run 3 $few --timeout 200ms -- sh -c 'yes >&2'
check "control bytes in last words" run 3 $few -- sh -c 'printf "a\033[31mb" >&2; exit 1'
check "  are harmless" sh -c '! LC_ALL=C grep -q "$(printf "\033")" out err'
check "a prepare command that fails" run 3 $few --prepare false -- true
check "  is said to" shows 'prepare command: exit status 1'
check "input that is not there" run 3 $few --input absent -- cat
check "  is said to be" shows "open 'absent'"
check "a program that only some parameters name" run 3 $few -P p=true,absent -- '{p}'
check "  fails where it does not exist" test "$(results '"primary":true.*"status":"failed"')" -eq 1

# --- refused before anything is measured
refused()
{
	says_what=$1
	shift
	run 2 "$@" && says "$says_what" && test ! -e results.db
}
check "refused: no such program" refused "no program 'absent'" -- absent
check "refused: a command in one word" refused "each word of a command" -- 'sleep 0.1'
check "refused: not executable" refused "not an executable" -- ./input
check "refused: nothing after --" refused "command is missing" --
check "refused: nothing after :::" refused "command is missing" -- true :::
check "refused: the same twice" refused "twice" -- true ::: true
check "refused: a shell's work in prepare" refused "sh -c" --prepare 'rm -f *' -- true
check "refused: an open quote" refused "not closed" --prepare "echo 'a" -- true
check "refused: no program to prepare with" refused "absent" --prepare absent -- true
check "refused: a parameter nobody uses" refused "no command has {m}" -P m=1 -- echo '{n}'
check "refused: a reserved name" refused "'cmd'" -P cmd=1 -- echo '{cmd}'
check "refused: a benchmark before the command" refused "not both" selftest/empty -- true
check "refused: options of commands without one" refused "for commands" --warmup 1 selftest/empty
check "refused: no number of warm-ups" refused "warmup" --warmup x -- true

# --- resumed
"$assay" run -n 10 --launches 2 --db int.db -- sleep 0.02 ::: sleep 0.021 ::: sleep 0.022 >out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null && ! grep -q '^\[' err; do sleep 0.05; done
kill -INT $pid
wait $pid
check "interrupted runs exit 130" test $? -eq 130
"$assay" run --resume @last --db int.db >out 2>err
check "and are resumed" test $? -eq 0
check "  with the commands they had" test "$("$assay" export --format jsonl --db int.db | grep -c '"primary":true')" -eq 3

# --- Google Benchmark executables
check "no such executable" refused "no program" --gbench ./absent
check "an executable of another kind" refused "Google Benchmark" --gbench "$(command -v false)"
check "one that lists nothing" refused "Google Benchmark" --gbench "$(command -v true)"
check "not with commands" refused "cannot be one run" --gbench ./absent -- true
if [ -n "$foreign" ]; then
	some="-n 3 -t 6ms"
	check "its benchmarks" run 0 $some --gbench "$foreign" 'BM_[CAS]*'
	check "  each has a result" test "$(results '"primary":true')" -eq 5
	check "  under its name" test "$(results 'case:BM_Count.64/threads:1","suite":"gbench"')" -ge 1
	check "  or one that stands for it" test "$(results 'case:BM_Add-int-c6bdac41/threads:1.*"primary":true')" -eq 1
	check "  with each repetition" test "$(results '"primary":true.*"n":3,')" -eq 5
	check "  and its rates" test "$(results '"metric":"item_rate","unit":"op/s"')" -eq 2
	check "  and its counts" test "$(results '"gbench:three":{"value":3.0')" -eq 2
	check "  never NaN" test "$(results 'gbench:odd":{"value":null')" -eq 2
	check "  threads are an axis" test "$(results 'case:BM_Sleep.real_time/threads:2.*"primary":true')" -eq 1
	old=$(results 'clock":"gbench-pre-1.9"')
	check "  old clocks are remarked upon" test "$old" -eq 0 -o "$(grep -c 'before 1.9.0' out)" -eq 1
	check "one that refuses" run 3 $some --gbench "$foreign" BM_Refuses
	check "  is failed in its own words" shows 'failed .*no luck ?\[31mtoday'
	check "one that dies" run 3 $some --gbench "$foreign" BM_Dies
	check "  is crashed, with its last words" shows 'crashed .*signal 6.*famous last words'
	check "one that hangs" run 3 $some --timeout 300ms --gbench "$foreign" BM_Hangs
	check "  is timed out" shows 'timeout .*0.3 s'
	check "a name that is near" refused "did you mean 'BM_Count/8'" --gbench "$foreign" BM_Cuont/8
	check "no axes to set" refused "no axes" -P threads=2 --gbench "$foreign"
fi

echo "1..$count"
