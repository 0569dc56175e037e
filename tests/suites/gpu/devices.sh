#!/bin/sh
# SPDX-License-Identifier: MIT
# devices: every benchmark of the suite, from the command line, on the stand-in for the CUDA driver, several devices of
# it and of OpenCL's, where that is; then bad days. Prints TAP. usage: devices.sh ASSAY (with the stand-ins in the
# environment)
# shellcheck disable=SC2086  # $short and $what are several words
set -u
assay=$(realpath "$1") || exit 1
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

for what in triad 'stream -P kernel=scale,dot' latency roofline transfer 'overlap -P streams=1,3' \
	'launch -P nodes=1,7' alloc 'gemm -P n=64' 'rows -P rows=100' 'multi -P devices=1' \
	'fallback -P rows=100'; do
	case $what in
	launch* | gemm* | rows* | fallback*) size= ;;
	roofline*) size='-P size=64Ki -P rounds=1,20' ;;
	*) size='-P size=64Ki' ;;
	esac
	check "gpu/$what" runs 0 gpu/$what $size -s cuda
	check "  is right" all_ok
done

check "what the host lacks has a reason" runs 0 gpu/transfer -s host,null -P size=4Ki
check "  which is said" grep -q 'all memory is the host' out

FAKE_CUDA='devices=4'
export FAKE_CUDA
check "several devices" runs 0 gpu/multi -s cuda -P devices=2,4,8 -P size=64Ki
check "  add up" all_ok
check "  and more are not there" grep -q '8 devices wanted, there are 4' out

if "$assay" run $short gpu/triad -s opencl -P size=4Ki 2>/dev/null | grep -q '"status":"\(ok\|unstable\)"'; then
	POCL_DEVICES='basic basic pthread pthread'
	export POCL_DEVICES
	check "several devices of OpenCL" runs 0 gpu/multi -s opencl -P devices=4 -P size=64Ki
	check "  add up" all_ok
	unset POCL_DEVICES
	for what in 'launch -P nodes=7 -P way=graph' 'gemm -P n=64 -P way=tiled' 'rows -P rows=100 -P transfers=no' \
		'stream -P size=64Ki -P cache=hot -P kernel=dot' 'latency -P size=4Ki' \
		'roofline -P size=4Ki -P rounds=20' 'overlap -P size=64Ki -P streams=3'; do
		check "OpenCL: gpu/$what" runs 0 gpu/$what -s opencl
		check "  is right" all_ok
	done
fi

FAKE_CUDA='wrong=2'
check "a wrong answer is a failure" runs 3 gpu/triad -s cuda -P size=64Ki
check "  and says which" grep -q 'element 0 is' out

FAKE_CUDA='lost=60'
check "a lost device is a failure" runs 3 gpu/launch -s cuda -P way=wait -P nodes=100
check "  with the driver's words" grep -q 'CUDA_ERROR_LAUNCH_FAILED' out
FAKE_CUDA='oom=1048576'
check "full memory is no failure" runs 0 gpu/triad -s cuda,null -P size=4Mi
check "  and says how full" grep -q 'MiB free' out

FAKE_CUDA='init=100'
check "no device is no failure" runs 0 gpu/triad -s cuda,null -P size=4Ki
check "  and says why" grep -q 'CUDA_ERROR_NO_DEVICE' out

echo "1..$count"
