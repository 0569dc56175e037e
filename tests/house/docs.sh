#!/bin/sh
# SPDX-License-Identifier: MIT
# docs: the examples of docs/ compile as they stand, run, and are caught when they are wrong. Blocks
# marked "```c PATH" are taken out of the pages, built the way the page says, and run. Prints TAP.
# usage: docs.sh ROOT ASSAY COMPILER...
set -u
root=$(realpath "$1") assay=$(realpath "$2")
shift 2
compiler=$*

"$assay" run --help >/dev/null 2>&1 || { echo '1..0 # SKIP assay run is not there' && exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

for page in "$root"/docs/adding-a-*.md; do
	awk '
	/^```c [^ ]+\.c$/ { path = $2; print path; next }
	/^```/ { path = "" }
	path != "" {
		folder = path
		if (sub(/\/[^\/]*$/, "", folder) && !(folder in made)) {
			system("mkdir -p " folder)
			made[folder] = 1
		}
		print >path
	}' "$page"
done >blocks

n=0
bad=0
# verdict TITLE STATUS LOG: 0 is well; the log is shown otherwise.
verdict()
{
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		printf 'ok %d - %s\n' "$n" "$1"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$1"
		sed 's/^/# /' "$3"
	fi
}

# build OUTPUT SOURCE...: a plug-in, as the page says, and without a warning.
build()
{
	output=$1
	shift
	# shellcheck disable=SC2086 # the compiler may be several words
	$compiler -O2 -shared -fPIC -I "$root" -I . -Wall -Wextra -Werror -Wno-unused-parameter \
		-Wno-missing-field-initializers -o "$output" "$@" >log 2>&1
}

# measure PLUGIN PATTERN: every result as JSON in results.json; the exit status is assay's.
measure()
{
	rm -f results.db
	"$assay" run --db results.db -p quick -n 5 -t 10ms --launches 1 --json=results.json \
		--load "./$1" "$2" >log 2>&1
}

# results STATUS TEXT: how many cases have that status, and TEXT in their name. A noisy machine may
# make a case unstable, which is as good as ok here. Keeps what it saw in the log.
results()
{
	python3 - "$1" "$2" <<'PYTHON'
import json, sys
found = 0
with open("log", "w") as log:
    for line in open("results.json"):
        event = json.loads(line)
        if event["event"] != "result" or not event["primary"]:
            continue
        print(event["status"], event["name"], event["reason"], file=log)
        status = "ok" if event["status"] == "unstable" else event["status"]
        found += status == sys.argv[1] and sys.argv[2] in event["name"]
print(found)
PYTHON
}

want='suites/memory/alloc_burst.c
text.c
suites/memory/subjects/own_line.c'
printf '%s\n' "$want" | cmp -s - blocks
verdict 'the pages hold the examples' $? blocks

build text.so text.c
verdict 'the plug-in compiles' $? log
measure text.so text
verdict 'assay run measures it' $? log
[ "$(results ok text/find_byte/)" = 6 ]
verdict 'two sizes and three subjects are ok' $? log

sed 's/for (size_t i = 0; i < n; i++)$/for (size_t i = 1; i < n; i++)/' text.c >wrong.c
build wrong.so wrong.c
verdict 'the plug-in with a mistake compiles' $? log
measure wrong.so text
[ $? = 3 ] && [ "$(results failed subject:loop)" = 2 ] && [ "$(results ok text/find_byte/)" = 4 ]
verdict 'the oracle finds the mistake, and only that' $? log

sed 's/ASSAY_ABI,/ASSAY_ABI + 1,/' text.c >other.c
build other.so other.c
measure other.so text
[ $? = 2 ] && grep -q 'ABI' log
verdict 'a plug-in of another ABI is refused' $? log

# The two files for the tree, put into a suite of their own so that the program is not rebuilt.
cat >tree.c <<'TXT'
#include "suites/memory/memory.h"
extern const struct assay_bench assay_bench_memory_alloc_burst;
extern const struct assay_subject assay_subject_memory_own_line;
ASSAY_API extern const struct assay_plugin assay_plugin;
static const struct assay_suite suite = { .brief = "the examples", .interface = "allocator" };
static struct assay_plugin_bench benches[] = { { "alloc_burst", NULL }, { 0 } };
static struct assay_plugin_subject subjects[] = { { "own_line", NULL }, { 0 } };
static __attribute__((constructor)) void fill(void)
{
	benches[0].bench = &assay_bench_memory_alloc_burst;
	subjects[0].subject = &assay_subject_memory_own_line;
}
const struct assay_plugin assay_plugin = { ASSAY_ABI, "docs", &suite, benches, subjects };
TXT
build tree.so tree.c suites/memory/alloc_burst.c suites/memory/subjects/own_line.c
verdict 'the files for the tree compile' $? log
measure tree.so docs && [ "$(results ok docs/alloc_burst/)" = 2 ]
verdict 'both are ok when run' $? log

printf '1..%d\n' "$n"
exit $bad
