#!/bin/sh
# SPDX-License-Identifier: MIT
# selftest: each house test finds what it is there to find. Plants one violation at a time in a small
# tree of its own. Prints TAP. usage: selftest.sh COMPILER...
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

n=0
bad=0
# In TAP a # begins a directive.
title()
{
	printf '%s' "$1" | tr -d '#'
}
ok()
{
	n=$((n + 1))
	printf 'ok %d - %s\n' "$n" "$(title "$1")"
}
not_ok()
{
	n=$((n + 1))
	bad=1
	printf 'not ok %d - %s\n' "$n" "$(title "$1")"
	printf '%s\n' "$2" | sed 's/^/# /'
}

# A tree that keeps all rules.
plant_clean()
{
	rm -rf "$tree"
	mkdir -p "$tree/harness/base" "$tree/harness/store" "$tree/suites/memory/subjects" \
		"$tree/suites/cache" "$tree/profiler" "$tree/reports" "$tree/cli" "$tree/tests/house"
	printf '#ifndef A\n#define A\n#include <stddef.h>\nsize_t a(void);\n#endif\n' \
		>"$tree/harness/base/a.h"
	printf '#include "harness/base/a.h"\n' >"$tree/harness/base/a.c"
	printf '#include <sqlite3.h>\n#include "harness/base/a.h"\n' >"$tree/harness/store/s.c"
	printf '#pragma once\n' >"$tree/suites/memory/memory.h"
	printf '#include "suites/memory/memory.h"\n' >"$tree/suites/memory/subjects/pool.c"
	printf '#include "harness/base/a.h"\n' >"$tree/suites/cache/get.c"
	printf '#include "harness/base/a.h"\n' >"$tree/profiler/papi.c"
	printf '#include "suites/memory/memory.h"\n' >"$tree/cli/main.c"
	printf "x = ['a.c', 's.c']\n" >"$tree/harness/meson.build"
	printf "x = ['get', 'pool']\n" >"$tree/suites/meson.build"
	printf "x = ['papi']\n" >"$tree/profiler/meson.build"
	printf "x = files('main.c')\n" >"$tree/cli/meson.build"
	mkdir -p "$tree/docs/examples/debian"
	printf "project('assay', 'c',\n  version: '1.2',\n)\n" >"$tree/meson.build"
	printf 'a-dev run x\nb run y\n' >"$tree/packages.list"
	printf 'Source: assay\nBuild-Depends: c,\n a-dev (>= 1),\nRules: no\n' \
		>"$tree/docs/examples/debian/control"
	printf 'assay (1.2-1) unstable\n' >"$tree/docs/examples/debian/changelog"
}

# passes SCRIPT [ARG...]: the clean tree is left in peace.
passes()
{
	script=$1
	shift
	plant_clean
	if text=$(sh "$here/$script.sh" "$tree" "$@" 2>&1); then
		ok "$script: a clean tree passes"
	else
		not_ok "$script: a clean tree passes" "$text"
	fi
}

# finds SCRIPT TEXT FILE LINE: with LINE added to FILE the script fails and says TEXT.
finds()
{
	plant_clean
	mkdir -p "$(dirname "$tree/$3")"
	printf '%b\n' "$4" >>"$tree/$3"
	# shellcheck disable=SC2086 # a list of words
	if text=$(sh "$here/$1.sh" "$tree" $compiler 2>&1); then
		not_ok "$1: finds '$4' in $3" "it passed"
	elif ! printf '%s\n' "$text" | grep -q -F -e "$2"; then
		not_ok "$1: finds '$4' in $3" "without '$2': $text"
	else
		ok "$1: finds '$4' in $3"
	fi
}

# tolerates SCRIPT FILE LINE: with LINE added to FILE the script still passes.
tolerates()
{
	plant_clean
	printf '%b\n' "$3" >>"$tree/$2"
	if text=$(sh "$here/$1.sh" "$tree" 2>&1); then
		ok "$1: leaves '$3' in $2 alone"
	else
		not_ok "$1: leaves '$3' in $2 alone" "$text"
	fi
}

compiler=
passes floors
finds floors 'harness/base/a.c:2: "harness/store/s.h" is no file' harness/base/a.c \
	'#include "harness/store/s.h"'
