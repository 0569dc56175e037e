#!/bin/sh
# SPDX-License-Identifier: MIT
# slurm_fake: `assay run --launcher slurm` with schedulers that vanish, lie, requeue and forget, as real ones have been
# seen to do: a result is proven by its bundle and by nothing else, nothing is counted twice, and waiting ends. Prints TAP.
# usage: slurm_fake.sh ASSAY ODD.so FAKES
set -u
assay=$(realpath "$1") odd=$(realpath "$2") fakes=$(realpath "$3")
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
PATH=$fakes:$PATH
top=$dir
export PATH FAKE FAKE_STATE

# begin NAME FAKE ARGS...: a job of a scheduler of its own, in the background and in a folder of its own
begin()
{
	mkdir "$top/$1" && cd "$top/$1" || exit 1
	FAKE=$2 FAKE_STATE=$top/$1
	shift 2
	"$assay" run --load "$odd" --launcher slurm -n 1 --poll 100ms -p quick --samples 5 -t 2ms --launches 1 \
		--counters none "$@" odd/alike >out 2>err </dev/null &
	echo $! >pid
}

# ended EXPECTED NAME: waits for it; what comes after looks at what it left
ended()
{
	cd "$top/$2" || exit 1
	wait "$(cat pid)"
	status=$?
	[ "$status" -eq "$1" ] && return 0
	echo "exit status $status, not $1" >>err
	return 1
}

# results: how many primary ones are stored
results()
{
	[ -e results.db ] || { echo 0 && return; }
	"$assay" export --all --format jsonl 2>/dev/null | grep -c '"primary":true'
}

# Some at a time: they mostly wait.
begin dry well --dry-run
begin well well
begin refuse refuse
begin fail fail_but_done
check 'the script is shown' ended 0 dry
check '  and nothing is made' test ! -e assay-jobs
check '  with its limits' shows '#SBATCH --signal=B:USR1@60'
check 'without a number' ends 2 "$assay" run --launcher slurm odd/alike
check 'well' ended 0 well
check '  one result' test "$(results)" -eq 1
check '  whose job is named' says 'job 7'
check '  and shown' shows 'alike'
check 'refused' ended 6 refuse
check '  and why' says 'Invalid partition'
check 'says FAILED, left a result' ended 0 fail
check '  which counts' test "$(results)" -eq 1

begin forget forget_but_done --poll 500ms
begin complete complete --poll 50ms
begin vanish vanish --poll 50ms
begin pending pending --job-wait 1s
begin slow slow
check 'says COMPLETED, left nothing' ended 6 complete
check '  and that is said' says 'left 0 of 1 results'
check '  none is stored' test "$(results)" -eq 0
check 'vanishes' ended 6 vanish
check '  and that is said' says 'left 0 of 1 results'
check 'stays PENDING' ended 6 pending
check '  which is said' says 'not over after 1 s (--job-wait): cancelled'
check '  and the job is cancelled' grep -q -x -e '--name=assay-[0-9a-f]*' cancelled
check 'forgotten, left a result' ended 0 forget
check '  which counts' test "$(results)" -eq 1
check 'slow to start' ended 0 slow

# Near its time limit the run inside stops and keeps what is finished.
mkdir "$top/limit" && cd "$top/limit" || exit 1
FAKE=limit FAKE_STATE=$top/limit
"$assay" run --launcher slurm -n 1 --poll 100ms --samples 100000 -t 600s --launches 1 --counters none \
	--timeout 100s selftest/sleep >out 2>err </dev/null &
echo $! >pid
begin requeue requeue --poll 300ms
begin twice twice
begin lost lost_answer
begin truncate truncate --poll 50ms
check 'requeued' ended 0 requeue
check '  one result' test "$(results)" -eq 1
check 'run twice' ended 0 twice
check '  one result' test "$(results)" -eq 1
check 'its number was lost' ended 0 lost
check '  and that is said' says 'did not say which job'
check '  one result' test "$(results)" -eq 1
check 'half a result' ended 6 truncate
check '  is none' test "$(results)" -eq 0

begin late late --poll 500ms
begin deaf deaf
begin array well --array 3
begin first well --array 3 --json odd/first
begin int pending
cd "$top/int" || exit 1
for _ in $(seq 200); do
	grep -q 'job 7' err && break
	sleep 0.1
done
kill -INT "$(cat pid)"
check 'interrupted' ended 130 int
check '  the job is cancelled' grep -q -x -e '--name=assay-[0-9a-f]*' cancelled
check 'a result that shows late' ended 0 late
check '  counts' test "$(results)" -eq 1
check 'a scheduler that does not answer' ended 0 deaf
check '  one result' test "$(results)" -eq 1
check 'an array' ended 0 array
check '  three results' test "$(results)" -eq 3

check 'an array whose first job is wrong' ended 3 first
right=$(grep '"name":"odd/first' out | grep '"primary":true' | grep -c '"status":"ok"')
check '  though the others are right' test "$right" -eq 2
check '  its results are events' shows '"status":"failed","reason":"[^"]*two by two is five'

check 'out of time' ended 3 limit
check '  and that is said' says 'is interrupted'

echo "1..$count"
