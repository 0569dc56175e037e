#!/bin/sh
# SPDX-License-Identifier: MIT
# longest: files over 600 lines and functions over 60, to look at again; never an error.
# usage: longest.sh ROOT
# shellcheck disable=SC2016 # the single quotes hold awk
set -eu
cd "$1"
find cli harness suites profiler reports -type f \( -name '*.[ch]' -o -name '*.cc' \) |
	LC_ALL=C sort | xargs -r awk '
function close_file()
{
	if (file != "" && lines > 600)
		printf "%s: %d lines\n", file, lines
}
FNR == 1 {
	close_file()
	file = FILENAME
	start = 0
}
{
	lines = FNR
}
# A function: its opening and closing braces stand alone in the first column.
/^\{$/ {
	start = FNR
	name = before
}
/^\}$/ && start {
	if (FNR - start - 1 > 60) {
		sub(/\(.*/, "", name)
		sub(/.*[ *]/, "", name)
		printf "%s:%d: %s: %d lines\n", FILENAME, start, name, FNR - start - 1
	}
	start = 0
}
/^[a-z].*\(/ {
	before = $0
}
END {
	close_file()
}'