finds floors 'harness/base/a.c:2: "suites/memory/memory.h" is of suites/memory; harness/base may' \
	harness/base/a.c '#include "suites/memory/memory.h"'
finds floors 'suites/cache/get.c:2: "suites/memory/memory.h" is of suites/memory' \
	suites/cache/get.c '#  include "suites/memory/memory.h"'
finds floors 'a.h" is no file of the tree' harness/base/a.c '#include "a.h"'
finds floors '<sqlite3.h> belongs to harness/store' cli/main.c '#include <sqlite3.h>'
finds floors '<CL/cl.h> belongs to' suites/memory/subjects/pool.c '#include <CL/cl.h>'
finds floors 'stands in no folder' tools/x.c 'int x;'
plant_clean
printf '#pragma once\n' >"$tree/tests/t.h"
printf '#include "tests/t.h"\n' >>"$tree/cli/main.c"
if text=$(sh "$here/floors.sh" "$tree"); then
	not_ok 'floors: nobody includes tests/' 'it passed'
else
	ok 'floors: nobody includes tests/'
fi

passes listed
finds listed 'suites/cache/lost.c: not named in suites/meson.build' suites/cache/lost.c 'int x;'
finds listed 'suites/memory/subjects/lost.c: not named' suites/memory/subjects/lost.c 'int x;'
finds listed 'harness/base/lost.c: not named' harness/base/lost.c 'int x;'
plant_clean
echo "# 'lost' is only a remark" >>"$tree/suites/meson.build"
echo 'int x;' >"$tree/suites/cache/lost.c"
if text=$(sh "$here/listed.sh" "$tree"); then
	not_ok 'listed: a comment does not list a file' 'it passed'
else
	ok 'listed: a comment does not list a file'
fi
finds listed 'harness/store/oops.cc: not named' harness/store/oops.cc 'int x;'

passes unsafe
for call in 'system("ls")' 'strcpy(a, b)' 'sprintf (a, b)' 'atoi(a)' 'popen(a, b)' 'gets(a)'; do
	finds unsafe "harness/base/a.c:2: ${call%%[ (]*}() is not" harness/base/a.c "x = $call;"
done
finds unsafe 'cli/main.c:2: system()' cli/main.c 'int x = system(y);'
finds unsafe 'reports/r.c:1: printf()' reports/r.c 'printf("x");'
finds unsafe 'only cli/ prints' profiler/papi.c 'fprintf(stderr, "x");'
finds unsafe 'exit() is not' suites/cache/get.c '/* a */ exit(1); /* b */'
tolerates unsafe cli/main.c 'printf("x"); exit(0);'
tolerates unsafe harness/base/a.c '/* never call system() or\\n * exit() */ int x; // atoi()'
tolerates unsafe harness/base/a.c 'log("system(%d)", my_system(1), ops->exit(1), _exit(1));'

passes trust
finds trust 'harness/store/s.c:3: only harness/store/sql.c prepares' harness/store/s.c \
	'f(sqlite3_prepare_v2(db,\n sql, -1, &s, NULL));'
finds trust 'sqlite3_exec() of what is no literal' harness/store/s.c 'sqlite3_exec(db, sql, 0, 0, 0);'
finds trust 'put together from strings' harness/store/s.c \
	'snprintf(sql, n,\n\t"SELECT * FROM %s", name);'
finds trust 'a shell' cli/main.c 'char *argv[] = {"/bin/sh", "-c", x};'
finds trust 'mkostemp() with' cli/main.c 'x = mkstemp(name);'
finds trust 'rights are never' suites/cache/get.c 'x = setuid(0);'
tolerates trust harness/store/s.c 'sqlite3_exec(db, "ROLLBACK", 0, 0, 0); // sqlite3_exec(db, sql)'
tolerates trust harness/store/s.c 'snprintf(sql, n, "PRAGMA %s = %d", name, 3);'

plant_clean
printf '#define FACT 1\n' >"$tree/harness/base/facts.h.in"
printf '#include "facts.h"\n' >>"$tree/harness/base/a.c"
if text=$(sh "$here/floors.sh" "$tree"); then
	ok 'floors: a header that the build writes from a template is fine'
else
	not_ok 'floors: a header that the build writes from a template is fine' "$text"
