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

files=
for file in budgets/*.yaml; do
	"$assay" gate --budget "$file" --dry-run >log 2>&1 && [ -s log ]
	verdict "${file##*/} speaks of cases there are" $?
	files="$files --budget $file"
done

# shellcheck disable=SC2086 # several words
"$assay" gate -q $files -n 1 -t 1ms --launches 1 --json=out.json >log 2>&1
[ $? -le 1 ] && grep -q '"vanished": 0,' out.json && grep -q '"failed": 0,' out.json
verdict 'each bound has a figure, or a reason' $?

# what was stored is what a dry run says, no more and no less
# shellcheck disable=SC2086
"$assay" gate $files --dry-run | sort -u >wanted
"$assay" export --format jsonl @last | sed -n 's/.*"event":"result","name":"\([^"]*\)".*/\1/p' | sort -u >got
diff wanted got >diff.log || cat diff.log >>log
cmp -s wanted got
verdict 'exactly their cases were measured and stored' $?

printf '1..%d\n' "$n"
exit $bad
