#!/bin/sh
# SPDX-License-Identifier: MIT
# report_load: a page of a million samples out of a store, by the program itself, and how long the page takes to load in
# Chromium: the median of seven.
# usage: report_load.sh ASSAY BENCH_REPORT [CHROMIUM]
set -eu
assay=$(realpath "$1") bench=$(realpath "$2") chromium=${3:-}
here=$(realpath "$(dirname "$0")")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
unset ASSAY_DB
rc=0

# verdict WHAT MS LIMIT
verdict() {
	met=met
	[ "$2" -le "$3" ] || { met=MISSED && rc=1; }
	printf '%-44s %5d ms; at most %d ms: %s\n' "$1" "$2" "$3" "$met"
}

"$bench" whole.html 1000
"$assay" import -q --db store.db whole.html
for _ in 1 2 3 4 5 6 7; do
	began=$(date +%s%N)
	"$assay" report -q --db store.db -o page.html
	echo $((($(date +%s%N) - began) / 1000000))
done >times.txt
verdict '1,000,000 samples from a store to a page' "$(sort -n times.txt | sed -n 4p)" 1000
printf '%-44s %5d KB, %d with gzip\n' 'its weight' $(($(wc -c <page.html) / 1000)) \
	$(($(gzip -9 <page.html | wc -c) / 1000))

[ -n "$chromium" ] || { echo 'not loaded: chromium is not installed' && exit "$rc"; }
cp "$here/report_load.html" .
for _ in 1 2 3 4 5 6 7; do
	HOME=$dir timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" \
		--no-first-run --disable-extensions --disable-background-networking --disable-component-update \
		--allow-file-access-from-files --dump-dom "file://$dir/report_load.html" 2>browser.txt |
		sed -n 's/.*<pre id="out">\([0-9]*\)<.*/\1/p'
done >times.txt
[ "$(wc -l <times.txt)" = 7 ] || { head -n 5 browser.txt && exit 2; }
verdict 'until it is loaded in Chromium' "$(sort -n times.txt | sed -n 4p)" 500
exit "$rc"
