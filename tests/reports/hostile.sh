#!/bin/sh
# SPDX-License-Identifier: MIT
# hostile: 200 names that would run something, if any of them were ever interpreted, through every format. TAP.
# usage: hostile.sh ASSAY [XMLLINT]
# shellcheck disable=SC2016  # what stands in single quotes is meant as it is
set -u
assay=$(realpath "$1") || exit 1
xmllint=${2:-}
# The names, as they stand in JSON: one a line.
names=$(realpath "$(dirname "$0")/hostile.txt") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# Each name eight times, as a subject, beside a machine, a command and tags that are no better.
cat >run.jsonl <<'END'
{"schema":"assay/1","event":"run","id":1,"uuid":"01a1fef9-b347-7af4-adeb-9b733ec3a3d2","status":"complete","started_ns":1795279139642724693,"finished_ns":1795279149642724693,"profile":"full","seed":"1","noise":"B","version":"0.1.0","commit":null,"dirty":false,"machine":"$(touch canary)`touch canary`<script>1</script>","fingerprint":"b6de38ee2cec8625b27f74f8f2a320a69f56f66bcccb4e0235530dd9364a0b0f","command":["./x","$(touch canary)"],"tags":{"<b>":"`touch canary`"},"results":200}
END
awk '{
	for (i = 0; i < 8; i++) {
		name = $0 " " ++n
		printf "{\"schema\":\"assay/1\",\"event\":\"result\",\"name\":\"zoo/w%d/subject:%s/threads:1\",", i, name
		printf "\"suite\":\"zoo\",\"benchmark\":\"w%d\",\"subject\":\"%s\",\"params\":{},\"threads\":1,", i, name
		printf "\"metric\":\"time\",\"unit\":\"ns/op\",\"better\":\"lower\",\"primary\":true,\"status\":\"ok\","
		printf "\"reason\":\"%s\",\"n\":1,\"median\":%d,\"lo\":null,\"hi\":null,\"min\":1,\"max\":1,", name, n
		printf "\"mean\":1,\"sd\":null,\"mad\":null,\"p50\":1,\"p90\":1,\"p99\":1,\"p999\":1,\"noise\":\"B\","
		printf "\"driver\":\"native\",\"clock\":\"monotonic\",\"flags\":0,\"version\":0}\n"
	}
}' "$names" >>run.jsonl
# The same names as a reader sees them.
sed 's/\\"/"/g; /\\u/d' "$names" >shown.txt

# holds FILE: every name stands in it as it is
holds()
{
	while IFS= read -r name; do
		grep -q -F -e "$name" "$1" || { echo "# $1 lacks $name" && return 1; }
	done <shown.txt
}

# plain FILE: no control bytes, and nothing that turns the direction of writing
plain()
{
	! LC_ALL=C grep -q -e "$(printf '[\001-\010\013-\037]')" -e "$(printf '\342\200\256')" "$1"
}

check 'such a run is imported' ends 0 "$assay" import --format assay run.jsonl
check 'as a page' ends 0 "$assay" report -o page.html
if command -v gnuplot >/dev/null; then
	check '  with its figures' grep -q '<figure>' page.html
	check '  all of them' sh -c '! grep -q -i -e "figures are missing" -e "without figures" page.html'
fi
if [ -n "$xmllint" ]; then
	check '  well-formed' "$xmllint" --noout --nonet page.html
	"$xmllint" --xpath 'string(/)' page.html >words.txt 2>/dev/null
	check '  that shows every name' holds words.txt
fi
check '  with one script, its own' test "$(grep -c '<script>' page.html)" = 1
check '  and nothing that runs on an event' sh -c '! grep -q -E "<[a-z]+ [^>\"]*on[a-z]+=" page.html'
check '  in plain characters' plain page.html

for format in md text junit; do
	check "as $format" ends 0 "$assay" report --$format -o "out.$format"
	check '  in plain characters' plain "out.$format"
done
for format in csv jsonl; do # data: nothing is replaced
	check "as $format" ends 0 "$assay" report --$format -o "out.$format"
done
check 'no markup in Markdown' sh -c '! grep -q -e "<script" -e "<img" -e "[^\\]\`touch" -e "@all" out.md'
check 'no formula in CSV' sh -c '! grep -q -E "(^|,)\"?[=+@]" out.csv'
if [ -n "$xmllint" ]; then
	check 'JUnit is well-formed' "$xmllint" --noout --nonet out.junit
	"$xmllint" --xpath '//testcase/@name' out.junit 2>/dev/null | grep -c canary >n.txt
	check '  and has the names' test "$(cat n.txt)" -ge 64
fi
for format in openmetrics gbench json; do
	check "exported as $format" ends 0 "$assay" export --format $format -o "out.$format"
done
check 'compared on a terminal' ends 0 "$assay" report --text
check '  in plain characters' plain out
check 'the names survive a page and back' sh -c '"$1" import --db back.db page.html >out 2>err &&
	"$1" export --db back.db --format jsonl | grep -c touch >back.txt &&
	"$1" export --format jsonl | grep -c touch | cmp -s - back.txt' sh "$assay"
check 'and nothing of it was ever run' test ! -e canary -a ! -e ../canary

echo "1..$count"
