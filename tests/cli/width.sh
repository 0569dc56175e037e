#!/bin/sh
# width: on a terminal of 80 columns nothing is wider than it, and whole names are in what is piped; script(1) is
# the terminal. Prints TAP.
# usage: width.sh ASSAY FILL_STORE
set -u
assay=$(realpath "$1") || exit 1
fill=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
if ! script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	echo '1..0 # SKIP no script(1)'
	exit 0
fi

# fits ARGS: what assay shows fits; too long lines are shown
fits()
{
	ASSAY_PAGER='cat' script -qec "stty cols 80; '$assay' $1" /dev/null </dev/null 2>err |
		tr -d '\r' | sed "s/$(printf '\033')\[[0-9;]*[mK]//g" >out
	# Commands to copy are whole, whatever their width.
	[ -s out ] && [ "$(grep -v '^ *assay ' out | LC_ALL=C.UTF-8 wc -L)" -le 80 ]
}

"$fill" results.db || exit 1
for verb in 'compare 1 2' 'compare 1 2 --all' 'compare 2 3' history 'history memory/slower' 'history --anomalies' \
	'report --text 2' 'report --text 1 2' 'report --text 1 2 3' 'gate --base 1 --cand 2' fleet config 'config sets' 'config --show-origin' list \
	'run --dry-run cache' 'db check' --help '' --version; do
	check "assay $verb" fits "$verb"
done
for verb in $("$assay" complete -- '' | cut -f 1); do
	check "assay $verb --help" fits "$verb --help"
done
check 'a pipe gets whole names' ends 0 "$assay" compare 1 2
check '  in each row' shows '^memory/slower/size:16/subject:=cmd/threads:1 '
echo "1..$count"
