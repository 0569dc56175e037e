#!/bin/sh
# SPDX-License-Identifier: MIT
# hardening: this build against the same sources built without -Dhardening, by the gate: do stack protection, fortified
# functions and relocations at the start cost anything that can be told? The other build is kept in BUILD/plain.
# usage: hardening.sh ROOT BUILD BUILDTYPE [PATTERN...]; with CC and CXX as BUILD has them
set -eu
root=$1 build=$2 buildtype=$3
shift 3
# cheap, one thread, of every part that may differ: the loop itself, allocators, pointers, caches, tasks
[ $# -gt 0 ] || set -- 'selftest/spin/threads:1' selftest/empty selftest/walk memory/alloc_pair \
	'memory/latency/size:256Ki/*' 'cache/get/*threads:1' 'concurrency/spawn/*threads:1'

plain=$build/plain
if ! [ -f "$plain/build.ninja" ]; then
	meson setup "$plain" "$root" --buildtype="$buildtype" -Dhardening=false >"$build/plain.log" 2>&1 || {
		tail -n 40 "$build/plain.log"
		exit 2
	}
fi
ninja -C "$plain" cli/assay >>"$build/plain.log" 2>&1 || {
	tail -n 40 "$build/plain.log"
	exit 2
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 'size of the program in bytes: with, without'
stat -c %s "$build/cli/assay" "$plain/cli/assay"
echo 'how long it takes to start: with, without'
"$build/cli/assay" run -q --db "$dir/start.db" -p ci -- "$build/cli/assay" --version ::: "$plain/cli/assay" --version
echo 'the gate: base without, candidate with'
rc=0
"$build/cli/assay" gate --db "$dir/gate.db" --base "$plain/cli/assay" --cand "$build/cli/assay" "$@" || rc=$?
exit $rc
