#!/bin/sh
# SPDX-License-Identifier: MIT
# listed: every source file is named in the nearest meson.build, so that none is left out of the
# build in silence. usage: listed.sh ROOT
set -eu
cd "$1"

# The nearest folder at or above $1 that has a meson.build.
nearest()
{
	folder=$1
	until [ -f "$folder/meson.build" ]; do
		folder=$(dirname "$folder")
	done
	printf '%s\n' "$folder"
}

bad=0
seen=0
for file in $(find . -maxdepth 1 -type d ! -name . ! -name '.*' ! -name 'build*' -exec \
	find {} -type f \( -name '*.c' -o -name '*.cc' \) \; | LC_ALL=C sort); do
	file=${file#./}
	seen=$((seen + 1))
	case $file in
	suites/*/check.c) continue ;; # every suite has one: suites/meson.build adds it
	esac
	folder=$(nearest "$(dirname "$file")")
	within=${file#"$folder"/}
	stem=${within%.*}
	word=${stem##*/}
	# Comments do not count. Named as 'dir/name.c', 'name.c', 'dir/name' or 'name'; a test may leave
	# out its test_.
	if ! sed 's/^[[:space:]]*#.*//' "$folder/meson.build" |
		grep -q -F -e "'$within'" -e "'${within##*/}'" -e "'$stem'" -e "'$word'" -e "'${word#test_}'"; then
		printf '%s: not named in %s/meson.build\n' "$file" "$folder"
		bad=1
	fi
done
[ "$seen" -gt 0 ] || { echo 'no source file found' && exit 1; }
exit $bad
