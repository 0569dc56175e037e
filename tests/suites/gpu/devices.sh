#!/bin/sh
# SPDX-License-Identifier: MIT
# devices: every benchmark of the suite, from the command line, on the stand-in for the CUDA driver, several devices of
# it and of OpenCL's, where that is; then bad days. Prints TAP. usage: devices.sh ASSAY (with the stand-ins in the
# environment)
# shellcheck disable=SC2086  # $short and $small are several words
set -u
assay=$(realpath "$1") && claims=$(realpath "$(dirname "$0")/../../../budgets/claims.yaml") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../../tap.sh"

short="--counters none -n 3 -t 1ms --launches 1 --json"

# runs STATUS ARGS...: the exit status of a short run
runs()
{
	expected=$1
	shift
	ends "$expected" "$assay" run $short "$@"
}

# all_ok: there are results, and every case is ok, unstable or skipped
all_ok()
{
	grep -q '"status":"\(ok\|unstable\)"' out &&
		! grep -q '"status":"\(failed\|crashed\|timeout\)"' out
}

# was_measured BENCHMARK: one of its cases came to figures
was_measured()
{
	grep "\"name\":\"gpu/$1/" out | grep -q '"status":"\(ok\|unstable\)"'
}

# faster_than RATE: is the median of the first case?
faster_than()
{
	grep '"primary":true' out | head -n 1 | sed 's/.*"median":\([0-9.e+]*\).*/\1/' |
		awk -v rate="$1" '{ exit !($1 > rate) }'
}

small='-P size=64Ki -P rows=100 -P rounds=20 -P streams=3 -P nodes=7 -P devices=1 -P groups=16 -P largest=64Ki'
check "memory and launches on the driver" runs 0 gpu/triad gpu/latency gpu/levels gpu/occupancy gpu/overlap \
	gpu/launch gpu/start gpu/alloc gpu/multi gpu/util gpu/fallback $small -s cuda
check "  are right" all_ok
for what in triad latency levels occupancy overlap launch start alloc multi util fallback; do
	check "  $what" was_measured $what
done
# has_clock BENCHMARK: the units had settled, and were looked at
has_clock()
{
	grep "\"name\":\"gpu/$1/" out | grep -q '"metric":"clock"'
}

for what in triad latency levels; do
	check "  the clock of $what" has_clock $what
done
check "caches" grep -q '"metric":"beyond_latency","unit":"ns"' out
check "arithmetic in each type" runs 0 gpu/roofline -P size=4Ki -P rounds=4 -s cuda
check "  is right" all_ok
for type in fp32 fp64 fp16 int32 int8; do
	check "  roofline of $type" was_measured "roofline/type:$type"
done
check "products on the driver" runs 0 gpu/gemm gpu/mixed -P n=32 -P type=bf16 -P way=tensor,library -s cuda
check "  are right" all_ok
check "  gemm" was_measured gemm
check "  mixed" was_measured mixed
check "a break-even point" runs 0 gpu/break_even -P n=64 -P way=library -P against=naive -s cuda,null
check "  is found where there is one" was_measured break_even
check "rows on the driver" runs 0 gpu/rows -P rows=100 -P kernel=kmeans -s cuda
check "  are right" all_ok
check "  rows" was_measured rows
check "streams and copies on the driver" runs 0 gpu/stream gpu/transfer -P size=64Ki -P way=both -P kernel=dot -s cuda
check "  are right" all_ok
check "  stream" was_measured stream
check "  transfer" was_measured transfer

check "what the host lacks has a reason" runs 0 gpu/transfer -s host,null -P size=4Ki -P way=to
check "  which is said" grep -q 'all memory is the host' out

FAKE_CUDA='throttled=2'
export FAKE_CUDA
check "a clock that sinks" runs 0 gpu/roofline -s cuda -P type=fp32 -P size=64Ki -P rounds=20
check "  is counted" grep -q '"throttled":{"value":[1-9]' out
FAKE_CUDA='dear=1000'
check "launches that take a millisecond of the caller" runs 0 gpu/triad -s cuda -P size=64Ki
# 192 KiB in a millisecond are 0.2 GB/s.
check "  are no time of the device's" faster_than 1e9
FAKE_CUDA='devices=4'
check "several devices" runs 0 gpu/multi -s cuda -P devices=2,4 -P size=64Ki
check "  add up" all_ok
FAKE_CUDA='devices=4,together=4'
check "  work at the same time" runs 0 gpu/multi -s cuda -P devices=4 -P size=64Ki
check "  and are right" all_ok
FAKE_CUDA='devices=4'
check "  sums on each of them" runs 0 gpu/exchange -s cuda -P way=allreduce -P devices=3 -P size=64Ki
check "  are right" all_ok
FAKE_CUDA='devices=2,peers=0'
check "  devices that do not reach each other" runs 0 gpu/exchange -s cuda -P through=peer -P size=64Ki
check "  are no peers, and it says so" grep -q 'device 1 cannot reach the memory of device 0' out
FAKE_CUDA='devices=4'
check "more devices than there are" runs 0 gpu/multi -s cuda -P devices=8 -P size=64Ki -P way=weak
check "  are not there" grep -q '8 devices wanted, there are 4' out

