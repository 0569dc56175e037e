#!/bin/sh
# SPDX-License-Identifier: MIT
# measured: verbs that measure as a part of what they say: whether known costs come out right, and whether two builds
# execute as much. Prints TAP. usage: measured.sh ASSAY [BASE.so WITH-ONE-PER-CENT-MORE.so]
set -u
assay=$(realpath "$1") || exit 1
base=${2:+$(realpath "$2")} more=${3:+$(realpath "$3")}
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# A busy machine may get a figure wrong (3); that it says so is what is tested.
selftest()
{
	"$assay" selftest "$@" >out 2>err
	case $? in
	0 | 3) return 0 ;;
	esac
	return 1
}

check "known costs are measured" selftest
check "... one by one" shows 'gbench agrees: empty loop'
check "... and counted" shows '^[0-9]* figures right, [0-9]* wrong'
check "the self-test takes no arguments" ends 2 "$assay" selftest now

if ! command -v valgrind >/dev/null || [ -z "$base" ]; then
	echo "1..$count"
	exit 0
fi
# With margins that no machine's noise reaches: the counts decide.
counts()
{
	expected=$1
	shift
	ends "$expected" "$assay" gate --counts --ignore 50% --catch 90% -n 3 -t 300us --base "$base" --cand "$more" "$@"
}
check "one per cent more instructions is a regression" counts 1 replay/known
check "... by as much" shows '(instructions)'
check "... for certain" shows '+1.0 to +1.0 %'
check "a higher limit lets them pass" counts 0 --counts-limit 2% replay/known
check "a limit that is none is refused" counts 2 --counts-limit much replay/known
echo "1..$count"
