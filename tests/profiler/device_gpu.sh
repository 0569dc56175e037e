#!/bin/sh
# SPDX-License-Identifier: MIT
# device_gpu: tools/device-gpu.sh as far as it goes without a device: on the stand-ins, and with nothing at all.
# Prints TAP. usage: device_gpu.sh ASSAY SCRIPT (with the stand-ins in the environment)
set -u
assay=$(realpath "$1") && script=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# A stand-in for ncu: three launches of a kernel that moves what the stand-in for CUPTI counts, or not.
mkdir bin && cat >bin/ncu <<'NCU'
#!/bin/sh
while [ $# -gt 0 ]; do
	[ "$1" = --log-file ] && file=$2
	shift
done
{
	echo '"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"'
	for launch in 1 2 3; do
		echo "\"$launch\",\"triad\",\"dram__bytes_read.sum\",\"byte\",\"60\""
	done
} >"$file"
NCU
chmod +x bin/ncu
with_ncu=$PWD/bin:$PATH

check "counters on the stand-ins" ends 0 env PATH="$with_ncu" "$script" -t -o one -a "$assay" counters table
check "  are held against ncu" shows '^| dram__bytes_read.sum / ncu | 0.99 to 1.01 | [0-9.]* |'
check "  and what ncu does not say is not measured" shows '^| sm__inst_executed.sum / ncu | *| not measured |'
check "  with the share of the traced kernels" shows '^| kernel time traced / timed | at most 1.1 | [0-9.]* |'
check "  and a trace" grep -q '"cat":"kernel"' one/trace.json
check "what is done" ends 0 "$script" -t -o one -a "$assay" counters
check "  is not done again" shows 'counters: done before'
check "peers that are not there" ends 0 "$script" -t -o one -a "$assay" peers table
check "  are skipped" shows 'triad / BabelStream | *| not measured | no cuda-stream on PATH'
unset LD_LIBRARY_PATH
check "no device at all" ends 0 "$script" -t -o two -a "$assay" probe counters table
check "  is a sentence per figure" shows '^| cases that are right | *| not measured | no CUDA driver'
check "  and never a number" sh -c '! grep -q "traced / timed | at most" out'
mkdir none && for tool in sh date dirname sed grep mkdir touch mv cat cut; do ln -s "$(command -v $tool)" none/; done
check "a machine without a compiler" ends 0 env PATH="$PWD/none" "$script" -o four -a "$assay" build
check "  is told what to carry" shows 'build: not measured (no meson here: build where there is one and carry'
printf '#!/bin/sh\nexit 1\n' >none/meson && cp none/meson none/ninja && cp none/meson none/cc && chmod +x none/meson none/ninja none/cc
cp -r "$(dirname "$script")" tools
for tool in timeout wc awk ldd tr objdump sort tail; do ln -sf "$(command -v $tool)" none/; done
check "a build that fails" ends 1 env PATH="$PWD/none" tools/device-gpu.sh -o five build
check "  is tried again" ends 1 env PATH="$PWD/none" tools/device-gpu.sh -o five build
check "  and says where to look" shows 'build: failed (see build.log)'
check "a stage that does not exist" ends 2 "$script" -o one -a "$assay" nothing
check "  is named" says "there is no stage 'nothing'"
check "a program that is not there" ends 2 "$script" -o three -a ./nowhere probe
check "  is said to be missing" says 'run stage build'

echo "1..$count"
