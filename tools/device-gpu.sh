#!/bin/sh
# SPDX-License-Identifier: MIT
# device-gpu: a machine with an NVIDIA device, measured and held against others, in stages of at most eight minutes each.
# A stage that is done is not done again; what a stage lacks is said in its place. The table is printed at the end.
# usage: tools/device-gpu.sh [-o FOLDER] [-a ASSAY] [build|probe|timing|counters|peers|table ...]
#   -t         small sizes, to try the script itself: the figures say nothing
#   -o FOLDER  where results, logs and the table go (device-gpu)
#   -a ASSAY   the program (default: ./build-device/cli/assay, built by stage `build` on a machine that has a compiler and
#              the packages; it then needs libc and libm alone and can be carried)
# Without stages: probe, timing, counters, peers, table. Clocks, MIG and persistence are left as they are.
set -u
root=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=device-gpu
assay=$root/build-device/cli/assay
small=
while getopts to:a: option; do
	case $option in
	t) small=yes ;;
	o) out=$OPTARG ;;
	a) assay=$OPTARG ;;
	*) sed -n '3,11s/^# //p' "$0" >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- probe timing counters peers table
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
stage_s=480
carried_bytes=67108864
large=1Gi rows=8192 triad=64Mi
[ -z "$small" ] || large=1Mi rows=128 triad=1Mi

# row FIGURE ASKED MEASURED REMARK: a line of the table; a figure that comes again replaces what it was
row()
{
	touch "$out/table.tsv"
	grep -v "^$1	" "$out/table.tsv" >"$out/table.new"
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >>"$out/table.new"
	mv "$out/table.new" "$out/table.tsv"
	echo "$1: $3${4:+ ($4)}"
}

# skip FIGURE REASON
skip()
{
	row "$1" "" "not measured" "$2"
}

has()
{
	command -v "$1" >/dev/null 2>&1
}

# left: seconds that this stage still has
left()
{
	echo $((stage_s - ($(date +%s) - stage_begin)))
}

# within COMMAND...: until the stage's time is over; its output to the stage's log
within()
{
	seconds=$(left)
	[ "$seconds" -gt 0 ] || return 124
	timeout "$seconds" "$@" >>"$out/$stage.log" 2>&1
}

# measure NAME ARGS...: a run whose results go to the store and, as events, to NAME.jsonl; false: no result
measure()
{
	name=$1
	shift
	[ -s "$out/$name.jsonl" ] && return 0
	within "$assay" run --db "$out/results.db" --json="$out/$name.part" "$@"
	[ -s "$out/$name.part" ] && mv "$out/$name.part" "$out/$name.jsonl"
}

# median NAME PATTERN: of the primary metric of the first measured case whose name matches
median()
{
	[ -f "$out/$1.jsonl" ] || return 0
	grep '"primary":true' "$out/$1.jsonl" | grep '"status":"\(ok\|unstable\)"' |
		grep "\"name\":\"$2" | head -n 1 | sed 's/.*"median":\([0-9.e+-]*\).*/\1/'
}

# why NAME PATTERN: why that case has no figure
why()
{
	[ -f "$out/$1.jsonl" ] || { echo "the run gave no result: $stage.log"; return; }
	text=$(grep "\"name\":\"$2" "$out/$1.jsonl" | head -n 1 | sed 's/.*"reason":"\([^"]*\)".*/\1/' | cut -c1-150)
	echo "${text:-there was no such case}"
}

# counter NAME PATTERN EVENT
counter()
{
	grep "\"name\":\"$2" "$out/$1.jsonl" | grep '"primary":true' | head -n 1 |
		sed -n "s/.*\"$3\":{\"value\":\([0-9.e+-]*\).*/\1/p"
}

# ratio A B, to three places; nothing where one of them is missing
ratio()
{
	echo "$1 $2" | awk 'NF == 2 && $2 > 0 { printf "%.3f", $1 / $2 }'
}

# compare FIGURE ASKED OURS THEIRS REMARK WHY-NOT
compare()
{
	got=$(ratio "$3" "$4")
	if [ -n "$got" ]; then
		row "$1" "$2" "$got" "$5"
	else
		skip "$1" "$6"
	fi
}

