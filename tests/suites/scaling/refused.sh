#!/bin/sh
# SPDX-License-Identifier: MIT
# refused: a benchmark that is refused something in the middle of starting says so, and ends. Prints TAP.
# usage: refused.sh ASSAY
set -u
assay=$(realpath "$1") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../../tap.sh"

# Stacks of 1 GiB in 6 GiB of addresses: some of ten threads start, and wait for the others.
few_threads()
{
	prlimit --stack=1073741824 --as=6442450944 \
		"$assay" run --counters none -n 3 -t 1ms --launches 1 --timeout 20s "$@"
}
ends 3 few_threads scaling/replay -P entries=1000 -P law=uniform -P shards=1 --json
check "threads that cannot all be had are a failure" grep -q '"status":"failed".*threads could not be started' out
echo "1..$count"
