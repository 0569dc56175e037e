#!/bin/sh
# SPDX-License-Identifier: MIT
# slurm: `assay run --launcher slurm` with a real SLURM: a controller and two nodes on this machine, in a folder of their
# own, without a service of the system. Prints TAP.
# usage: slurm.sh ASSAY ODD.so
set -u
assay=$(realpath "$1") odd=$(realpath "$2")

give_up()
{
	echo "1..0 # SKIP $1"
	exit 0
}
PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch squeue srun scontrol; do
	command -v $program >/dev/null || give_up "no $program; install slurm-wlm"
done
[ "$(id -u)" = 0 ] || give_up 'slurmd wants root'
[ "$(nproc)" -ge 2 ] || give_up 'one CPU: no two nodes'
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# Ports that nobody listens on now.
free_port()
{
	port=$1
	while grep -q -i ":$(printf %04X "$port") 0*:0000 0A" /proc/net/tcp; do port=$((port + 1)); done
	echo "$port"
}
controller=$(free_port 26817) node1=$(free_port 27818) node2=$(free_port 28819)
host=$(hostname -s)
mkdir state munge tmp-n1 tmp-n2 # PMIx of two nodes on one machine gets in its own way in one folder
chmod 755 . munge # munged wants its socket within reach of everybody
dd if=/dev/urandom of=munge/key bs=1024 count=1 2>/dev/null
chmod 400 munge/key
cat >slurm.conf <<C
ClusterName=assay
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
TmpFS=$dir/tmp-%n
SlurmctldPidFile=$dir/ctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/ctld.log
SlurmdLogFile=$dir/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
PropagateResourceLimits=NONE
ReturnToService=2
KillWait=5
MailProg=/bin/true
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$node1 CPUs=4 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$node2 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=60 State=UP
C
SLURM_CONF=$dir/slurm.conf
export SLURM_CONF
mpi=none # Open MPI wants PMIx of whoever starts it
srun --mpi=list 2>&1 | grep -q -w pmix && mpi=pmix
sed -i "s/^MpiDefault=.*/MpiDefault=$mpi/" slurm.conf

stop_all()
{
	scontrol shutdown >/dev/null 2>&1
	sleep 0.3
	for file in munge/pid ctld.pid slurmd-n1.pid slurmd-n2.pid; do
		[ -s "$dir/$file" ] && kill "$(cat "$dir/$file")" 2>/dev/null
	done
	rm -rf "$dir"
}
trap stop_all EXIT

munged --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
	--log-file="$dir/munge/log" --seed-file="$dir/munge/seed" >out 2>err || give_up "munged: $(tail -n 1 err)"
slurmctld -f "$SLURM_CONF" >>out 2>>err || give_up "slurmctld: $(tail -n 1 err)"
for node in n1 n2; do
	slurmd -f "$SLURM_CONF" -N $node >>out 2>>err || give_up "slurmd: $(tail -n 1 err)"
done
idle()
{
	[ "$(sinfo --noheader --format='%T %D' 2>/dev/null)" = 'idle 2' ]
}
for _ in $(seq 100); do
	idle && break
	sleep 0.2
done
idle || give_up "its nodes do not come up: $(tail -n 1 ctld.log)"

# begin NAME ARGS...: a job, in a folder of its own; ended EXPECTED NAME: waits for it
begin()
{
	mkdir "$dir/$1" && cd "$dir/$1" || exit 1
	shift
	"$assay" run --load "$odd" --launcher slurm --poll 300ms -p quick --samples 10 -t 5ms --launches 1 --bind none \
		--counters none "$@" >out 2>err </dev/null &
	echo $! >pid
}
ended()
{
	cd "$dir/$2" || exit 1
	wait "$(cat pid)"
	status=$?
	[ "$status" -eq "$1" ] && return 0
	tail -n 5 assay-jobs/*/log-*.txt >>err
	echo "exit status $status, not $1" >>err
	return 1
}

begin dying -n 2 odd/dying
begin array -n 1 --array 2 odd/alike
begin two -n 2 odd/alike 'scaling/allreduce/size:4/*' 'scaling/barrier*'
check 'two ranks on two nodes' ended 0 two
check '  one job, one result' says '1 runs with [0-9]* results merged'
check '  by the name of its ranks' shows 'alike'
"$assay" export --format jsonl >kept 2>err
check '  with collectives over TCP' grep -q 'scaling/allreduce/size:4/ranks:2/binding:[a-z]*/subject:tcp.*"status":"\(ok\|unstable\)"' kept
if [ "$mpi" = pmix ] && [ -x "$(dirname "$assay")/assay-mpi" ]; then
	check '  and by Open MPI' grep -q 'scaling/barrier/ranks:2/binding:[a-z]*/subject:openmpi.*"status":"\(ok\|unstable\)"' kept
else
	count=$((count + 1))
	echo "ok $count -   and by Open MPI # SKIP no PMIx here, or built without it"
fi
check '  beside one without SLURM' ends 0 "$assay" run --load "$odd" --launcher local -n 2 --bind none -p quick \
	--samples 10 -t 5ms --launches 1 --counters none odd/alike
check '  which compares' ends 0 "$assay" compare @last~1 @last --all --only 'odd/*'
check 'one rank dies' ended 3 dying
check '  and the log names it' grep -q -r 'rank 1 (process' assay-jobs --include='log-*.txt'
check 'an array of two' ended 0 array
check '  two results' says '2 runs with'

echo "1..$count"