stage_build()
{
	folder=$root/build-device
	for tool in meson ninja cc; do
		has "$tool" || { skip build "no $tool here: build where there is one and carry $folder/cli/assay"; return 0; }
	done
	[ -f "$folder/build.ninja" ] ||
		within meson setup "$folder" "$root" --buildtype=release -Dauto_features=disabled -Dopencl=enabled -Dprefer_static=true ||
		{ row build "" failed "see build.log"; return 1; }
	within ninja -C "$folder" cli/assay || { row build "" failed "see build.log"; return 1; }
	needs=$(ldd "$folder/cli/assay" | awk '{ print $1 }' | grep -v 'linux-vdso\|ld-linux\|lib[cm]\.so' | tr '\n' ' ')
	libc=$(objdump -T "$folder/cli/assay" 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
	bytes=$(wc -c <"$folder/cli/assay")
	row build "libc and libm alone, at most $carried_bytes bytes" "$bytes bytes" "${needs:+needs also: $needs}from ${libc:-an unknown libc} on"
	[ "$bytes" -le "$carried_bytes" ] && [ -z "$needs" ]
}

sanitize()
{
	tool=compute-sanitizer
	has "$tool" || { skip "compute-sanitizer" "no compute-sanitizer on PATH: it comes with the toolkit"; return; }
	bad=
	for what in triad 'stream -P cache=hot -P kernel=copy,scale,add,dot' latency roofline launch \
		'gemm -P n=128 -P transfers=no' 'rows -P rows=1Ki -P transfers=no'; do
		# shellcheck disable=SC2086 # a benchmark and its options
		# It and ncu may end each launch before the next call, which nothing behind a gate survives.
		within env CUDA_LAUNCH_BLOCKING=1 "$tool" --target-processes all --error-exitcode 9 "$assay" run --db "$out/sanitizer.db" gpu/$what -s cuda \
			--counters none -n 1 -t 1ms --launches 1 -P size=1Mi --timeout 60s
		status=$?
		[ "$status" = 0 ] || bad="$bad ${what%% *}($status)"
	done
	row "compute-sanitizer" "no error" "${bad:-no error}" "memcheck of every kernel"
}

stage_probe()
{
	if has nvidia-smi && nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,mig.mode.current --format=csv,noheader \
		>"$out/device.txt" 2>&1; then
		row device "" "$(head -n 1 "$out/device.txt" | tr '\t' ' ')" "$(date -u +%Y-%m-%d)"
	else
		skip device "nvidia-smi shows no device"
	fi
	within "$assay" doctor
	measure probe gpu -s cuda --counters none -n 3 -t 5ms --launches 1 -P size=1Mi -P n=128 -P rows=1Ki -P rounds=16 \
		-P streams=2 -P nodes=10 -P devices=1 -P groups=64
	ok=$(grep -c '"primary":true.*"status":"\(ok\|unstable\)"' "$out/probe.jsonl" 2>/dev/null)
	bad=$(grep -c '"primary":true.*"status":"\(failed\|crashed\|timeout\)"' "$out/probe.jsonl" 2>/dev/null)
	if [ "${ok:-0}" -gt 0 ]; then
		row "cases that are right" "all" "$ok of $((ok + bad))" "every row, small"
		sanitize
	else
		skip "cases that are right" "$(why probe gpu/)"
		skip "compute-sanitizer" "no case ran"
	fi
}

# Copies on the device, to it and from it, as nearly raw as they can be had: bytes per second.
raw_copies()
{
	has python3 || return 0
	within python3 - "$out/raw.txt" <<'PYTHON'
import ctypes, sys
c = ctypes.CDLL("libcuda.so.1")
def must(status):
    if status: sys.exit("the driver gives %d" % status)
u64, size = ctypes.c_uint64, ctypes.c_size_t
must(c.cuInit(0))
context = ctypes.c_void_p(); must(c.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)); must(c.cuCtxSetCurrent(context))
n = 1 << 30
a, b, host = u64(), u64(), ctypes.c_void_p()
must(c.cuMemAlloc_v2(ctypes.byref(a), size(n))); must(c.cuMemAlloc_v2(ctypes.byref(b), size(n)))
must(c.cuMemHostAlloc(ctypes.byref(host), size(n), 0))
must(c.cuMemsetD8_v2(a, 17, size(n)))
begin, end = ctypes.c_void_p(), ctypes.c_void_p()
must(c.cuEventCreate(ctypes.byref(begin), 0)); must(c.cuEventCreate(ctypes.byref(end), 0))
def best(copy, bytes_moved):
    times = []
    for _ in range(21):
        must(c.cuEventRecord(begin, None)); must(copy()); must(c.cuEventRecord(end, None)); must(c.cuEventSynchronize(end))
        ms = ctypes.c_float(); must(c.cuEventElapsedTime(ctypes.byref(ms), begin, end)); times.append(ms.value)
    return bytes_moved / sorted(times)[10] * 1e3
with open(sys.argv[1], "w") as f:
    f.write("copy %.6g\n" % best(lambda: c.cuMemcpyDtoDAsync_v2(b, a, size(n), None), 2 * n))
    f.write("to %.6g\n" % best(lambda: c.cuMemcpyHtoDAsync_v2(a, host, size(n), None), n))
    f.write("from %.6g\n" % best(lambda: c.cuMemcpyDtoHAsync_v2(host, a, size(n), None), n))
PYTHON
}

