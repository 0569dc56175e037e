#!/bin/sh
# SPDX-License-Identifier: MIT
# placement: the recipes of docs/placement.md, built as they stand: every variant loads, gives the right
# answers and has its code elsewhere. Prints TAP. usage: placement.sh ROOT ASSAY [MESON...]
# shellcheck disable=SC2317 # functions are called by check
set -u
root=$(realpath "$1") assay=$(realpath "$2")
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/make" "$work/meson" || exit 1
ln -s "$assay" "$work/bin/assay"
printf 'Name: assay\nDescription: benchmarks\nVersion: 0\nCflags: -I%s\n' "$root" >"$work/bin/assay.pc"
PATH=$work/bin:$PATH PKG_CONFIG_PATH=$work/bin
export PATH PKG_CONFIG_PATH
unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS

n=0
bad=0
# check TITLE COMMAND...: one line of TAP; what the command said when it failed.
check()
{
	title=$1
	shift
	n=$((n + 1))
	if "$@" >log 2>&1; then
		printf 'ok %d - %s\n' "$n" "$title"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$title"
		sed 's/^/# /' log
	fi
}

# block LANGUAGE NAME: the block of the page that begins with "```LANGUAGE NAME".
block()
{
	awk -v head="\`\`\`$1 $2" '$0 == head { on = 1; next } /^```/ { on = 0 } on' \
		"$root/docs/placement.md" >"$2" && [ -s "$2" ]
}

# Every file measures without a complaint: its answers are checked while it does.
run()
{
	for file; do
		rm -f results.db
		assay run --db results.db -n 3 -t 3ms --launches 1 --counters none --json=results \
			--load "./$file" tokens || return
		grep '"event":"result"' results | grep -q '"status":"\(ok\|unstable\)"' || return
	done
}

# The oracle fails it, and nothing else does.
miscounts()
{
	cc -O2 -shared -fPIC -I "$root" -o "$2" "$1" || return
	run "$2"
	[ $? = 3 ] && grep '"event":"result"' results | grep -q '"status":"failed"'
}

# As seen by someone else: nm finds the kernel at so many addresses.
addresses()
{
	[ "$(for file in "$1"/*.so; do nm "$file"; done | awk '$3 ~ /^count_tokens/ { print $1 }' |
		sort -u | wc -l)" = "$2" ]
}

# variants TITLE: of the set in this folder
variants()
{
	check "$1: eight variants" test "$(find tokens.so.variants/*.so | wc -l)" -eq 8
	check "$1: the set is whole" assay variants tokens.so.variants
	check "$1: the kernel is at eight addresses" addresses tokens.so.variants 8
}

if command -v make >/dev/null; then
	cd "$work/make" || exit 1
	cp "$root/docs/examples/tokens.c" .
	check 'the page has a Makefile' block make Makefile
	check 'make builds' make
	variants make
	check 'each runs and is right' run tokens.so tokens.so.variants/*.so
	check 'make has nothing left to do' make -q
	touch -d '1 minute' tokens.c
	check 'make builds after a change' make
	check 'and the set is whole again' assay variants tokens.so.variants
	sed 's/n++;/n += 2;/' tokens.c >wrong.c
	check 'a kernel that miscounts is noticed' miscounts wrong.c wrong.so
fi

if [ $# -gt 0 ]; then
	cd "$work/meson" || exit 1
	cp "$root/docs/examples/tokens.c" .
	check 'the page has a meson.build' block meson meson.build
	check 'Meson configures' "$@" setup out
	check 'Meson builds' "$@" compile -C out
	cd out || exit 1
	variants Meson
	check 'the last one runs and is right' run tokens.so.variants/tokens-7.so
	check 'Meson has nothing left to do' sh -c 'ninja -n | grep "no work to do"'
fi

printf '1..%d\n' "$n"
exit $bad
