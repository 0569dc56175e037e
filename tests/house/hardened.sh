#!/bin/sh
# SPDX-License-Identifier: MIT
# hardened: what the built program has of the protections that meson.build asks for: position independence,
# relocations that are read-only after start, no executable stack, checked stacks and functions, and marked
# targets of indirect jumps. Prints TAP. usage: hardened.sh PROGRAM
# shellcheck disable=SC2317 # conditions are called by verdict
set -u
program=$1
command -v readelf >/dev/null || { echo '1..0 # SKIP readelf is not installed' && exit 0; }
header=$(LC_ALL=C readelf -W -h -l -d "$program") || exit 1
symbols=$(LC_ALL=C readelf -W --dyn-syms "$program") || exit 1

n=0
bad=0
# verdict TITLE CONDITION...
verdict()
{
	title=$1
	shift
	n=$((n + 1))
	if "$@"; then
		printf 'ok %d - %s\n' "$n" "$title"
	else
		bad=1
		printf 'not ok %d - %s\n' "$n" "$title"
	fi
}
header_has()
{
	printf '%s\n' "$header" | grep -q -E -e "$1"
}
header_lacks()
{
	! header_has "$1"
}
imports()
{
	printf '%s\n' "$symbols" | grep -q -E -e " UND $1(@|\$)"
}
verdict 'it is loaded anywhere' header_has 'Type: +DYN'
verdict 'relocations are read-only' header_has 'GNU_RELRO'
verdict 'all of them, before main' header_has '(FLAGS_1.*NOW|BIND_NOW)'
verdict 'the stack is not executable' header_has 'GNU_STACK +(0x[0-9a-f]+ +){5}RW '
verdict 'nothing is writable and executable' header_lacks 'LOAD +.* RWE '
verdict 'stacks are checked' imports __stack_chk_fail
verdict 'so are lengths' imports '__(mem|str|v?snprintf|read|vasprintf|asprintf)[a-z]*_chk'
verdict 'no library is searched for in odd places' header_lacks '(RPATH|RUNPATH)'
case $header in
*X86-64*)
	main_begins()
	{
		objdump -d --no-show-raw-insn --disassemble=main "$program" | grep -A 1 '<main>:' |
			grep -q endbr64
	}
	verdict 'targets of indirect jumps are marked' main_begins
	;;
esac
printf '1..%d\n' "$n"
exit $bad
