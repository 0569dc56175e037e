#!/bin/sh
# SPDX-License-Identifier: MIT
# unsafe: calls that the project does without. Everywhere: a shell, unbounded string functions and
# parsers that cannot report an error. Below cli/: printing for people and leaving the process,
# which only cli/ does. usage: unsafe.sh ROOT
# shellcheck disable=SC2016 # the single quotes hold awk
set -eu
cd "$1"

everywhere='system popen strcpy stpcpy strcat sprintf vsprintf gets atoi atol atoll atof'
libraries='printf vprintf puts putchar perror exit abort quick_exit err errx warn warnx'

# scan WORDS FOLDER...: calls of one of WORDS outside comments and strings.
scan()
{
	words=$1
	shift
	find "$@" -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.c.in' \) | LC_ALL=C sort |
		xargs -r awk -v words="$words" '
	BEGIN {
		n = split(words, name, " ")
	}
	FNR == 1 {
		comment = 0
	}
	{
		text = $0
		gsub(/\\./, "", text)
		gsub(/"[^"]*"/, "\"\"", text)
		if (comment) {
			if (!sub(/^.*\*\//, "", text))
				next
			comment = 0
		}
		gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", text)
		sub(/\/\/.*/, "", text)
		if (sub(/\/\*.*/, "", text))
			comment = 1
		for (i = 1; i <= n; i++)
			if (text ~ "(^|[^A-Za-z0-9_.>])" name[i] "[ \t]*\\(") {
				printf "%s:%d: %s() is not used here\n", FILENAME, FNR, name[i]
				bad = 1
			}
		if (words ~ /perror/ && text ~ /fprintf[ \t]*\([ \t]*std(out|err)/) {
			printf "%s:%d: only cli/ prints\n", FILENAME, FNR
			bad = 1
		}
	}
	END {
		exit bad
	}'
}

folders=
for folder in harness suites profiler reports; do
	[ ! -d "$folder" ] || folders="$folders $folder"
done
[ -n "$folders" ] || { echo 'no source folder found' && exit 1; }
rc=0
# shellcheck disable=SC2086 # a list of folders
scan "$libraries" $folders || rc=1
for folder in cli tests; do
	[ ! -d "$folder" ] || folders="$folders $folder"
done
# shellcheck disable=SC2086
scan "$everywhere" $folders || rc=1
exit $rc
