#!/bin/sh
# SPDX-License-Identifier: MIT
# budgets: every series and metric that a file in budgets/ speaks of is there to be measured. The figures
# of this test mean nothing; that each bound gets one does, or a reason why not. Prints TAP.
# usage: budgets.sh ROOT ASSAY
set -u
root=$(realpath "$1") assay=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" && ln -s "$root/budgets" budgets || exit 1

n=0
bad=0
# verdict TITLE STATUS: 0 is well; the log is shown otherwise.
verdict()
{
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		printf 'ok %d - %s\n' "$n" "$1"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$1"
		sed 's/^/# /' log
	fi
}

# measured FILE: none of its bounds is without a series, and none came to a wrong answer.
measured()
{
	"$assay" gate -q --budget "$1" -n 1 -t 1ms --launches 1 --json=out.json >log 2>&1
	case $? in
	0 | 1) ;;
	*) return 1 ;;
	esac
	grep -q '"vanished": 0,' out.json && grep -q '"failed": 0,' out.json
}

for file in budgets/*.yaml; do
	name=${file##*/}
	"$assay" gate --budget "$file" --dry-run >log 2>&1 && [ -s log ]
	verdict "$name speaks of cases there are" $?
	measured "$file"
	verdict "$name has a figure or a reason for each bound" $?
	sed '/^$/q' log | awk 'length($0) > 80 { wide = 1 } END { exit wide }'
	verdict "$name makes a table of at most 80 columns" $?
done
printf '1..%d\n' "$n"
exit $bad
