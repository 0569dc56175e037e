# shellcheck shell=sh
# tap: what the tests written in shell share: a folder to work in, and one TAP line per check. Sourced, after
# paths given as arguments were made absolute: the work goes on in an empty folder.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset ASSAY_DB ASSAY_PROFILE ASSAY_ANCHOR GITHUB_ACTIONS
count=0

# check WHAT CONDITION...: one TAP line, and what was printed last when it does not hold
check()
{
	what=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $what"
	else
		echo "not ok $count - $what"
		sed 's/^/# /' out err 2>/dev/null | tail -n 20
	fi
}

# ends STATUS COMMAND...: true when the command's exit status is that; its output goes to out and err
ends()
{
	expected=$1
	shift
	"$@" >out 2>err </dev/null
	status=$?
	[ "$status" -eq "$expected" ] && return 0
	echo "exit status $status, not $expected" >>err
	return 1
}

# says PATTERN: on stderr
says()
{
	grep -q -e "$1" err
}

# shows PATTERN: on stdout
shows()
{
	grep -q -e "$1" out
}
