#!/bin/sh
# SPDX-License-Identifier: MIT
# globals: no object file holds a variable that may change, but for those in globals.txt. Constants
# that need relocation are no such variables. usage: globals.sh BUILD-FOLDER
set -eu
allowed=$(cd "$(dirname "$0")" && pwd)/globals.txt
objdump=${OBJDUMP:-objdump}
command -v "$objdump" >/dev/null || { echo "$objdump is not installed" && exit 77; }
cd "$1"

find harness profiler suites reports cli -name '*.o' ! -name '*_subjects_*' | LC_ALL=C sort |
	xargs "$objdump" -t -C | awk -v allowed="$allowed" '
BEGIN {
	while ((getline line < allowed) > 0)
		if (line !~ /^#/ && split(line, word, " ") >= 3)
			reason[word[1] " " word[2]] = 1
}
/file format/ {
	file = $1
	sub(/:$/, "", file)
	sub(/^.*\//, "", file)
	sub(/\.o$/, "", file)
	objects++
}
# "address flags section<TAB>size name"; thread-local symbols have no O for object.
/ O \.(data|bss)/ || / \.t(data|bss)/ {
	name = $NF
	# .LANCHOR is where several variables begin, each of which has a line of its own (aarch64)
	if (/ d / || /\.data\.rel\.ro/ || name ~ /^DW\.ref|^\.LANCHOR/)
		next
	sub(/^.*::/, "", name)
	sub(/\.[0-9]+$/, "", name) # static inside a function: name.1 by gcc,
	sub(/^.*\./, "", name)     # function.name by clang
	if (!((file " " name) in reason)) {
		printf "%s: %s may change and outlives the call\n", file, name
		bad = 1
	}
}
END {
	if (!objects)
		print "no object file found"
	exit bad || !objects
}'
