#!/bin/sh
# SPDX-License-Identifier: MIT
# gate: this build against the last release of the project. The base is the last tag before HEAD, or where there is
# none its parent; it is built like this build in BUILD/gate-base, and kept there for the next time.
# usage: gate.sh ROOT BUILD BUILDTYPE [PATTERN...]; with CC and CXX as BUILD has them
set -eu
root=$1 build=$2 buildtype=$3
shift 3
# cheap, one thread, of every suite that has some
[ $# -gt 0 ] || set -- 'selftest/spin/threads:1' selftest/empty selftest/walk memory/alloc_pair \
	'memory/latency/size:16Ki/*' 'memory/latency/size:256Ki/*' 'concurrency/spawn/*threads:1'

die()
{
	printf 'gate: %s\n' "$*" >&2
	exit 2
}

git -C "$root" rev-parse --verify --quiet HEAD~1 >/dev/null ||
	die "'$root' is no git work tree with an earlier commit: there is nothing to compare with"
if tag=$(git -C "$root" describe --tags --abbrev=0 HEAD~1 2>/dev/null); then
	what="tag $tag"
else
	tag=HEAD~1 what='the parent of HEAD, as no commit before it has a tag'
fi
commit=$(git -C "$root" rev-parse --verify "$tag^{commit}")
old=$build/gate-base/$commit
tree=$build/gate-base/tree
printf 'base       %s, %s\n' "$commit" "$what"
printf 'candidate  %s%s\n' "$(git -C "$root" rev-parse HEAD)" \
	"$(git -C "$root" diff --quiet HEAD || printf ' with local changes')"

clean()
{
	git -C "$root" worktree remove --force "$tree" 2>/dev/null || true
	git -C "$root" worktree prune
}

# In a worktree that is gone afterwards; a build that was broken off is begun again.
if ! [ -e "$old/built" ]; then
	rm -rf "$old"
	mkdir -p "$old"
	clean
	trap clean EXIT
	trap 'exit 130' INT TERM
	git -C "$root" worktree add --quiet --detach "$tree" "$commit"
	if ! { meson setup --buildtype="$buildtype" "$old" "$tree" && ninja -C "$old" cli/assay; } \
		>"$build/gate-base/build.log" 2>&1; then
		tail -n 20 "$build/gate-base/build.log" >&2
		die "$commit does not build; all of it is in $build/gate-base/build.log"
	fi
	: >"$old/built"
fi

# A side has to say what it would measure, a case a line, with all that is needed to launch it.
"$old/cli/assay" run --dry-run --json 2>/dev/null </dev/null |
	grep '"event":"planned"' | grep '"version":' | grep -q '"better":' ||
	die "$commit cannot be a side: it is older than 'assay run --dry-run --json' with full cases; tag a younger commit"
"$build/cli/assay" gate --db "$build/gate-base/results.db" --all \
	--base "$old/cli/assay" --cand "$build/cli/assay" "$@"
