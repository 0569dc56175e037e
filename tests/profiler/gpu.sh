#!/bin/sh
# SPDX-License-Identifier: MIT
# gpu: what devices do, from the command line, on the stand-ins for CUDA, CUPTI and NVML: counted, stored, drawn,
# exported; then bad days. Prints TAP. usage: gpu.sh ASSAY (with the stand-ins in the environment)
# shellcheck disable=SC2016,SC2086  # single quotes hold a script for another; $short is several words
set -u
assay=$(realpath "$1") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

short="-n 3 -t 1ms --launches 1 --json -s cuda -P size=64Ki"

# runs STATUS ARGS...
runs()
{
	expected=$1
	shift
	ends "$expected" "$assay" "$@"
}

check "launches that a loop only queues" runs 0 run gpu/stream $short --db queued.db --counters gpu -P kernel=copy -P cache=hot
check "  are counted when they are done" grep -q '"gpu_kernels":{"value":1.0,"quality":"exact","source":"cupti"' out
check "a run with device counters" runs 0 run gpu/triad $short --counters gpu,gpu_energy
check "  counts launches" grep -q '"gpu_kernels":{"value":1.0,"quality":"exact","source":"cupti"' out
check "  of half a second, however few operations a batch may have" \
	grep -Eq '"gpu_energy":\{[^}]*"enabled_ns":([5-9][0-9]{8}|[0-9]{10,})' out
check "  and energy" grep -q '"gpu_energy":{"value":[0-9.e-]*,"quality":"exact","source":"nvml"' out
check "  and levels as they are" grep -q '"gpu_watts":{"value":250.0' out
check "the trace of a run" runs 0 export --format trace -o trace.json
check "  has its kernels" grep -q '"name":"triad","cat":"kernel"' trace.json
check "  on a named row" grep -q '"thread_name".*"device 0, stream 1"' trace.json
check "  of a case that was asked for" runs 0 export --format trace --only 'gpu/triad*' -o other.json
check "  and of no other" runs 2 export --format trace --only 'gpu/gemm*' -o none.json
check "the store is sound" runs 0 db check

check "a profile" runs 0 profile gpu/overlap -s cuda -P size=64Ki -P streams=3 -t 1ms
check "  has a timeline" shows 'GPU timeline .* watched, a device at work'
check "  by stream and kind" shows '^ *0  *2  copy *|.*|$'
check "  and sums" shows '^kernel *scale *0.2 '
check "a page of the run" runs 0 report 1 -o page.html
check "  has its timelines" grep -q '<figcaption>Timeline of gpu/<wbr/>triad/' page.html
check "  beside its benchmark" sh -c '! grep -q "What devices did" page.html'
check "a page of the profile" runs 0 report 2 -o page.html
check "  has the timeline alone" sh -c 'grep -q "What devices did" page.html && grep -q "<span>stream 2, copy</span>" page.html'
check "  of what is asked for" sh -c '"$1" report 1 --only "*tri*" -o page.html && grep -q Timeline page.html' sh "$assay"
check "  that is kept" runs 0 profile --show @last
check "  and shown again" shows '^kernel *scale *0.2 '
check "  and exported" sh -c '"$1" export 2 --format trace | grep -q "pinned to device"' sh "$assay"
check "  also as an event" runs 0 profile --show @last --json
check "  with sums" grep -q '"event":"gpu","name":"gpu/overlap.*"kind":"kernel","name":"scale"' out

FAKE_CUPTI='drop=1'
export FAKE_CUPTI
check "dropped records" runs 0 run gpu/triad $short --counters gpu
check "  leave no number" grep -q '"gpu_kernels":{"value":null,[^}]*records were dropped' out
FAKE_CUPTI='enable=35'
check "counters that are not permitted" runs 0 run gpu/triad $short --counters gpu
check "  name the setting" grep -q 'NVreg_RestrictProfilingToAdminUsers=0' out
check "  and leave the timing alone" grep -q '"status":"\(ok\|unstable\)"' out
FAKE_CUPTI='enable=39'
check "another profiler" runs 0 run gpu/triad $short --counters gpu
check "  is said to be there" grep -q 'another profiler (ncu, nsys, cuda-gdb)' out
FAKE_CUPTI=
check "hardware counters" runs 0 run gpu/triad $short --counters gpu_counters
check "  are counted in three turns" grep -q '"gpu_instructions":{[^}]*"source":"cupti_range"[^}]*3 passes' out
# 50 letters times 3 ranges in percent: a level is not divided by the launches of a batch.
check "  and levels are levels" grep -q '"gpu_dram_share":{"value":1.5,' out
check "a counter by the chip's own name" runs 0 run gpu/triad $short --counters cupti_range:sm__anything.sum
check "  is counted" grep -q '"cupti_range:sm__anything.sum":{"value":[0-9]' out
check "a name that the chip has not" runs 0 run gpu/triad $short --counters cupti_range:sm__nothing.sum
check "  is a reason and no crash" grep -q 'GH100 has none of these counters' out
FAKE_CUPTI='counters=35'
check "hardware counters that are not permitted" runs 0 run gpu/triad $short --counters gpu_counters
check "  name the setting" grep -q 'NVreg_RestrictProfilingToAdminUsers=0' out
FAKE_CUPTI='gone=1'
check "a range that was dropped" runs 0 run gpu/triad $short --counters gpu_counters
check "  is said to be" grep -q 'CUPTI dropped the range' out
FAKE_CUPTI='passes=30'
check "too many passes" runs 0 run gpu/triad $short --counters gpu_counters
check "  are refused" grep -q 'take 30 passes together' out
FAKE_CUPTI=
FAKE_NVML='init=9'
export FAKE_NVML
check "no management library" runs 0 run gpu/triad $short --counters gpu_energy
check "  is a reason" grep -q 'modprobe nvidia' out
check "who uses no device" runs 0 run gpu/triad -n 3 -t 1ms --launches 1 --json -s null --counters gpu -P size=64Ki
check "  is told so" grep -q 'nothing here uses CUDA' out

echo "1..$count"
