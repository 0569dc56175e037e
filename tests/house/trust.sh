#!/bin/sh
# SPDX-License-Identifier: MIT
# trust: what docs/security.md says of the code and text can show. SQL comes from literals only; no shell is
# started; names of files made in shared folders are not predictable. usage: trust.sh ROOT
# shellcheck disable=SC2016 # the single quotes hold awk
set -eu
cd "$1"

folders=
for folder in harness suites profiler reports cli; do
	[ ! -d "$folder" ] || folders="$folders $folder"
done
[ -n "$folders" ] || { echo 'no source folder found' && exit 1; }

# Whole statements, as calls span lines: comments are dropped, lines joined up to ; or {.
# shellcheck disable=SC2086 # a list of folders
find $folders -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.c.in' \) | LC_ALL=C sort |
	xargs -r awk '
function report(text)
{
	printf "%s:%d: %s\n", FILENAME, first, text
	bad = 1
}
function judge(s, call)
{
	sql = FILENAME ~ /^harness\/store\/sql\.c$/
	if (!sql && s ~ /sqlite3_(prepare|prepare_v2|prepare_v3|get_table|mprintf|vmprintf|snprintf)[ \t]*\(/)
		report("only harness/store/sql.c prepares SQL")
	if (!sql && s ~ /sqlite3_exec[ \t]*\(/ && s !~ /sqlite3_exec[ \t]*\([^,()]*,[ \t]*"/)
		report("sqlite3_exec() of what is no literal")
	# A number of ours in a pragma, which takes no parameters, is the one exception.
	if (s ~ /(printf|assay_str_add|asprintf)[ \t]*\(/ && FILENAME ~ /^harness\// &&
	    s ~ /"[^"]*(SELECT|INSERT|UPDATE|DELETE|ATTACH|CREATE|DROP|ALTER|VACUUM|PRAGMA) [^"]*%/ &&
	    s !~ /"PRAGMA %s = %d"/)
		report("SQL is put together from strings; bind a parameter")
	if (s ~ /"(\/bin\/)?(sh|bash|dash)"/)
		report("a shell")
	if (s ~ /[^a-z_](mktemp|tmpnam|tempnam|mkstemp)[ \t]*\(/)
		report("mkostemp() with O_CLOEXEC, or mkdtemp()")
	if (s ~ /[^a-z_](setuid|seteuid|setreuid|setresuid|setgid|setegid)[ \t]*\(/)
		report("rights are never changed")
}
FNR == 1 { comment = 0; statement = ""; first = 1 }
{
	text = $0
	if (comment) {
		if (!sub(/^.*\*\//, "", text))
			next
		comment = 0
	}
	gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", text)
	sub(/(^|[ \t])\/\/.*/, "", text)
	if (sub(/\/\*.*/, "", text))
		comment = 1
	if (statement == "")
		first = FNR
	statement = statement " " text
	if (text ~ /[;{}]/ || text ~ /^[ \t]*#/) {
		judge(statement)
		statement = ""
	}
}
END { exit bad }'
