#!/bin/sh
# SPDX-License-Identifier: MIT
# embed: the bytes of a file as a C array. usage: embed.sh FILE OUTPUT.c
set -eu
{
	echo '/* The replay_clock library, whole. */'
	echo '#include "harness/engine/replay_clock.h"'
	echo 'const unsigned char assay_replay_clock[] = {'
	od -v -An -tu1 "$1" | tr -s ' ' ',' | sed 's/^,//; s/$/,/'
	echo '};'
	echo 'const size_t assay_replay_clock_size = sizeof(assay_replay_clock);'
} >"$2"
