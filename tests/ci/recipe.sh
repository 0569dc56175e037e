#!/bin/sh
# SPDX-License-Identifier: MIT
# recipe: the plain-shell recipe of docs/ci.md as it stands there, in a repository with a planted
# regression, one that does nothing, and one that loses a benchmark. Prints TAP. usage: recipe.sh ROOT ASSAY PLUGIN.c
# shellcheck disable=SC2317 # functions are called by check
set -u
root=$(realpath "$1") assay=$(realpath "$2") plugin=$(realpath "$3")
for tool in git make cc python3; do
	command -v "$tool" >/dev/null || { echo "1..0 # SKIP no $tool here" && exit 0; }
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home" "$work/repo" || exit 1
ln -s "$assay" "$work/bin/assay"
printf 'Name: assay\nDescription: benchmarks\nVersion: 0\nCflags: -I%s\n' "$root" >"$work/bin/assay.pc"
HOME=$work/home PATH=$work/bin:$PATH PKG_CONFIG_PATH=$work/bin
export HOME PATH PKG_CONFIG_PATH
unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS GITHUB_ACTIONS GATE_DB GATE_CACHE GATE_OUT GIT_DIR
cd "$work/repo" || exit 1

n=0
bad=0
# check TITLE COMMAND...: one line of TAP; what the command said when it failed.
check()
{
	title=$1
	shift
	n=$((n + 1))
	if "$@" >"$work/log" 2>&1; then
		printf 'ok %d - %s\n' "$n" "$title"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$title"
		sed 's/^/# /' "$work/log"
	fi
}

commit()
{
	git add -A && git -c user.name=t -c user.email=t@example.org commit -q -m "$1"
}

# branch NAME CHANGE...: a branch off main whose Makefile builds with other flags.
branch()
{
	git checkout -q -b "$1" main && printf 'CFLAGS = -O2 %s\n' "$2" >flags.mk && commit "$1"
}

# gate CODE [OPTION...]: the recipe, quickly; its exit code is CODE.
gate()
{
	want=$1
	shift
	rm -rf gate-report
	sh ./gate.sh main -n 3 -t 3ms "$@"
	got=$?
	[ "$got" = "$want" ] || { echo "exit code $got, not $want" && return 1; }
}

# answer WORD: what the JSON says, and JUnit, SARIF and Markdown are what they should be.
answer()
{
	python3 - "$1" <<'PYTHON'
import json, sys, xml.etree.ElementTree as xml
doc = json.load(open("gate-report/gate.json"))
assert doc["answer"] == sys.argv[1], doc["answer"]
sarif = json.load(open("gate-report/gate.sarif"))
assert sarif["version"] == "2.1.0"
errors = [r for r in sarif["runs"][0]["results"] if r["level"] == "error"]
suites = xml.parse("gate-report/gate.xml").getroot()
bad = int(suites.get("failures")) + int(suites.get("errors"))
assert bad == len(errors) == (0 if doc["answer"] in ("PASS", "CANNOT DECIDE") else 1), (bad, errors)
comment = open("gate-report/gate.md").read()
assert comment.startswith("<!-- assay-gate -->\n### assay gate: " + doc["answer"])
PYTHON
}

passes()
{
	answer PASS || answer 'CANNOT DECIDE' # without --strict noise does not fail
}

# says TEXT: in the text that the gate before printed
says()
{
	grep -q -- "$1" "$work/gate.log"
}

logged()
{
	gate "$@" >"$work/gate.log" 2>&1
	status=$?
	cat "$work/gate.log"
	return "$status"
}

git init -q -b main . || exit 1
cp "$plugin" bench.c
# shellcheck disable=SC2016 # make expands it
printf 'include flags.mk\nbench.so: bench.c flags.mk\n\t$(CC) $(CFLAGS) $$(pkg-config --cflags assay) %s\n' \
	'-shared -fPIC -o $@ bench.c' >Makefile
echo 'CFLAGS = -O2' >flags.mk
printf '*.so\n.gate\ngate-report\n' >.gitignore
awk '$0 == "```sh gate.sh" { on = 1; next } /^```/ { on = 0 } on' "$root/docs/ci.md" >gate.sh
check 'the page has the recipe' test -s gate.sh
check 'it is a clean shell script' sh -n gate.sh
check 'the project has a first commit' commit first

branch same '-DNOTHING'
check 'a change that does nothing: exit 0' logged 0 --max-time 3s
check 'and no output fails' passes
check 'the base is known by its commit' says "commit $(git rev-parse --short=12 main)"

branch slow '-DDEPTH=8000'
check 'a planted regression: exit 1' logged 1
check 'and every output fails' answer REGRESSION
check 'which names it' says 'demo/hash/threads:1'
check 'and not the other' sh -c "! grep -q 'REGRESSED.*parse' gate-report/gate.md"

hash=demo/hash/threads:1
ack()
{
	assay --db .gate/results.db ack "$hash" --note 'twice the rounds' --author t "$@"
}
check 'it can be accepted' ack --limit +150%
check 'what was accepted passes' logged 0 --max-time 3s
check 'and says by whom and why' says 'accepted up to +150 % by t'
check 'a smaller limit takes its place' ack --limit +6%
check 'an accepted +6 % does not hide twice the time' logged 1
check 'a verdict can be called a false alarm' ack --false-alarm
check 'which changes nothing' logged 1
check 'but is mentioned' says 'marked a false alarm'
check 'and counted' sh -c "assay --db .gate/results.db ack --list | grep -q '1 were called false'"
check 'it can be accepted after all' ack --limit +150%
git checkout -q main && git merge -q --ff-only slow && git checkout -q -b slower main
printf 'CFLAGS = -O2 -DDEPTH=16000\n' >flags.mk && commit slower
check 'once the base contains it, twice the time again is a regression: exit 1' logged 1
check 'and nothing is accepted any more' sh -c "! grep -q 'accepted up to' '$work/gate.log'"

branch gone '-DDEPTH=8000 -DWITHOUT_PARSE'
check 'a benchmark that vanished: exit 5' logged 5 --max-time 3s
check 'and every output fails' answer 'COVERAGE LOST'

check 'a base that is not there ends it before anything is measured' \
	sh -c '! sh ./gate.sh nowhere && [ ! -e nowhere ]'
check 'the base was built once only' test "$(find .gate -maxdepth 1 -name '*.built' | wc -l)" -eq 2
printf '1..%d\n' "$n"
exit "$bad"
