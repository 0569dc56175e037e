#!/bin/sh
# gate: verdicts, exit codes and what is stored, of real processes whose times are stated. Prints TAP.
# usage: gate.sh ASSAY BASE.so SAME.so SLOWER.so FASTER.so OTHER.so
set -u
assay=$(realpath "$1") && base=$(realpath "$2") && same=$(realpath "$3") && slower=$(realpath "$4") &&
	faster=$(realpath "$5") && other=$(realpath "$6") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# gate EXPECTED ARGS...: true when the exit status is the expected one; short launches
gate()
{
	expected=$1
	shift
	ends "$expected" "$assay" gate --all -n 3 -t 300us "$@"
}

# after CASE WORD: the line under the case's name begins with the word
after()
{
	awk -v name="$1" -v word="$2" 'found { exit !($1 == word || $1 == word ":") } index($0, name) { found = 1 }' out
}

# ---- live sides ----

good="judged/steady judged/changing"
# shellcheck disable=SC2086  # a list of patterns
{
	check "the same code passes" gate 0 --base "$base" --cand "$same" $good
	check "... and says so first" shows '^PASS'
	check "a slower one is a regression" gate 1 --base "$base" --cand "$slower" $good
	check "... of that benchmark" after judged/changing/threads:1 REGRESSED
	check "... by what was planted" shows '+\(9\.[5-9]\|10\.[0-4]\) %'
	check "... and of no other" after judged/steady/threads:1 OK
	check "a faster one is none" gate 0 --base "$base" --cand "$faster" $good
	check "... and is called so" after judged/changing/threads:1 IMPROVED
	check "a margin above the change lets it pass" gate 0 --base "$base" --cand "$slower" \
		--ignore 15% --catch 20% $good
}
check "what vanished is coverage lost" gate 5 --base "$base" --cand "$other" judged/steady \
	judged/veteran
check "... and listed" shows 'judged/veteran'
check "... as missing" after judged/veteran/threads:1 MISSING
check "what is new is listed and passes" gate 0 --base "$base" --cand "$other" judged/steady \
	judged/newcomer
check "... as new" after judged/newcomer/threads:1 NEW
check "a crash is coverage lost" gate 5 --base "$base" --cand "$other" judged/steady judged/fragile
check "... with the side and the signal" shows 'the candidate.*signal'
check "... whichever side crashes" gate 5 --base "$other" --cand "$base" judged/fragile
check "a wrong answer is failed" gate 3 --base "$base" --cand "$other" judged/honest
check "... and says what is wrong" shows 'two and two are five'
check "nothing compared is coverage lost" gate 5 --base "$base" --cand "$other" judged/veteran

# ---- what is asked for makes no sense ----

check "a pattern of neither side" gate 2 --base "$base" --cand "$same" judged/stedy
check "... is named" says "neither side has a benchmark that matches 'judged/stedy'"
check "a side that is not there" gate 2 --base ./nothing.so --cand "$same"
check "... is named" says 'nothing.so'
check "no base" gate 2 --cand "$same"
check "margins the wrong way round" gate 2 --base "$base" --ignore 5%
check "... say which is which" says 'ignore must be the smaller'
check "a margin that is no number" gate 2 --base "$base" --catch lots
check "an unknown preset" gate 2 --base "$base" --preset harsh
check "a file that is no program" gate 2 --base /etc/passwd
check "a file that is no build of assay" gate 2 --base /bin/true
check "... says what to write instead" says 'assay gate -- BASE ::: CANDIDATE'
printf 'gate:\n  rules:\n    judged/steady: loose\n    judged/gone: strict\n' >policy.yaml
check "a rule about nothing" gate 2 --base "$base" --cand "$same" --policy policy.yaml
check "... is named with file and line" says 'policy.yaml:4: .*judged/gone'
printf 'gate:\n  presets: normal\n' >policy.yaml
check "an unknown key of the policy" gate 2 --base "$base" --cand "$same" --policy policy.yaml
check "... is named with file and line" says "policy.yaml:2: unknown key 'presets'"
printf 'gate:\n  rules:\n    judged/changing: {ignore: 12%%, catch: 15%%}\n' >assay.yaml
check "a rule of the project applies" gate 0 --base "$base" --cand "$slower" judged/changing
mkdir -p below
check "... in the folders below it, too" sh -c 'cd below && "$@" >../out 2>../err' sh "$assay" gate -n 3 -t 300us \
	--base "$base" --cand "$slower" judged/changing
rm assay.yaml
printf 'gate:\n  ignore: 12%%\n  catch: 15%%\n  preset: strict\n' >policy.yaml
check "a margin stands wherever its preset does" gate 0 --base "$base" --cand "$slower" --policy policy.yaml \
	judged/changing
printf 'preset: strict\n' >policy.yaml
check "a policy that is not below its key" gate 2 --base "$base" --cand "$same" --policy policy.yaml
check "... is shown where to go" says "policy.yaml:1: write 'gate:' and, indented below it, 'preset:'"
printf 'samples: 3\n' >policy.yaml
check "a file without a policy" gate 2 --base "$base" --cand "$same" --policy policy.yaml
check "... is not taken for one" says "policy.yaml has no key 'gate'"
mkdir -p xdg/assay
printf 'gate:\n  preset: strict\n' >xdg/assay/assay.yaml
check "a policy in the user's file" env XDG_CONFIG_HOME="$PWD/xdg" sh -c '"$@" >out 2>err; [ $? = 2 ]' sh \
	"$assay" gate --base "$base" --cand "$same"
check "... is sent to the project's" says "xdg/assay/assay.yaml:1: margins of a gate are a project's"

# ---- commands ----

