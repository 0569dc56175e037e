#!/bin/sh
# bisect: `git bisect run assay bisect` over a repository with a planted regression, a commit that does not build
# and one whose benchmark crashes. Each commit "builds" a plug-in made beforehand. Prints TAP.
# usage: bisect.sh ASSAY PLUG-IN SLOWER-PLUG-IN FROZEN-PLUG-IN
set -u
assay=$(realpath "$1") plugin=$(realpath "$2") slower=$(realpath "$3") frozen=$(realpath "$4") || exit 1
command -v git >/dev/null || { echo '1..0 # SKIP no git' && exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/repo" "$dir/home" && cd "$dir/repo" || exit 1
unset ASSAY_DB ASSAY_ANCHOR
HOME=$dir/home GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
export HOME GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL
export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
count=0

check()
{
	what=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $what"
	else
		echo "not ok $count - $what"
		sed 's/^/# /' ../out ../err 2>/dev/null | tail -n 30
	fi
}

# bisect EXPECTED ARGS...: true when the exit status is the expected one
bisect()
{
	expected=$1
	shift
	"$assay" bisect --db ../gate.db "$@" >../out 2>../err </dev/null
	status=$?
	[ "$status" -eq "$expected" ] && return 0
	echo "exit status $status, not $expected" >>../err
	return 1
}

says()
{
	cat ../out ../err | grep -q -e "$1"
}

cp "$plugin" ../good.so
check 'the same is good' bisect 0 --good ../good.so --cand "$plugin" stated/steady
check 'and is called so' says 'this commit is good'
check 'slower by a tenth is bad' bisect 1 --good ../good.so --cand "$slower" stated/steady
check 'and is called so' says 'this commit is bad'
check 'faster is good' bisect 0 --good "$slower" --cand "$plugin" stated/steady
check 'a crash says nothing' bisect 125 --good ../good.so --cand "$frozen" stated/fragile
check 'nor a benchmark that is gone' bisect 125 --good ../good.so --cand "$frozen" stated/young
check 'nor a build that fails' bisect 125 --good ../good.so --cand "$plugin" stated/steady -- false
check 'which is said' says 'cannot say: the build ended with exit status 1'
check 'nor one that made nothing' bisect 125 --good ../good.so --cand none.so stated/steady -- true
check 'which is said' says "cannot say: --cand 'none.so': No such file"
echo 'no plug-in' >text.so
check 'nor one that made something else' bisect 125 --good ../good.so --cand text.so stated/steady
check 'no such benchmark' bisect 125 --good ../good.so --cand "$plugin" stated/none
check 'without a good side the search stops' bisect 128 --cand "$plugin" stated/steady
check 'or with one that is not there' bisect 128 --good none.so --cand "$plugin" stated/steady
check 'or without a benchmark' bisect 128 --good ../good.so --cand "$plugin"
check 'or with an option that is none' bisect 128 --god ../good.so --cand "$plugin" stated/steady
check 'or with a preset that is none' bisect 128 --good ../good.so --cand "$plugin" --preset harsh stated/steady -- touch ../built
check 'which is found out before anything is built' [ ! -e ../built ]
check 'or with a time that is none' bisect 128 --good ../good.so --cand "$plugin" --max-time soon stated/steady
check 'or with margins the wrong way round' bisect 128 --good ../good.so --cand "$plugin" --ignore 5% stated/steady
check 'or with values of no axis' bisect 128 --good ../good.so --cand "$plugin" -P size stated/steady
check 'or with files of no kind' bisect 128 --good ../good.so --cand "$plugin" --kind so stated/steady
check 'or with a command that is none' bisect 128 --good ../good.so --cand "$plugin" stated/steady -- no-such-builder
rm text.so

# The ninth of twelve commits is slower; the fourth does not build, the seventh lacks the benchmark.
git init -q . && cat >build.sh <<'SCRIPT'
read -r level <level
[ "$level" != broken ] && cp "$level" ../cand.so
SCRIPT
mkdir other && printf 'no plug-in' >../text.so
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
	case $number in
	4) level=broken ;;
	7) level=$dir/text.so ;;
	9 | 10 | 11 | 12) level=$slower ;;
	*) level=$plugin ;;
	esac
	printf '%s\n%s\n' "$level" "$number" >level
	git add level build.sh && git commit -qm "commit $number" || exit 1
done
first=$(git rev-list --max-parents=0 HEAD) ninth=$(git rev-parse HEAD~3)
git bisect start HEAD "$first" >../out 2>&1
git bisect run "$assay" bisect --db ../gate.db -q --good ../good.so --cand ../cand.so stated/steady \
	-- sh build.sh >../out 2>../err
check 'git bisect run ends at the planted commit' grep -q "^$ninth is the first bad commit" ../out
git bisect reset >/dev/null 2>&1
check 'and leaves the tree as it was' [ -z "$(git status --porcelain)" ]
echo "1..$count"
