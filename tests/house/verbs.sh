#!/bin/sh
# SPDX-License-Identifier: MIT
# verbs: every verb stands on docs/command-line.md, every option of one somewhere in docs/, and every exit code
# that a script can meet in docs/exit-codes.md. Prints TAP. usage: verbs.sh ROOT ASSAY
set -u
root=$1 assay=$2
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cat "$root"/docs/*.md "$root"/docs/suites/*.md "$root/README.md" >"$work/all" || exit 99
n=0

# holds WHAT FILE TEXT
holds()
{
	n=$((n + 1))
	if grep -q -F -e "$3" "$2"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1: '$3' is not in ${2##*/}"
	fi
}

for verb in $("$assay" complete -- '' | cut -f 1); do
	holds "verb $verb" "$root/docs/command-line.md" "\`assay $verb\`"
	for option in $("$assay" complete -- "$verb" -- | cut -f 1 | grep '^--.'); do
		holds "$verb $option" "$work/all" "${option%=}"
	done
done
# shellcheck disable=SC2013 # numbers
for code in $(sed -n 's/^\tCLI_[A-Z]* = \([0-9]*\),/\1/p' "$root/cli/cli.h"); do
	holds "exit code $code" "$root/docs/exit-codes.md" "| $code |"
done
[ "$n" -gt 100 ] || echo "not ok $((n = n + 1)) - there are verbs and options to look for"
echo "1..$n"