# Each process of a sanitised build takes seconds to get PoCL ready: what is skipped tells that there is none.
POCL_DEVICES='basic basic pthread pthread'
export POCL_DEVICES
"$assay" run $short gpu/multi gpu/exchange -s opencl -P devices=4 -P size=64Ki >out 2>err
opencl=$?
unset POCL_DEVICES
if grep '"event":"result"' out | grep -q -v '"status":"skipped"'; then
	check "several devices of OpenCL" test $opencl -eq 0
	check "  add up" all_ok
	check "launches and graphs of OpenCL" runs 0 gpu/launch gpu/overlap gpu/util -s opencl -P size=64Ki \
		-P streams=3 -P nodes=7 -P rounds=20
	check "  are right" all_ok
fi

FAKE_CUDA='wrong=2'
check "a wrong answer is a failure" runs 3 gpu/triad -s cuda -P size=64Ki
check "  and says which" grep -q 'element 0 is' out

FAKE_CUDA='nan=1'
check "a NaN is a failure" runs 3 gpu/triad -s cuda -P size=64Ki
check "  and not a figure" grep -q 'element 0 is -*nan' out

FAKE_CUDA='memory=1000000'
check "memory that is too full to try the device" runs 0 gpu/triad -s cuda,null -P size=4Ki
check "  is no failure" grep -q '"status":"skipped","reason":"[^"]*MiB free' out
FAKE_CUDA='lost=60'
check "a lost device is a failure" runs 3 gpu/launch -s cuda -P way=wait -P nodes=100
check "  with the driver's words" grep -q 'CUDA_ERROR_LAUNCH_FAILED' out
FAKE_CUDA='oom=1048576'
check "full memory is no failure" runs 0 gpu/triad -s cuda,null -P size=4Mi
check "  and says how full" grep -q 'MiB free' out

FAKE_CUDA='init=100'
check "no device is no failure" runs 0 gpu/triad -s cuda,null -P size=4Ki
check "  and says why" grep -q 'CUDA_ERROR_NO_DEVICE' out
check "claims without a device" runs 0 gpu/multi -s cuda -P way=strong -P devices=1,2,4,8 -P size=512Mi
check "  have a page" ends 0 "$assay" report --claims "$claims" -o claims.html
for n in 2 4 8; do
	check "  S4.gpus_$n is not measurable here" grep -q ">S4.gpus_$n<.*not measurable.*no CUDA-capable device" claims.html
done

FAKE_CUDA='mig=1,memory=16777216'
check "an instance of a shared device" runs 0 gpu/triad gpu/stream -s cuda -P size=64Ki,64Mi -P kernel=copy -P cache=hot
check "  is measured" was_measured triad
check "  has its own memory only" grep -q 'MIG 1g.10gb.*the device has 16 MiB in all' out
check "  and no limit that is not its own" sh -c '! grep -q of_limit out'

# diagnoses: what the doctor says of devices, in one line
diagnoses()
{
	"$assay" doctor --probe 1ms >found 2>&1 || return 1
	sed -n '/^Devices/,/^Noise/p' found | tr -s ' \n' ' ' >out
}

check "the doctor sees the instance" diagnoses
check "  its name, units and memory" grep -q 'MIG 1g.10gb, sm_90, driver of CUDA 13.0, 1 multiprocessors, 16 MiB' out
check "  what it can do" grep -q 'at most fp32 256.0 Gop/s, fp64 128.0 Gop/s' out
check "  what is not known, and why, once" grep -q 'limits unavailable (memory, link, int8): a MIG instance' out
check "  what it lacks" grep -q 'MIG instances do not reach each other' out

# Two toolkits side by side, the driver being of the older one's time.
mkdir -p older
ln -sf "$CUDA_HOME/libnvrtc.so.13" older/libnvrtc.so.12
FAKE_CUDA='driver=12040'
CUDA_PATH=$PWD/older
export CUDA_PATH
check "several toolkits" diagnoses
check "  the one that fits the driver is chosen" grep -q 'compiles with [^ ]*/older/libnvrtc.so.12' out
check "  all of them are named" grep -q 'toolkits .*libnvrtc.so.13' out
check "  and it compiles" runs 0 gpu/triad -s cuda -P size=4Ki
unset CUDA_PATH
check "a driver older than the toolkit" runs 0 gpu/triad -s cuda,null -P size=4Ki
check "  is skipped with what to do" grep -q 'the driver knows CUDA 12.4 and the compiler is .*update the driver, or install a toolkit 12' out

echo "1..$count"