# What PyTorch makes of a copy and of a product in bf16.
torch_figures()
{
	has python3 && python3 -c 'import torch' 2>/dev/null || return 0
	within python3 - "$out/torch.txt" <<'PYTHON'
import sys, torch
def best(work):
    times = []
    for i in range(25):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record(); work(); end.record(); end.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times[4:])[10] / 1e3
n = 1 << 28
a = torch.randn(n, device="cuda"); b = torch.empty_like(a)
copy = 8 * n / best(lambda: b.copy_(a))
m = 8192
x = torch.randn(m, m, device="cuda", dtype=torch.bfloat16); y = torch.randn(m, m, device="cuda", dtype=torch.bfloat16)
z = torch.empty(m, m, device="cuda", dtype=torch.bfloat16)
gemm = 2 * m**3 / best(lambda: torch.mm(x, y, out=z))
with open(sys.argv[1], "w") as f:
    f.write("copy %.6g\ngemm %.6g\n" % (copy, gemm))
PYTHON
}

# from FILE WORD: the figure behind a word
from()
{
	[ -f "$out/$1" ] && awk -v word="$2" '$1 == word { print $2 }' "$out/$1"
}

larger()
{
	printf '%s\n' "$@" | awk 'NF && $1 > most { most = $1 } END { if (most) print most }'
}

# lacking THEIRS REASON NAME PATTERN: the reason when they gave no figure, else why we gave none
lacking()
{
	if [ -z "$1" ]; then
		echo "$2"
	else
		why "$3" "$4"
	fi
}

stage_timing()
{
	[ -s "$out/raw.txt" ] || raw_copies
	[ -s "$out/torch.txt" ] || torch_figures
	measure stream gpu/stream -s cuda --counters none -P kernel=copy,triad -P cache=hot -P size="$large" --timeout 120s
	measure transfer gpu/transfer -s cuda --counters none -P way=to,from -P memory=pinned -P size="$large" --timeout 120s
	measure gemm gpu/gemm -s cuda --counters none -P way=tensor,library -P type=bf16 -P transfers=no -P n="$rows" --timeout 200s
	lacks="no raw figure: python3 and a device are needed, see timing.log"
	best=$(larger "$(from raw.txt copy)" "$(from torch.txt copy)")
	for kernel in copy triad; do
		compare "$kernel / best of cuMemcpyDtoD and PyTorch" "at least 0.97" "$(median stream "gpu/stream/kernel:$kernel")" "$best" \
			"$(median stream "gpu/stream/kernel:$kernel") B/s" "$(lacking "$best" "$lacks" stream "gpu/stream/kernel:$kernel")"
	done
	for way in to from; do
		raw=$(from raw.txt "$way")
		compare "pinned copy $way the device / raw loop" "at least 0.97" "$(median transfer "gpu/transfer/way:$way")" "$raw" \
			"$(median transfer "gpu/transfer/way:$way") B/s" "$(lacking "$raw" "$lacks" transfer "gpu/transfer/way:$way")"
	done
	library=$(median gemm gpu/gemm/way:library)
	compare "cuBLASLt row / PyTorch, bf16, $rows" "at least 0.97" "$library" "$(from torch.txt gemm)" "$library flop/s" \
		"$(lacking "$(from torch.txt gemm)" "no PyTorch with CUDA here" gemm gpu/gemm/way:library)"
	compare "own tensor kernel / cuBLASLt, bf16, $rows" "at least 0.5" "$(median gemm gpu/gemm/way:tensor)" "$library" \
		"$(median gemm gpu/gemm/way:tensor) flop/s" "$(why gemm gpu/gemm/way:tensor)"
}

# ncu_sum METRIC: of one launch, from ncu's table with one value a line; the median over launches
ncu_value()
{
	grep "\"$1\"" "$out/ncu.csv" 2>/dev/null | awk -F'","' '{ gsub(/[",]/, "", $NF); print $NF }' | sort -g |
		awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'
}

