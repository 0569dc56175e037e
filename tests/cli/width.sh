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
		tr '\r' '\n' | sed "s/$(printf '\033')\[[0-9;]*[mK]//g" >out
	# Commands to copy are whole, whatever their width.
	[ -s out ] && [ "$(grep -v '^ *assay ' out | LC_ALL=C.UTF-8 wc -L)" -le 80 ]
}

"$fill" results.db || exit 1
for verb in 'compare 1 2' 'compare 1 2 --all' 'compare 2 3' history 'history memory/slower' 'history --anomalies' \
	'report --text 2' 'report --text 1 2' 'report --text 1 2 3' 'gate --base 1 --cand 2' fleet config 'config sets' 'config --show-origin' list \
	'run --dry-run cache' 'list --counters' 'db check' --help '' --version; do
	check "assay $verb" fits "$verb"
done
for verb in $("$assay" complete -- '' | cut -f 1); do
	check "assay $verb --help" fits "$verb --help"
done
# Names that are wider than a terminal by themselves: those of files far down, with many options.
long=$PWD/a_folder_of_many_words_in_one_name_as_generators_make_them/and_another_one_below_it/program_of_a_long_name
mkdir -p "${long%/*}" && cp /bin/true "$long" || exit 1
long="$long --option-of-a-command=with-a-value --another-option=with-another-value"
for verb in "run -n 1 --launches 3 -- $long" "run -n 1 --launches 3 -- $long" "run -n 1 --launches 1 -- $long ::: $long 2" \
	compare 'compare 1 2 --all' 'gate --base 1 --cand 2 --all' \
	"gate --max-time 1s --all -- $long ::: $long 2" history 'report --text' 'report --text 1 2' fleet; do
	check "names wider than 80: $(echo "$verb" | cut -c -40)" fits "--db long.db $verb"
done
check 'a pipe gets whole names' ends 0 "$assay" compare 1 2
check '  in each row' shows '^memory/slower/size:16/subject:=cmd/threads:1 '
echo "1..$count"
