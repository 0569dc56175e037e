#!/bin/sh
# `assay report` as a user calls it: what goes where, and with which exit code.
# usage: verb.sh ASSAY
# shellcheck disable=SC2016  # single quotes hold scripts for others
set -u
assay=$(realpath "$1") || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
unset ASSAY_DB NO_COLOR
n=0

# check NAME COMMAND...: one test, ok when the command succeeds
check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then echo "ok $n - $name"; else
		echo "not ok $n - $name"
		sed 's/^/# /' out err 2>/dev/null
	fi
}

# exits CODE ARGUMENT...: the verb ends with that code; leaves out and err behind
exits() {
	want=$1
	shift
	"$assay" report "$@" >out 2>err
	got=$?
	[ "$got" -eq "$want" ] || { echo "# exit $got, not $want: report $*"; return 1; }
}

said() { grep -q "$1" "$2"; }
quiet() { [ ! -s "$1" ]; }
no_leftovers() { [ -z "$(find . -name '*.html.*')" ]; }

echo 1..52
check "no store is said" exits 7
check "by name" said "results.db" err
"$assay" run -q -t 1ms -n 5 --seed 1 -s pool,null memory/alloc_pair >out 2>err
check "a run to report" [ -s results.db ]
check "the page is written" exits 0
check "as report.html" said "</html>" report.html
check "whose name and size are told" said "report.html written" err
check "and stdout is left alone" quiet out
check "text goes to stdout" exits 0 --text
check "as a table" said "memory/alloc_pair" out
check "Markdown too" exits 0 --md
check "as a comment that can be found again" said "<!-- assay-report -->" out
check "JSON is one document" exits 0 --json
check "with the results in it" said '"benchmark": "alloc_pair"' out
check "an unknown run is a usage error" exits 2 4711
check "as are two formats at once" exits 2 --md --text
check "and a pattern that matches nothing" exits 2 --only 'nothing*'
check "but one may stand alone: JUnit" exits 0 --junit
check "with a test case for each" said '<testcase name="memory/alloc_pair/.*subject:pool' out
check "CSV" exits 0 --csv
check "as it is exported" sh -c '"$1" export --format csv | cmp -s - out' sh "$assay"
check "JSON Lines" exits 0 --jsonl -o lines
check "as they are exported" sh -c '"$1" export --format jsonl | cmp -s - lines' sh "$assay"

mkdir bin
cat >bin/xdg-open <<'STUB'
#!/bin/sh
echo "$#: $1" >opened
STUB
chmod +x bin/xdg-open
ours=$PATH
PATH=$work/bin:$ours
check "a page is opened" exits 0 --open -o "it's a page.html"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -s opened ] && break
	sleep 1
done
check "by its whole path" said "^1: /.*/it's a page.html$" opened
check "what is no page is not" exits 2 --open --md
check "and that is said" said "is a file" err
check "nor is stdout" exits 2 --open -o -
printf '#!/bin/sh\nexit 3\n' >bin/xdg-open
check "a viewer that fails is said" exits 6 --open
check "with what to do" said "report.html' by hand" err
rm bin/xdg-open
PATH=$work/bin # and nothing else
check "so is one that is missing" exits 6 --open
PATH=$ours
check "the page is there all the same" said "</html>" report.html
check "no temporary file stays behind" no_leftovers
check "one run cannot be compared" exits 2 --compare @last
check "which is said" said "two runs or more" err
"$assay" run -q -t 1ms -n 5 --seed 2 -s pool,null memory/alloc_pair >out 2>err
check "two runs are one page" exits 0 @last~1 @last -o two.html
check "that says what changed" said "What changed from A to B" two.html
check "as they are when asked for side by side" exits 0 --compare @last~1 @last -o two.html
check "a price of a machine that is not there is refused" exits 2 --price nowhere=3
check "by name" said "no run of this report is of a machine 'nowhere'" err
check "and so is a price that is none" exits 2 --price nowhere=cheap
cat >claims.yaml <<'END'
budgets:
  slow:
    claim: X1
    source: a paper
    bound: memory/alloc_pair/size:64/subject:pool <= 1 s
END
check "claims stand beside what was measured" exits 0 --claims claims.yaml -o claims.html
check "with their verdict" said "✓ exceeded" claims.html
check "a file of claims that is not there is a usage error" exits 2 --claims nothing.yaml
check "and the past of a series is drawn" said "Samples and history" claims.html

# Bad days: nobody reads, nowhere to write, no gnuplot, nothing measured.
check "a pipe that closes is no error worth words" sh -c '"$1" report --text 2>err | head -n 1 >out; [ ! -s err ]' sh "$assay"
check "nor is it of a page" sh -c '"$1" report -o - 2>err | head -c 100 >out; [ -s out ] && [ ! -s err ]' sh "$assay"
check "nowhere to write is exit 7 or a usage error, in a sentence" sh -c '"$1" report -o /nowhere/page.html >out 2>err
	rc=$?; [ $rc -ne 0 ] && [ $rc -lt 128 ] && [ "$(wc -l <err)" = 1 ] && grep -q /nowhere err' sh "$assay"
check "a full device leaves no page behind" sh -c '! "$1" report -o /dev/full >out 2>err && grep -q -i "space" err' sh "$assay"
mkdir nofonts
echo '<?xml version="1.0"?><fontconfig><dir>nofonts</dir><cachedir>nofonts</cachedir></fontconfig>' >fonts.conf
FONTCONFIG_FILE=$work/fonts.conf
export FONTCONFIG_FILE
check "without fonts there is a page" exits 0 -o fonts.html
unset FONTCONFIG_FILE
if command -v gnuplot >/dev/null; then
	check "with its figures" sh -c 'grep -q "<figure>" fonts.html && ! grep -q -i "figures are missing" fonts.html'
else
	check "with its tables" grep -q '<table' fonts.html
fi
PATH=$work/bin
check "without gnuplot the page says so" exits 0 -o bare.html
PATH=$ours
check "and has the tables" sh -c 'grep -q "gnuplot is not installed" bare.html && grep -q "<table" bare.html && ! grep -q "<figure>" bare.html'
