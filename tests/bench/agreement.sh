#!/bin/sh
# SPDX-License-Identifier: MIT
# agreement: shares of a program's functions by assay profile and by perf record, in turns, beside what they are
# known to be. Fails when the hottest one differs by 2 points or more. usage: agreement.sh ASSAY SHARES
set -eu
assay=$1 shares=$2
rate=1999 seconds=4 turns=3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! perf record -q -e cpu-clock -o "$dir/try" -- true >"$dir/why" 2>&1; then
	echo "skipped: no perf record here: $(head -n 1 "$dir/why")"
	exit 77
fi

# What each says of itself: "FUNCTION SAMPLES" per line.
by_assay()
{
	"$assay" profile -q --db "$dir/p.db" --rate $rate --folded "$dir/folded" -- "$shares" $seconds >"$dir/out"
	awk '{ n = $NF; sub(/ [0-9]+$/, ""); k = split($0, f, ";"); print f[k], n }' "$dir/folded"
}
by_perf()
{
	perf record -q -e cpu-clock -F $rate -g -o "$dir/perf" -- "$shares" $seconds >"$dir/out"
	perf script -i "$dir/perf" -F ip,sym -G 2>/dev/null | awk 'NF >= 2 { print $2, 1 }'
}
: >"$dir/assay" && : >"$dir/perf.sums"
turn=0
while [ $turn -lt $turns ]; do
	by_assay >>"$dir/assay"
	by_perf >>"$dir/perf.sums"
	turn=$((turn + 1))
done
awk '
	FNR == 1 { side++ }
	{ sum[side, $1] += $2; all[side] += $2 }
	END {
		split("five_tenths three_tenths two_tenths", name, " ")
		split("50 30 20", truth, " ")
		printf "%-14s %8s %8s %8s %8s\n", "share, %", "is", "assay", "perf", "points"
		for (i = 1; i <= 3; i++) {
			a = 100 * sum[1, name[i]] / all[1]
			p = 100 * sum[2, name[i]] / all[2]
			printf "%-14s %8.1f %8.2f %8.2f %+8.2f\n", name[i], truth[i], a, p, a - p
			if (i == 1)
				off = a > p ? a - p : p - a
		}
		printf "%d and %d samples; the hottest function differs by %.2f points, less than 2 asked: %s\n", \
			all[1], all[2], off, off < 2 ? "met" : "MISSED"
		exit !(off < 2)
	}' "$dir/assay" "$dir/perf.sums"
