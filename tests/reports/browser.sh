#!/bin/sh
# SPDX-License-Identifier: MIT
# browser: a page of two runs in a real browser: sorting, filters, its policy, without scripts, narrow windows, light and
# dark by axe-core, the console, print. TAP.
# usage: browser.sh ASSAY [CHROMIUM]
set -u
[ $# -ge 2 ] || { echo '1..0 # SKIP chromium is not installed' && exit; }
assay=$(realpath "$1") && chromium=$2 || exit 1
here=$(realpath "$(dirname "$0")") || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset ASSAY_DB

# browse OPTION... PAGE: in a profile of its own, so that it meets nobody else's; a page may look into those beside it.
browse() {
	HOME=$dir timeout 100 "$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$dir/browser" \
		--no-first-run --disable-extensions --disable-background-networking \
		--disable-component-update --allow-file-access-from-files "$@"
}

cp "$here/browser.html" "$here/axe/axe.min.js" . || exit 1
cat >claims.yaml <<'END'
budgets:
  slow:
    claim: X1
    source: a paper
    bound: memory/alloc_pair/size:64/subject:pool <= 1 s
END
for seed in 1 2; do
	"$assay" run -q -t 1ms -n 5 --seed $seed -s pool,slab,null memory/alloc_pair
done >run.txt 2>&1
"$assay" report -o page.html --claims claims.yaml @last~1 @last >report.txt 2>&1 || {
	sed 's/^/# /' run.txt report.txt
	echo 'Bail out! no page'
	exit 1
}
# The policy of the page would not let axe in.
sed '/http-equiv="Content-Security-Policy"/d; s|</body>|<script src="axe.min.js"></script></body>|' page.html >axe.html

browse --virtual-time-budget=60000 --dump-dom "file://$dir/browser.html" >dom.html 2>browser.txt
sed -n '/<pre id="out">/,/<\/pre>/p' dom.html | sed 's/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >tap.txt
if ! grep -q '^1\.\.[1-9]' tap.txt; then
	if grep -q -i -e 'sandbox' -e 'namespace' -e 'shared memory' browser.txt; then
		echo "1..0 # SKIP chromium does not start here: $(grep -i -m 1 -e sandbox -e namespace -e memory browser.txt)"
	else
		sed 's/^/# /' browser.txt | head -n 20
		echo 'Bail out! the browser said nothing'
	fi
	exit
fi
n=$(sed -n 's/^1\.\.//p' tap.txt)
echo "1..$((n + 4))"
grep -v '^1\.\.' tap.txt

# check NAME COMMAND...: one test, ok when the command succeeds
check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}

silent() {
	[ -s console.txt ] && ! grep 'CONSOLE' console.txt | sed 's/^/# /' | grep .
}

# In the tags of the document printed is every row, folded or not.
every_row() {
	want=$(grep -o '<tr' page.html | wc -l) got=$(grep -a -o '/S /TR' page.pdf | wc -l)
	[ "$want" = "$got" ] || { echo "# $got rows of $want"; return 1; }
}

# None of the fonts that the page names, and one that suits it badly. Without any the browser does not start.
one_font() {
	font=$(find /usr/share/fonts -name '*.ttf' | LC_ALL=C sort | head -n 1)
	mkdir -p fonts && cp "$font" fonts/ || return 1
	echo "<?xml version='1.0'?><fontconfig><dir>$dir/fonts</dir><cachedir>$dir/fonts</cachedir></fontconfig>" >fonts.conf
	FONTCONFIG_FILE=$dir/fonts.conf browse --virtual-time-budget=5000 --dump-dom "file://$dir/page.html" >fonts.html 2>/dev/null
	[ "$(grep -o '<tr' fonts.html | wc -l)" = "$(grep -o '<tr' page.html | wc -l)" ]
}

check 'a machine with one font shows every row' one_font
browse --enable-logging=stderr --no-pdf-header-footer --print-to-pdf=page.pdf "file://$dir/page.html" \
	>console.txt 2>&1
check 'the console stays empty' silent
check 'the page prints' grep -q -a '^%PDF' page.pdf
check 'with all that is folded' every_row
