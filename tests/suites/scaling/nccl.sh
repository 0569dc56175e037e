#!/bin/sh
# SPDX-License-Identifier: MIT
# nccl: the collectives of NCCL from the command line, by stand-ins for the library and the driver: ranks that assay
# starts, ranks that a launcher starts, and what is said where something is missing. Prints TAP.
# usage: nccl.sh ASSAY (with the stand-ins in the environment)
# shellcheck disable=SC2086  # $short is several words
set -u
assay=$(realpath "$1") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../../tap.sh"

short="--counters none -n 3 -t 1ms --launches 1 -s nccl"
export FAKE_CUDA=devices=2

check "two ranks, a device each" ends 0 "$assay" run $short scaling/allreduce scaling/broadcast scaling/barrier \
	scaling/pt2pt -P size=64Ki -P threads=2 --json
for what in allreduce broadcast barrier pt2pt; do
	check "  $what is measured" grep -q "\"name\":\"scaling/$what/.*\"status\":\"\(ok\|unstable\)\"" out
done
check "ranks of a launcher" ends 0 "$assay" run $short scaling/allreduce -P size=64Ki --launcher local --ranks 2 --json
check "  are measured" grep -q '"status":"\(ok\|unstable\)"' out

FAKE_NCCL=wrong ends 3 "$assay" run $short scaling/allreduce -P size=64Ki -P threads=2 --json
check "a wrong sum is no time" grep -q '"status":"failed".*wrong floats' out
FAKE_CUDA=devices=1 ends 0 "$assay" run $short scaling/allreduce -P size=64Ki -P threads=2 --json
check "fewer GPUs than ranks: skipped" grep -q '"status":"skipped".*2 ranks want a GPU each, and here is 1' out
FAKE_CUDA=devices=1 ends 0 "$assay" run $short scaling/allreduce -P size=64Ki --launcher local --ranks 2 --json
check "  also with a launcher" grep -q '"status":"skipped".*each wants a GPU of its own' out
echo "1..$count"
