#!/bin/sh
# SPDX-License-Identifier: MIT
# picture: docs/report.png, the top of the page of a run made now, as a browser shows it.
# usage: docs/picture.sh ASSAY [PATTERN...]
set -eu
assay=$(realpath "$1")
shift
picture=$(realpath "$(dirname "$0")")/report.png
browser=$(command -v chromium || command -v chromium-headless-shell || command -v google-chrome) ||
	{ echo 'picture: no chromium' >&2 && exit 6; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$assay" run --db run.db "$@" >/dev/null
"$assay" report --db run.db -o report.html
HOME=$work "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" \
	--window-size=1100,1500 --screenshot="$work/report.png" "file://$work/report.html" >browser.txt 2>&1 ||
	{ cat browser.txt >&2 && exit 3; }
[ -s report.png ] || { cat browser.txt >&2 && exit 3; }
mv report.png "$picture"
echo "$picture"
