#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh ASSAY CASE: play a case against the program and compare with what the case says.
# UPDATE=1 in the environment writes what happened into the case instead. See README.md here.
set -u

absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s/%s\n' "$PWD" "$1" ;;
	esac
}

assay=$(absolute "$1")
case=$(absolute "$2")
if ! [ -x "$assay" ] || ! [ -r "$case" ]; then
	echo "run.sh: need $assay and $case" >&2
	exit 99
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
mkdir "$tmp/bin" "$tmp/work" "$tmp/home" || exit 99
ln -s "$assay" "$tmp/bin/assay" || exit 99

# Nothing of the caller's may show: settings, colours, language, terminal.
for name in $(env | sed -n 's/^\(ASSAY_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
# A short look for noise will do; the settings are a subject of their own.
case ${case##*/} in
config*) ;;
*) export ASSAY_PROBE=20ms ;;
esac
unset NO_COLOR CLICOLOR_FORCE GITHUB_ACTIONS XDG_CONFIG_HOME COLUMNS
SOURCE=$(cd "$(dirname "$case")/../../.." && pwd) # for cases that read a page of docs/
HOME=$tmp/home PATH=$tmp/bin:$PATH TERM=xterm LC_ALL=C.UTF-8 TZ=UTC
export SOURCE HOME PATH TERM LC_ALL TZ
cd "$tmp/work" || exit 99

# What differs between machines and runs: folders, versions, times, identifiers.
normalise() {
	sed -e "s|$tmp/home|HOME|g" -e "s|$tmp/work|HERE|g" \
		-e 's/assay [0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*/assay VERSION/' \
		-e 's/[0-9a-f]\{8\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{4\}-[0-9a-f]\{12\}/UUID/g' \
		-e 's/  *[0-9][0-9.]* \([pnum]\{0,1\}s\)\>/ TIME \1/g'
}

# Run the command collected in $command and write what it said in the form of a case.
play() {
	[ -n "$command" ] || return 0
	(eval "$command") >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	normalise <"$tmp/out" | sed -e 's/^/  | /' -e 's/ *$//'
	normalise <"$tmp/err" | sed -e 's/^/  ! /' -e 's/ *$//'
	[ "$status" -eq 0 ] || echo "  [$status]"
	command=
}

newline='
'
command=
while IFS= read -r line || [ -n "$line" ]; do
	case $line in
	'  $ '*)
		play
		command=${line#'  $ '}
		;;
	'  > '*)
		command=$command$newline${line#'  > '}
		;;
	'  | '* | '  |' | '  ! '* | '  !' | '  ['*']') # said by the command: comes anew from play
		continue
		;;
	*)
		play
		;;
	esac
	printf '%s\n' "$line"
done <"$case" >"$tmp/transcript"
play >>"$tmp/transcript"

if [ -n "${UPDATE:-}" ]; then
	cp "$tmp/transcript" "$case"
	exit
fi
grep -q '^  \$ ' "$case" || { echo "$case: no command in it" >&2; exit 1; }
diff -u "$case" "$tmp/transcript"
