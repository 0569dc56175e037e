#!/bin/sh
# SPDX-License-Identifier: MIT
# loop: reads the machine code of loop_probe.c. The measuring loop is two instructions, a decrement
# and a conditional jump; assay_keep() of a number keeps it in its register, away from memory.
# Prints TAP. usage: loop.sh OBJECT
set -u
objdump=${OBJDUMP:-objdump}
command -v "$objdump" >/dev/null || { echo "1..0 # SKIP $objdump is not installed" && exit 0; }
code=$("$objdump" -d --no-show-raw-insn "$1") || exit 1
case $code in
*elf64-x86-64*)
	machine=x86-64
	# shellcheck disable=SC2016 # a register's name, not a variable
	step='^(sub[lq]? +\$0x1,|add[lq]? +\$0xffffffffffffffff,|dec)'
	jump='^jne|^jnz'
	;;
*elf64-littleaarch64*)
	machine=aarch64
	step='^subs x[0-9]+, x[0-9]+, #(0x)?1$'
	jump='^b\.ne'
	;;
*) echo '1..0 # SKIP reads x86-64 and aarch64 only' && exit 0 ;;
esac

# body NAME: the instructions of one function as "address<TAB>instruction", without padding.
body()
{
	printf '%s\n' "$code" | awk -v name="<$1>:" '
	/^[0-9a-f]+ </ { inside = $2 == name; next }
	inside && /^ *[0-9a-f]+:/ {
		address = $1
		sub(/:$/, "", address)
		sub(/^ *[0-9a-f]+:[ \t]*/, "")
		sub(/[ \t]*(# |\/\/).*/, "") # remarks of objdump
		gsub(/[ \t]+/, " ")
		print address "\t" $0
	}'
}

# The instructions from the target of each backward conditional jump to the jump; blank line between.
loops()
{
	awk -F '\t' -v jump="$jump" '
	{
		at[NR] = $1
		text[NR] = $2
		if ($2 ~ jump) {
			split($2, word, " ")
			sub(/^0x/, "", word[2])
			for (i = NR - 1; i > 0 && at[i] != word[2]; i--)
				;
			if (i > 0) {
				for (; i <= NR; i++)
					print text[i]
				print ""
			}
		}
	}'
}

n=0
bad=0
# verdict TITLE PROBLEM: empty when all is well.
verdict()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		printf 'ok %d - %s\n' "$n" "$1"
	else
		bad=1
		printf 'not ok %d - %s\n%s\n' "$n" "$1" "$2" | sed '2,$s/^/# /'
	fi
}

# Among the loops of the probe is one of exactly a step and a jump, and none between is shorter.
inner=$(body probe_loop | loops | awk -v step="$step" -v jump="$jump" -v RS= -F '\n' '
	NF == 2 && $1 ~ step && $2 ~ jump { found = 1 }
	{ text = text "\n" $0 "\n" }
	END {
		if (!found)
			print "no loop of a decrement and a conditional jump among:" text
	}')
verdict "$machine: the empty loop is a decrement and a conditional jump" "$inner"

# Memory operands other than the frame pointer's own push and pop; nop and lea read nothing.
for type in double float integer; do
	code_of=$(body "probe_keep_$type")
	problem=$(printf '%s\n' "$code_of" | cut -f 2 | awk '
		/nop|^lea|^push|^pop|^st[rp] x29|^ld[rp] x29/ { next }
		/\(%|\[/ { print "touches memory: " $0 }')
	[ -n "$code_of" ] || problem="probe_keep_$type is not in the object"
	verdict "$machine: assay_keep() of $type stays in its register" "$problem"
done
printf '1..%d\n' "$n"
exit $bad
