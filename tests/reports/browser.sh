#!/bin/sh
# SPDX-License-Identifier: MIT
# browser: a page of two runs in a real browser: sorting, filters, its policy, narrow windows. TAP.
# usage: browser.sh ASSAY [CHROMIUM]
set -u
[ $# -ge 2 ] || { echo '1..0 # SKIP chromium is not installed' && exit; }
assay=$(realpath "$1") && chromium=$2 || exit 1
driver=$(realpath "$(dirname "$0")/browser.html") || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset ASSAY_DB
cp "$driver" . || exit 1
for seed in 1 2; do
	"$assay" run -q -t 1ms -n 5 --seed $seed -s pool,slab,null memory/alloc_pair
done >run.txt 2>&1
"$assay" report -o page.html @last~1 @last >report.txt 2>&1 || {
	sed 's/^/# /' run.txt report.txt
	echo 'Bail out! no page'
	exit 1
}
# Its own profile, so that it meets nobody else's; the page may look into the one beside it.
HOME=$dir timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" \
	--no-first-run --disable-extensions --disable-background-networking \
	--allow-file-access-from-files --dump-dom "file://$dir/browser.html" >dom.html 2>browser.txt
sed -n '/<pre id="out">/,/<\/pre>/p' dom.html | sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g' >tap.txt
if grep -q '^1\.\.[1-9]' tap.txt; then
	cat tap.txt
elif grep -q -i -e 'sandbox' -e 'namespace' -e 'shared memory' browser.txt; then
	echo "1..0 # SKIP chromium does not start here: $(grep -i -m 1 -e sandbox -e namespace -e memory browser.txt)"
else
	sed 's/^/# /' browser.txt | head -n 20
	echo 'Bail out! the browser said nothing'
fi
