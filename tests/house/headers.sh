#!/bin/sh
# SPDX-License-Identifier: MIT
# headers: each header compiles alone, twice in one file, without a warning. Prints TAP.
# usage: headers.sh ROOT COMPILER...
set -u
cd "$1" || exit 1
shift

libraries=$(pkg-config --cflags jansson nettle 2>/dev/null || true)
headers=$(find cli harness suites profiler reports tests -name '*.h' 2>/dev/null | LC_ALL=C sort)

n=0
bad=0
for header in $headers; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # a list of words
	if text=$(printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"$@" -std=gnu17 -D_GNU_SOURCE '-DASSAY_VERSION="0"' -Wall -Wextra -Wstrict-prototypes \
			-Wundef -Wno-unused-parameter -Werror -fsyntax-only -I . -x c $libraries - 2>&1); then
		printf 'ok %d - %s\n' "$n" "$header"
	elif [ "$header" = tests/t.h ] &&
		! echo '#include <cmocka.h>' | "$@" -E -x c - >/dev/null 2>&1; then
		printf 'ok %d - %s # SKIP cmocka is not installed\n' "$n" "$header"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$header"
		printf '%s\n' "$text" | sed 's/^/# /'
	fi
done
printf '1..%d\n' "$n"
[ "$n" -gt 0 ] && exit $bad
