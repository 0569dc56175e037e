#!/bin/sh
# SPDX-License-Identifier: MIT
# flame: a flame graph in a real browser: zoom, search, reset, and whether everything is on the page. TAP.
# usage: flame.sh ASSAY TARGET [CHROMIUM]
set -u
[ $# -ge 3 ] || { echo '1..0 # SKIP chromium is not installed' && exit; }
assay=$(realpath "$1") && target=$(realpath "$2") && chromium=$3 || exit 1
page=$(realpath "$(dirname "$0")/flame.html") || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
cp "$target" target && cp "$target" other && cp "$page" . || exit 1
"$assay" profile --db p.db --rate 499 --svg graph.svg -- sh -c './target; ./other' >profile.txt 2>&1 || {
	sed 's/^/# /' profile.txt
	echo 'Bail out! no profile'
	exit 1
}
# Its own profile, so that it meets nobody else's; the page may look into the graph beside it.
HOME=$dir timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" \
	--no-first-run --disable-extensions --disable-background-networking \
	--allow-file-access-from-files --dump-dom "file://$dir/flame.html" >dom.html 2>browser.txt
sed -n '/<pre id="out">/,/<\/pre>/p' dom.html | sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g' >tap.txt
if grep -q '^1\.\.[1-9]' tap.txt; then
	cat tap.txt
elif grep -q -i -e 'sandbox' -e 'namespace' -e 'shared memory' browser.txt; then
	echo "1..0 # SKIP chromium does not start here: $(grep -i -m 1 -e sandbox -e namespace -e memory browser.txt)"
else
	sed 's/^/# /' browser.txt | head -n 20
	echo 'Bail out! the browser said nothing'
fi
