#!/bin/sh
# SPDX-License-Identifier: MIT
# floors: every include respects tests/house/floors.txt. Names file, line and what is allowed.
# usage: floors.sh ROOT
set -eu
table=$(cd "$(dirname "$0")" && pwd)/floors.txt
cd "$1"

find . \( -name .git -o -name 'build*' -type d \) -prune -o -type f \
	\( -name '*.[ch]' -o -name '*.cc' -o -name '*.c.in' -o -name '*.h.in' \) -print |
	sed 's|^\./||' | LC_ALL=C sort >"${TMPDIR:-/tmp}/floors.$$"
trap 'rm -f "${TMPDIR:-/tmp}/floors.$$"' EXIT

awk -v table="$table" '
# The row that holds a path: its folder, or the nearest folder above, by name or as parent/*.
function row_of(path,    parent)
{
	while (sub(/\/[^\/]*$/, "", path)) {
		parent = path
		if (path in allowed) {
			own = path
			return path
		}
		if (sub(/\/[^\/]*$/, "/*", parent) && parent in allowed) {
			own = path
			return parent
		}
	}
	own = ""
	return ""
}

function complain(text)
{
	printf "%s:%d: %s\n", file, line, text
	bad++
}

# A header that the build writes from a template beside the file.
function is_generated(target,    folder)
{
	folder = file
	sub(/[^\/]*$/, "", folder)
	return (folder target ".in") in known
}

function check_ours(target,    from, from_own, to)
{
	if (is_generated(target))
		return
	if (!(target in known))
		return complain("\"" target "\" is no file of the tree (includes are written from the root)")
	from = row_of(file)
	from_own = own
	to = row_of(target)
	if (own == from_own || index(" " allowed[from] " ", " " to " "))
		return
	if (allowed[from] == "*" && to != "tests")
		return
	complain("\"" target "\" is of " own "; " from_own " may include itself" \
		(allowed[from] == "" ? " only" : " and " allowed[from]))
}

# Is `path` the file or below the folder that one of the words in `list` names?
function within(path, list,    words, n, i)
{
	n = split(list, words, " ")
	for (i = 1; i <= n; i++)
		if (path == words[i] || index(path, words[i] "/") == 1)
			return 1
	return 0
}

function check_library(target,    row)
{
	row = target
	if (!(row in keepers))
		sub(/\/.*$/, "/*", row)
	if (row in keepers && !within(file, keepers[row]))
		complain("<" target "> belongs to " keepers[row])
}

BEGIN {
	while ((getline text < table) > 0) {
		if (text ~ /^#/ || text !~ /[^ \t]/)
			continue
		n = split(text, word, /[ \t]+/)
		rest = ""
		for (i = 2; i <= n; i++)
			if (word[i] != "")
				rest = rest (rest == "" ? "" : " ") word[i]
		if (word[1] ~ /^</)
			keepers[substr(word[1], 2, length(word[1]) - 2)] = rest
		else
			allowed[word[1]] = rest
	}
}

{
	files[++n_files] = $0
	known[$0] = 1
}

END {
	for (f = 1; f <= n_files; f++) {
		file = files[f]
		line = 0
		if (row_of(file) == "") {
			complain("stands in no folder of tests/house/floors.txt")
			continue
		}
		while ((getline text < file) > 0) {
			line++
			if (text !~ /^[ \t]*#[ \t]*include[ \t]*["<]/)
				continue
			target = text
			sub(/^[^"<]*["<]/, "", target)
			sub(/[">].*$/, "", target)
			if (text ~ /^[^<]*"/)
				check_ours(target)
			else
				check_library(target)
		}
		close(file)
	}
	if (!n_files) {
		print "no source file found"
		exit 1
	}
	exit bad > 0
}' "${TMPDIR:-/tmp}/floors.$$"
