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
FAKE_STATE=$dir
export PATH FAKE FAKE_STATE

# job EXPECTED FAKE ARGS...
job()
{
	expected=$1
	FAKE=$2
	shift 2
	rm -rf results.db* assay-jobs job asked cancelled
	ends "$expected" "$assay" run --load "$odd" --launcher slurm -n 1 --poll 100ms -p quick --samples 5 \
		-t 2ms --launches 1 --counters none "$@" odd/alike
}

# results: how many primary ones are stored
results()
{
	[ -e results.db ] || { echo 0 && return; }
	"$assay" export --all --format jsonl 2>/dev/null | grep -c '"primary":true'
}

check 'the script is shown' job 0 well --dry-run
check '  and nothing is made' test ! -e assay-jobs
check '  with its limits' shows '#SBATCH --signal=B:USR1@60'
check 'without a number' ends 2 "$assay" run --launcher slurm odd/alike
check 'refused' job 6 refuse
check '  and why' says 'Invalid partition'
check 'well' job 0 well
check '  one result' test "$(results)" -eq 1
check '  whose job is named' says 'job 7'
check '  and shown' shows 'alike'
check 'says FAILED, left a result' job 0 fail_but_done
check '  which counts' test "$(results)" -eq 1
check 'forgotten, left a result' job 0 forget_but_done --poll 500ms
check '  which counts' test "$(results)" -eq 1
check 'says COMPLETED, left nothing' job 6 complete --poll 50ms
check '  and that is said' says 'left 0 of 1 results'
check '  none is stored' test "$(results)" -eq 0
check 'vanishes' job 6 vanish --poll 50ms
check '  and that is said' says 'left 0 of 1 results'
check 'slow to start' job 0 slow
check 'requeued' job 0 requeue --poll 300ms
check '  one result' test "$(results)" -eq 1
check 'run twice' job 0 twice
check '  one result' test "$(results)" -eq 1
check 'its number was lost' job 0 lost_answer
check '  and that is said' says 'did not say which job'
check '  one result' test "$(results)" -eq 1
check 'half a result' job 6 truncate --poll 50ms
check '  is none' test "$(results)" -eq 0
check 'a result that shows late' job 0 late --poll 500ms
check '  counts' test "$(results)" -eq 1
check 'a scheduler that does not answer' job 0 deaf
check '  one result' test "$(results)" -eq 1
check 'an array' job 0 well --array 3
check '  three results' test "$(results)" -eq 3

# Interrupted: the job is cancelled, not left to run.
rm -rf results.db* assay-jobs job cancelled
FAKE=pending "$assay" run --load "$odd" --launcher slurm -n 1 --poll 100ms odd/alike >out 2>err &
pid=$!
for _ in $(seq 200); do
	grep -q 'job 7' err && break
	sleep 0.1
done
kill -INT $pid
wait $pid
check 'interrupted' test $? -eq 130
check '  the job is cancelled' grep -q -x -e '--name=assay-[0-9a-f]*' cancelled

# Near its time limit the run inside stops and keeps what is finished.
FAKE=limit
rm -rf results.db* assay-jobs job
check 'out of time' ends 3 "$assay" run --launcher slurm -n 1 --poll 100ms --samples 100000 -t 600s \
	--launches 1 --counters none --timeout 100s selftest/sleep
check '  and that is said' says 'is interrupted'

echo "1..$count"
