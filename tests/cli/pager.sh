#!/bin/sh
# pager: long output on a terminal goes through one, and nowhere else. script(1) is the terminal. Prints TAP.
# usage: pager.sh ASSAY
# shellcheck disable=SC2016  # single quotes hold scripts for others
set -u
assay=$(realpath "$1") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	echo '1..0 # SKIP no script(1)'
	exit 0
fi

# on_terminal PAGER ARGS: runs assay on a terminal 100 columns wide, what is shown goes to out
on_terminal()
{
	ASSAY_PAGER=$1 script -qec "stty cols 100; '$assay' $2" /dev/null </dev/null >out 2>err
}

check 'a list goes through the pager' on_terminal 'sed s/^/:/' 'list memory/line'
check '  line by line' shows '^:memory/line'
check 'output for programs does not' on_terminal 'sed s/^/:/' 'list memory/line --json'
check '  it is as it is' shows '^{'
check 'a verb that measures does not' on_terminal 'sed s/^/:/' 'run --dry-run memory/line'
check '  either' sh -c '! grep -q ^: out'
check 'cat is none' on_terminal cat 'list memory/line'
check '  and shows the same' shows '^memory/line'
check 'nor is there one with --no-pager' on_terminal 'sed s/^/:/' 'list --no-pager memory/line'
check '  and shows the same' shows '^memory/line'
check '  before the verb, too' on_terminal 'sed s/^/:/' '--no-pager list memory/line'
check '  and shows the same' shows '^memory/line'
check 'nothing is none' on_terminal '' 'list memory/line'
check '  and shows the same' shows '^memory/line'
check 'a pager that is not there' on_terminal no-such-pager 'list memory/line'
check '  is done without' shows '^memory/line'
check 'a pager that leaves early' on_terminal 'head -n 1' list
check '  is no failure' sh -c '! grep -q assay: out'
# A pager that gets all there is, interrupts who wrote it, and looks whether that is still there.
cat >pager.sh <<'SCRIPT'
trap '' INT
cat >/dev/null
kill -INT $PPID
sleep 0.3
kill -0 $PPID && echo waited >verdict
SCRIPT
check 'Ctrl-C' sh -c 'ASSAY_PAGER="sh pager.sh" script -qec "$1 list" /dev/null </dev/null >out 2>err; [ $? -eq 130 ]' sh "$assay"
check '  leaves the terminal to the pager' grep -q waited verdict
check 'an error keeps its code' sh -c '! ASSAY_PAGER="sed s/^/:/" script -qec "$1 list nonsense" /dev/null </dev/null >out' \
	sh "$assay"
check '  and its words' shows 'assay: list: no benchmark matches'
check 'a file is never paged' ends 0 env ASSAY_PAGER='sed s/^/:/' "$assay" list memory/line
check '  at all' shows '^memory/line'
echo "1..$count"