check "two commands" gate 0 --max-time 20s --ignore 30% --catch 90% -- sleep 0.01 ::: sleep 0.01
printf 'params:\n  size: 64\nsubjects: pool\n' >assay.yaml
check "... in a project that sets axes and subjects" gate 0 --max-time 5s --ignore 30% --catch 90% -- true ::: true
rm assay.yaml
check "one that fails is failed" gate 3 -- true ::: false
for seed in 1 2 3 4 5 6 7 8; do # either side may be the first to be launched
	check "... of another metric, with the seed $seed" gate 3 --seed $seed --metric user_time -- true ::: false
done
check "one command is not two" gate 2 -- true
check "three are not either" gate 2 -- true ::: true ::: true

# ---- stored runs ----

rm -f results.db
"$assay" run -q --load "$base" -n 5 -t 1ms --launches 5 judged/steady judged/changing \
	judged/veteran >/dev/null 2>&1
"$assay" db baseline @last >/dev/null 2>&1
"$assay" run -q --load "$slower" -n 5 -t 1ms --launches 5 judged/steady judged/changing \
	judged/veteran >/dev/null 2>&1
check "two stored runs" gate 1 --base @last~1 --cand @last --ignore 0% --catch 9%
check "... and what that cannot do" shows 'cannot be paired'
check "... with the planted change" shows '+\(9\.[5-9]\|10\.[0-4]\) %'
check "a stored base, the candidate measured now" gate 1 --base @last~1 --cand "$slower" \
	--ignore 0% --catch 9% judged/changing
check "... and what is not used is said" gate 1 --base @last~2 --cand "$slower" --max-time 9s --ignore 0% --catch 9% judged/changing
check "... by its name" says '^warning: --max-time has no effect'
check "... nor is anything measured between two" gate 1 --base @last~3 --cand @last -P size=1 --ignore 0% --catch 9%
check "... of which both are said" sh -c 'grep -q "^warning: --param has no effect" err && grep -q "^warning: --samples has no effect: nothing" err'
check "what is stored cannot be replayed" gate 2 --base @last~1 --cand @last --counts
check "... which is said, whatever else would pass" says '^assay: gate: --counts .*cannot be replayed'
check "a run against itself" gate 2 --base @last --cand @last
check "... is no gate" says "'@last' and '@last' are the same run"
check "a stored base that is not there" gate 2 --base tag:none
"$assay" run -q --db thin.db -n 2 -t 1ms --launches 1 -s pool,glibc memory/alloc_pair >/dev/null 2>&1
check "a stored base of one launch" gate 0 --db thin.db --base 1 -s pool
check "... is said to decide nothing, before anything is measured" awk \
	'/has 1 launch of each case/ { said = 1 } said && /alloc_pair.*subject:pool/ { then = 1 } END { exit !then }' err
check "... and -s chooses" sh -c '! grep -q subject:glibc out'

for _ in 1 2; do # judged/fragile crashes in both
	"$assay" run -q --db broken.db --load "$other" -n 5 -t 1ms --launches 5 judged/steady judged/fragile >/dev/null 2>&1
done
check "what crashed in both stored runs never passes" gate 5 --db broken.db --base 1 --cand 2
check "... and is listed" after judged/fragile/threads:1 FAILED
check "... with what became of it" shows 'the candidate.*signal'
"$assay" compare --db broken.db 1 2 >out 2>err
check "... and is counted by compare" shows '^1 more measured in neither run'
"$assay" run -q --db broken.db --load "$base" -n 5 -t 1ms --launches 5 judged/steady judged/fragile >/dev/null 2>&1
check "nor does what crashed in the base alone" gate 5 --db broken.db --base 1 --cand 3
check "... as of sides that are launched" shows 'the base.*signal'
"$assay" run -q --db broken.db --load "$base" -n 5 -t 1ms --launches 5 judged/steady >/dev/null 2>&1
check "nor what is new and crashed" gate 5 --db broken.db --base 4 --cand 2

"$assay" db gc --keep-samples 1ms >/dev/null 2>&1
check "stored runs without their samples are not compared" gate 5 --base @last~1 --cand @last --ignore 0% --catch 9%
check "... which is said" shows 'has no samples of the base and the candidate'

# ---- what remains ----

rm -f results.db
gate 1 --base "$base" --cand "$slower" judged/changing
runs=$("$assay" export --format jsonl 2>/dev/null | grep -c '"judged/changing/threads:1"')
check "both sides are stored" [ "$runs" -eq 1 ]
gate 4 --db early.db --base "$base" --cand "$same" --strict --max-time 1ns judged/steady
"$assay" export --db early.db --all --format csv >all.csv 2>/dev/null
check "what was not launched before the time was up has no result" [ "$(wc -l <all.csv)" -eq 1 ]
gate 5 --db early.db --base "$other" --cand "$base" judged/fragile
"$assay" export --db early.db --all --format csv >all.csv 2>/dev/null
check "what crashed at first is stored as crashed" [ "$(grep -c 'fragile.*crashed,.*signal' all.csv)" -eq 1 ]
check "... and the other side not as anything" [ "$(grep -c fragile all.csv)" -eq 1 ]
if python3 -c 'import sqlite3; db = sqlite3.connect("results.db"); db.execute("UPDATE run SET status = \"interrupted\""); \
	db.commit()' 2>/dev/null; then
	check "a side of a gate is not resumed as a run" ends 2 "$assay" run --resume @last
	check "... which is said" says 'one side of a gate'
fi
check "a store that cannot be written" gate 7 --db /proc/none/results.db --base "$base" \
	--cand "$same"
"$assay" gate -q --base "$base" --cand "$same" -n 3 -t 300us --json judged/steady >out 2>err
check "JSON is one document" python3 -c 'import json; d = json.load(open("out")); \
	assert d["schema"] == "assay/1"'
echo "1..$count"
