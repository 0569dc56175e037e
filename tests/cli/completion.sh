#!/bin/sh
# completion: what the verb offers, and that bash, zsh and fish show it; and that each manual page is
# sound. Prints TAP.
# usage: completion.sh ASSAY SOURCE
# shellcheck disable=SC2016  # single quotes hold scripts for others
set -u
assay=$(realpath "$1") || exit 1
scripts=$(realpath "$2/cli/completion") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
PATH=$(dirname "$assay"):$PATH
export HOME="$dir"
tab=$(printf '\t')

# offers WORD...: prints the candidates for a line that ends in the last word
offers()
{
	"$assay" complete -- "$@" >out 2>err && cut -f 1 out >candidates
}

offered()
{
	grep -q -x -F -e "$1" candidates
}

only()
{
	[ "$(cat candidates)" = "$1" ]
}

# skip WHAT WHY
skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

check 'a verb' offers ru
check '  is completed' only run
check '  with what it does' shows "^run${tab}measure"
offers ''
check 'all verbs' offered compare
check '  but those of assay itself' test "$(grep -c -x -e worker -e complete -e man candidates)" = 0
offers run memory/alloc_p
check 'a benchmark' only memory/alloc_pair
offers run --colo
check 'an option' only --color
offers run --color=al
check '  its value behind =' only --color=always
offers run --color ne
check '  its value behind a blank' only never
offers run -s pool,mim
check 'the last of a list' only pool,mimalloc
offers run -P ske
check 'an axis, once' only skew=
offers run -P thre
check '  the threads among them' only threads=
offers run --counters cor
check 'a group of counters' only core
offers config profi
check 'a key' only profile
offers import --format hy
check 'a format that is read' only hyperfine
offers export --format fo
check 'a format that is written' only folded
offers run --set mem
check 'a parameter set' only memory_optimized
printf 'profiles:\n  nightly: {base: full, brief: at night}\n' >assay.yaml
offers run -p n
check 'a profile of assay.yaml' only nightly
check '  with what it is for' shows "^nightly${tab}at night"
rm assay.yaml
offers db back
check 'a word of the usage line' only backup
offers report --db ''
check 'a file is left to the shell' only :files
offers run -- ''
check 'so is a command' only :files
offers nonsense ''
check 'nothing behind an unknown verb' only ''
offers run nonsense
check 'nothing for an unknown pattern' only ''
offers compare ''
check 'runs without a store' only "@last
@base
:files"
check 'a store' ends 0 "$assay" run -n 2 -t 1ms --tag who=me selftest/spin --db 'other one.db'
offers --db 'other one.db' compare ''
check '  named earlier in the line, by number' offered 1
check '  by tag' offered tag:who=me
offers '--db=other one.db' compare ''
check '... named with = as well' grep -q '^1$' candidates
offers help comp
check 'verbs whose page is asked for' grep -q '^compare$' candidates
offers help compare ''
check '... and nothing behind them' [ ! -s candidates ]
offers db base
check 'every action' grep -q '^baseline$' candidates
offers --db 'other one.db' history selftest/
check '  and its series' grep -q '^selftest/spin' candidates

# shown SHELL LINE: what the shell would offer for the line, one a line, in candidates
shown()
{
	case $1 in
	bash)
		bash -c 'compopt() { :; }
			. "$1/assay.bash"
			COMP_LINE=$2 COMP_POINT=${#2} _assay
			printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts" "$2"
		;;
	zsh) # what zsh itself provides, as far as it is used
		zsh -f -c '_describe() { print -l -- ${(P)4} }
			_files() { print :files }
			_call_program() { eval "$argv[2,-1]" }
			words=(${(s. .)2}) CURRENT=${#words}
			source $1/_assay' zsh "$scripts" "$2" | sed 's/\([^\\]\):.*/\1/; s/\\:/:/g'
		;;
	fish)
		fish -c 'source $argv[1]/assay.fish; complete -C $argv[2]' "$scripts" "$2" | cut -f 1
		;;
	esac >candidates 2>err
}

for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null; then
		skip "$shell" 'not installed'
		continue
	fi
	shown $shell 'assay ru'
	check "$shell: a verb" only run
	shown $shell 'assay run memory/alloc_p'
	check "$shell: a benchmark" only memory/alloc_pair
	shown $shell 'assay run -s pool,mim'
	check "$shell: the last of a list" only pool,mimalloc
done
if command -v zsh >/dev/null; then
	shown zsh 'assay run -- $(>typed)'
	check 'zsh: what is typed is not evaluated' test ! -e typed
fi
if command -v bash >/dev/null; then
	shown bash 'assay run --color=al'
	check 'bash: what follows the = it splits at' only always
	touch found.db
	shown bash 'assay report --db foun'
	check 'bash: a file' only found.db
fi

if ! command -v groff >/dev/null; then
	skip 'manual pages' 'groff is not installed'
else
	for verb in '' $("$assay" complete -- '' | cut -f 1); do
		# shellcheck disable=SC2086  # no word for assay(1)
		check "assay${verb:+-}$verb(1)" ends 0 "$assay" man $verb
		mv out page.1
		check '  no complaint of groff' ends 0 groff -man -Tutf8 -ww -z page.1
		check '  on neither stream' test ! -s err
	done
fi
check 'no page for what is internal' ends 2 "$assay" man worker
check '  and that is said' says 'has no page'
echo "1..$count"
