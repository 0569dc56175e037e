#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage: the share of lines that the tests ran, by folder, against the bounds below; and of each file the lines that
# none ran, with -v. Workers that are killed, as most bad ones are, take their counts with them.
# usage: coverage.sh BUILD [-v]
set -eu
build=$1
# folder  at least, in percent
bounds='harness/base 90
harness/machine 90
harness/stats 95
harness/engine 90
harness/store 95
harness/gate 95
profiler 90
reports 90
cli 90'
gcovr --root . --object-directory "$build" --filter '(harness|profiler|reports|cli)/' \
	--gcov-ignore-parse-errors --exclude-unreachable-branches -j 2 --csv "$build/coverage.csv" \
	>"$build/coverage.log" 2>&1 || { tail -n 20 "$build/coverage.log" && exit 2; }
[ "${2:-}" != -v ] || awk -F , 'NR > 1 { printf "%6.1f %% of %5d lines  %s\n", 100 * $4, $2, $1 }' "$build/coverage.csv" |
	sort -n
printf '%s\n' "$bounds" | awk -F , -v csv="$build/coverage.csv" '
BEGIN {
	while ((getline line < csv) > 0) {
		split(line, f, ",")
		n = split(f[1], part, "/")
		folder = part[1] == "harness" && n > 2 ? part[1] "/" part[2] : part[1]
		lines[folder] += f[2]
		run[folder] += f[3]
	}
}
{
	split($0, row, " ")
	folder = row[1]
	share = lines[folder] ? 100 * run[folder] / lines[folder] : 0
	verdict = share >= row[2] ? "ok" : "LESS"
	bad = bad || share < row[2]
	printf "  %-5s %-16s %5.1f %% of %6d lines, at least %d %%\n", verdict, folder, share, lines[folder], row[2]
}
END {
	exit bad
}'