fi

compiler=$*
passes headers "$@"
finds headers 'not ok 1 - harness/base/a.h' harness/base/a.h '#define UNGUARDED\nint twice = 1;'
finds headers 'not ok 2 - harness/base/b.h' harness/base/b.h '#pragma once\nuint64_t no_stdint;'

passes package
finds package 'does not build-depend on d-dev' packages.list 'd-dev run z'
plant_clean
printf 'assay (1.1-1) unstable\n' >"$tree/docs/examples/debian/changelog"
if text=$(sh "$here/package.sh" "$tree" 2>&1); then
	not_ok 'package: finds an old version' 'it passed'
else
	case $text in
	*'does not begin with version 1.2'*) ok 'package: finds an old version' ;;
	*) not_ok 'package: finds an old version' "$text" ;;
	esac
fi

compiler=
plant_clean
{
	printf 'int f(int x)\n{\n'
	yes '	x++;' | head -n 61
	printf '	return x;\n}\n'
} >"$tree/cli/long.c"
yes '/* line */' | head -n 601 >"$tree/cli/longer.c"
text=$(sh "$here/longest.sh" "$tree")
want=$(printf 'cli/long.c:2: f: 62 lines\ncli/longer.c: 601 lines')
if [ "$text" = "$want" ]; then
	ok 'longest: names long files and functions'
else
	not_ok 'longest: names long files and functions' "$text"
fi

# The loop test against a loop that keeps its counter in memory, and a keep() that spills.
cat >"$tree/spill.c" <<'TXT'
#include <stdint.h>
uint64_t assay_begin(void *run);
void probe_loop(void *run);
void probe_loop(void *run)
{
	for (volatile uint64_t left = assay_begin(run); left; --left)
		;
}
double probe_keep_double(double x);
double probe_keep_double(double x)
{
	__asm__ volatile("" : "+m"(x));
	return x;
}
uint64_t probe_keep_integer(uint64_t x);
uint64_t probe_keep_integer(uint64_t x)
{
	return x;
}
TXT
if "$@" -O2 -c -o "$tree/spill.o" "$tree/spill.c" 2>"$tree/err"; then
	text=$(sh "$here/loop.sh" "$tree/spill.o")
	case $text in
	*SKIP*) ok "loop: # SKIP ${text#*SKIP }" ;;
	*'not ok 1 '*'not ok 2 '*'touches memory'*'not ok 3 '*'not in the object'*'ok 4 '*)
		ok 'loop: finds a counter in memory, a spilled value and a missing probe'
		;;
	*) not_ok 'loop: finds a counter in memory, a spilled value and a missing probe' "$text" ;;
	esac
else
	not_ok 'loop: the bad example compiles' "$(cat "$tree/err")"
fi

# The test of globals against constants, one of which needs relocation, and then variables.
mkdir "$tree/harness/objects"
cat >"$tree/steady.c" <<'TXT'
static const int numbers[] = { 1, 2 };
const int *const pointers[] = { &numbers[0], &numbers[1] };
TXT
cat >"$tree/wild.c" <<'TXT'
int *count(void);
int *count(void)
{
	static int calls;
	static _Thread_local int mine = 1;
	return ++calls > 3 ? &mine : &calls;
}
int exported = 5;
TXT
if ! "$@" -fPIC -O2 -c -o "$tree/harness/objects/steady.c.o" "$tree/steady.c" 2>"$tree/err"; then
	not_ok 'globals: the good example compiles' "$(cat "$tree/err")"
elif text=$(sh "$here/globals.sh" "$tree"); then
	ok 'globals: constants are fine'
else
	not_ok 'globals: constants are fine' "$text"
fi
"$@" -fPIC -O2 -c -o "$tree/harness/objects/wild.c.o" "$tree/wild.c"
text=$(sh "$here/globals.sh" "$tree")
case $text in
*'not installed') ok 'globals: objdump is not installed' ;;
*steady*) not_ok 'globals: finds variables' "$text" ;;
*calls*exported*mine* | *calls*mine*exported* | *mine*calls*exported*) ok "globals: finds variables" ;;
*) not_ok 'globals: finds variables' "$text" ;;
esac

printf '1..%d\n' "$n"
exit $bad
