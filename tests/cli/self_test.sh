#!/bin/sh
# SPDX-License-Identifier: MIT
# self_test: the gate measures how often it is wrong: launches are recorded for as long as it takes to have enough of them,
# and replayed as gates with and without a change. Prints TAP. usage: self_test.sh ASSAY
set -u
assay=$(realpath "$1") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# recorded SECONDS ARGS...
recorded()
{
	seconds=$1
	shift
	"$assay" gate --self-test --max-time "$seconds" -t 450us "$@" selftest/spin/threads:1 >out 2>err
}

check "too few launches are refused" ends 2 "$assay" gate --self-test --max-time 1ms selftest/spin/threads:1
check "... with how many it takes" says '--max-time is too short: .* were recorded; [0-9]* are needed'
check "a benchmark that is not there is refused" ends 2 "$assay" gate --self-test --max-time 1ms selftest/spun

check "it is no gate of two sides" ends 2 "$assay" gate --self-test --max-time 1ms --base "$assay" selftest/spin/threads:1
check "... which is said" says '^assay: gate: --self-test compares nothing: leave out --base$'
check "... nor of commands" ends 2 "$assay" gate --self-test --max-time 1ms -- true ::: true

# A second is enough for a machine that does nothing else.
enough()
{
	for seconds in 1 2 4 8 16 32; do
		recorded "${seconds}s" --json=said.json && return
		says 'too short' || return
	done
	return 1
}
check "enough are replayed" enough
check "... of one benchmark" shows '^[0-9]* launches of 1 benchmarks in [0-9]* s, noise grade'
check "... as gates of the same code and of changed code" \
	shows '^replayed as [0-9]* gates of 50 benchmarks .* and [0-9]* with each'
check "... by two rules" shows 'gates that are red although nothing changed  *[0-9.]* %  *[0-9.]* %$'
check "... and JSON has every change" python3 -c '
import json
said = json.load(open("said.json"))
experiments = said["experiments"]
assert said["schema"] == "assay/1" and said["preset"] == "normal"
assert [e["injected"] for e in experiments] == [0, 0.03, 0.05, 0.1]
for e in experiments:
    assert e["gates"] >= 20 and 0 <= e["red"] <= 1, e
    assert e["launches_per_benchmark"] >= 6, e
for e in experiments[1:]:
    assert abs(e["found"] + e["undecided"] + e["missed"] - 1) < 1e-9, e
assert experiments[3]["missed"] < 0.5, "half of what is slower by a tenth passed"'
check "terminated, it says by what" ends 143 timeout --preserve-status -s TERM 1 "$assay" gate --self-test
echo "1..$count"
