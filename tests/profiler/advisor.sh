#!/bin/sh
# SPDX-License-Identifier: MIT
# advisor: kernels that are each slow for one reason are found guilty of it by the whole pipeline, and
# innocent ones are left alone. Prints TAP.
# usage: advisor.sh ASSAY GUILTY.so
set -u
assay=$(realpath "$1") && guilty=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# profile PATTERN: its advice as JSON in out
profile()
{
	"$assay" profile --rate 5000 --unwind frames -t 30ms --json --load "$guilty" "$1" >out 2>err </dev/null
}

# advised BENCH RULE
advised()
{
	grep -q "\"event\":\"advice\".*\"rule\":\"$2\",\"about\":.*\"name\":\"guilty/$1/" out
}

# blamed BENCH: is anything said against the code? What is said of the machine is no matter of the kernel.
blamed()
{
	grep -q "\"event\":\"advice\".*\"about\":\"code\".*\"name\":\"guilty/$1/" out
}

# found BENCH RULE: in the profile of all, or else once more: on a machine with other work a try may be too
# short of samples, or of CPUs
found()
{
	cp all out
	for _ in 1 2 3 4 5 6 7 8; do
		advised "$1" "$2" && return 0
		profile "guilty/$1"
	done
	return 1
}

# clean BENCH: of several tries one must be undisturbed
clean()
{
	cp all out
	for _ in 1 2 3 4 5 6 7 8; do
		blamed "$1" || return 0
		profile "guilty/$1"
	done
	return 1
}

check 'all of them are profiled' profile guilty
cp out all
check 'one that computes is innocent' clean innocent
check 'one whose operations are long is innocent' clean innocent_long
check 'fresh memory' found faults page_fault_bound
check 'it names figure, threshold and quality' \
	grep -q '"figures":\[{"figure":"[a-z_0-9* /]*","value":[0-9.e-]*,"is":"above","threshold":[0-9.]*,"quality":"[a-z]*"' out
check 'and what to try, for this very case' grep -q '"try":"assay profile --allocations guilty/faults/threads:1;' out
check 'sleep' found sleeps blocked
# A timer inside the target samples as rarely as the kernel ticks: too few for shares of stacks.
if grep -q '"engine":"perf_event' all; then
	# libdw knows the functions inside the C library
	if "$assay" --version | grep -q 'libdw  *yes'; then
		check 'allocation' found allocates allocation_bound
		check 'copies' found copies copy_bound
	fi
	check 'the clock' found reads_clock clock_reader
	# the kernel's functions are seen only where it permits
	if grep -q '"module":"\[kernel\]"' all; then
		check 'system calls' found syscalls syscall_bound
	fi
fi

# Two threads need two CPUs, at the same time: what others leave of them must be enough.
free_cpus()
{
	[ "$(nproc)" -gt 1 ] && awk -v cpus="$(nproc)" '{ exit !($1 < 1.5 * cpus) }' /proc/loadavg
}
if free_cpus; then
	if grep -q '"engine":"perf_event' all; then
		check 'a lock' found queues lock_convoy
	fi
	check 'a shared line' found one_line false_sharing
	check 'lines of their own are innocent' clean own_lines
fi

# counted OPTION...: a run that counts; again where others took so much of the time that it says nothing
counted()
{
	for _ in 1 2 3 4 5 6 7 8; do
		ends 0 "$assay" run -n 5 -t 20ms --launches 1 --load "$guilty" --counters kernel "$@" || return 1
		shows page_fault_bound && return 0
	done
	return 1
}

# The same from the counters of a run, without stacks.
check 'a run that counts has advice' counted guilty/faults guilty/innocent
check '... below its tables, by rule' shows 'page_fault_bound (likely, 1 case)'
check 'one that prints events' counted --json guilty/faults
check '... has it among them' shows '"event":"advice","rule":"page_fault_bound"'
check 'a report' ends 0 "$assay" report --text
check '... has it too' shows '^Advice'
check 'and as JSON' ends 0 "$assay" report --json -o page.html
check '... with the case' shows '"rule": "page_fault_bound"'
check '... and on the page' grep -q '<dt>page_fault_bound (likely' page.html
check 'and in Markdown' ends 0 "$assay" report --md
check '... for a pull request' shows '\*\*page_fault_bound\*\*'
check 'a stored profile' ends 0 "$assay" profile --show @last
check '... is judged by its stacks' shows '^advice'

# Counts from a simulator, where there is one: good enough to suspect, never to be certain.
check 'a replay' ends 0 "$assay" run -n 3 -t 3ms --launches 1 --counts --load "$guilty" \
	guilty/chases guilty/guesses
if shows 'simulated'; then
	check '... misses the cache' shows 'memory_bound (likely, 1 case)'
	check '... and its guesses' shows 'branchy (likely, 1 case)'
fi

# Ceilings are what this machine was measured to do; before there are any the share says so.
check 'no ceiling yet' ends 0 "$assay" run -n 3 -t 5ms --launches 1 --db fresh.db --counters roofline \
	memory/flops -s flops_scalar -P threads=1
check '... and the command that measures it' shows 'roofline_share .*no ceiling was measured'
check 'once more' ends 0 "$assay" run -n 3 -t 5ms --launches 1 --db fresh.db --counters roofline \
	memory/flops -s flops_scalar -P threads=1
check '... and there is a share of it' shows 'roofline_share  *[0-9.]* ratio  *derived'
echo "1..$count"