stage_counters()
{
	what="gpu/triad -s cuda -P size=$triad"
	# shellcheck disable=SC2086 # a benchmark and its options
	measure counters $what --counters gpu_counters --launches 1 --timeout 120s
	# shellcheck disable=SC2086
	measure trace $what --counters gpu,gpu_energy --launches 1 --timeout 120s
	within "$assay" export --db "$out/results.db" --format trace -o "$out/trace.json"
	share=$(counter trace gpu/triad gpu_kernel_share)
	if [ -n "$share" ]; then
		row "kernel time traced / timed" "at most 1.1" "$share" "gpu/triad of $triad"
	else
		skip "kernel time traced / timed" "$(counter_reason trace gpu_kernel_time)"
	fi
	has ncu || { skip "counters / ncu" "no ncu on PATH: it comes with the toolkit"; return 0; }
	if [ ! -s "$out/ncu.csv" ]; then
		# shellcheck disable=SC2086
		timeout "$(left)" env CUDA_LAUNCH_BLOCKING=1 ncu --target-processes all --clock-control none --csv --log-file "$out/ncu.csv" --launch-count 20 --kernel-name triad \
			--metrics dram__bytes_read.sum,dram__bytes_write.sum,sm__inst_executed.sum \
			"$assay" run --db "$out/ncu.db" $what --counters none -n 3 -t 1ms --launches 1 >>"$out/$stage.log" 2>&1
	fi
	for pair in gpu_dram_read=dram__bytes_read.sum gpu_dram_write=dram__bytes_write.sum gpu_instructions=sm__inst_executed.sum; do
		compare "${pair#*=} / ncu" "0.99 to 1.01" "$(counter counters gpu/triad "${pair%%=*}")" "$(ncu_value "${pair#*=}")" \
			"gpu/triad of $triad, a launch" "$(counter_reason counters "${pair%%=*}")"
	done
}

# counter_reason NAME EVENT: why it has no value
counter_reason()
{
	text=$(grep '"primary":true' "$out/$1.jsonl" 2>/dev/null | sed -n "s/.*\"$2\":{\"value\":null[^}]*\"reason\":\"\([^\"]*\)\".*/\1/p" |
		head -n 1 | cut -c1-150)
	echo "${text:-$(why "$1" gpu/triad)}"
}

stage_peers()
{
	if has nvbandwidth; then
		within nvbandwidth -t host_to_device_memcpy_ce device_to_host_memcpy_ce
		for way in to from; do
			test=host_to_device
			[ "$way" = to ] || test=device_to_host
			peer=$(awk -v test="${test}_memcpy_ce" '$0 ~ "^SUM " test { print $3 * 1e9 }' "$out/$stage.log" | tail -n 1)
			compare "pinned copy $way the device / nvbandwidth" "at least 0.97" "$(median transfer "gpu/transfer/way:$way")" "$peer" \
				"" "nvbandwidth gave no figure, see peers.log"
		done
	else
		skip "pinned copy / nvbandwidth" "no nvbandwidth on PATH"
	fi
	if has cuda-stream; then
		within cuda-stream --arraysize 268435456 --float --csv
		peer=$(awk -F, '$1 == "Triad" { print $5 * 1e6 }' "$out/$stage.log" | tail -n 1)
		compare "triad / BabelStream" "at least 0.97" "$(median stream gpu/stream/kernel:triad)" "$peer" "" "BabelStream gave no figure, see peers.log"
	else
		skip "triad / BabelStream" "no cuda-stream on PATH"
	fi
}

stage_table()
{
	{
		[ -z "$small" ] || echo "Small sizes, to try the script: these figures say nothing."
		echo "| figure | asked | measured | remarks |"
		echo "|---|---|---|---|"
		awk -F'\t' '{ printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$out/table.tsv"
	} >"$out/table.md"
	cat "$out/table.md"
}

failed=0
for stage; do
	stage_begin=$(date +%s)
	case $stage in
	build | probe | timing | counters | peers) ;;
	table)
		touch "$out/table.tsv"
		stage_table
		continue
		;;
	*)
		echo "device-gpu.sh: there is no stage '$stage': build, probe, timing, counters, peers, table" >&2
		exit 2
		;;
	esac
	if [ -f "$out/$stage.done" ]; then
		echo "== $stage: done before, remove $out/$stage.done to do it again"
		continue
	fi
	if [ "$stage" != build ] && [ ! -x "$assay" ]; then
		echo "device-gpu.sh: there is no $assay: run stage build, or say -a ASSAY" >&2
		exit 2
	fi
	echo "== $stage"
	status=0
	case $stage in
	build) stage_build || status=1 ;;
	probe) stage_probe || status=1 ;;
	timing) stage_timing || status=1 ;;
	counters) stage_counters || status=1 ;;
	peers) stage_peers || status=1 ;;
	esac
	if [ "$status" != 0 ]; then
		echo "$stage: failed, and is done again when it is started again"
		failed=1
	elif [ "$(left)" -gt 0 ]; then
		touch "$out/$stage.done"
	else
		echo "$stage: its $stage_s s are over; start it again for the rest"
		failed=1
	fi
done
exit $failed
