#!/bin/sh
# SPDX-License-Identifier: MIT
# gpu_build: how long the devices' part of the program takes to compile on two CPUs, with no toolkit in sight.
# usage: gpu_build.sh ROOT MOST_SECONDS CC...
set -eu
root=$1 most=$2
shift 2
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
began=$(date +%s%N)
# shellcheck disable=SC2016  # the inner shell expands them, the compiler's words one by one
find "$root/suites/gpu" -name '*.c' -print0 | xargs -0 -P 2 -n 1 sh -c '
	$3 -std=gnu17 -O3 -D_GNU_SOURCE -DASSAY_OPENCL=1 -DASSAY_OPENCL_HEADERS=0 -I "$2" -c "$4" \
		-o "$1/$(basename "$(dirname "$4")")-$(basename "$4").o"' sh "$to" "$root" "$*"
ms=$((($(date +%s%N) - began) / 1000000))
printf '%d files compiled in %d ms; at most %d s: ' "$(find "$to" -name '*.o' | wc -l)" "$ms" "$most"
if [ "$ms" -gt $((most * 1000)) ]; then
	echo MISSED
	exit 1
fi
echo met
