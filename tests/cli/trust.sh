#!/bin/sh
# SPDX-License-Identifier: MIT
# trust: what docs/security.md promises of the whole program: no secret of the environment is kept, no rights are
# borrowed, sockets and scratch files are the user's alone, and what the sandbox keeps out. Prints TAP.
# usage: trust.sh ASSAY BAD-PLUGIN
# shellcheck disable=SC2086  # $short is several words
# shellcheck disable=SC2016  # what another shell is to expand
set -u
assay=$(realpath "$1") || exit 1
bad=$(realpath "$2") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
short='-n 2 -t 1ms --launches 1'

# ---- secrets ----

# One word in every variable that people keep tokens in.
with_secrets()
{
	env AWS_SECRET_ACCESS_KEY=hunter2 GITHUB_TOKEN=hunter2 PGPASSWORD=hunter2 \
		http_proxy=http://me:hunter2@proxy DATABASE_URL=postgres://me:hunter2@db \
		SSH_AUTH_SOCK=/tmp/hunter2 CI_JOB_TOKEN=hunter2 "$@"
}

# no_secret FILE...: each is there and not empty, and none holds the word
no_secret()
{
	for file in "$@"; do
		[ -s "$file" ] || { echo "$file is empty" >>err && return 1; }
		! grep -q -a hunter2 "$file" || { echo "in $file" >>err && return 1; }
	done
}

check 'a run with secrets around it' ends 0 with_secrets "$assay" run --json=run.jsonl $short \
	memory/alloc_pair -s glibc
cp out told
check 'a command with secrets around it' ends 0 with_secrets "$assay" run --json=command.jsonl $short -- true
check 'a page of it' ends 0 with_secrets "$assay" report -o page.html
for format in json jsonl csv openmetrics; do
	check "$format of it" ends 0 with_secrets "$assay" export -f $format -o export.$format
done
check 'a bundle of it' ends 0 with_secrets "$assay" export -f bundle -o run.bundle
check 'no secret is kept, shown or passed on' no_secret told run.jsonl command.jsonl results.db page.html \
	export.json export.jsonl export.csv export.openmetrics run.bundle

# ---- files and rights ----

check 'a pipe is written to, not replaced' sh -c 'mkfifo pipe && cat pipe >through &
	sleep 0.2; "$1" report -o pipe >/dev/null 2>&1; wait; test -p pipe && test -s through' sh "$assay"
check 'nothing is left beside the files' sh -c '! ls | grep -e "\.html\." -e "db\.new-[0-9a-f]\{16\}"'

set_user_id()
{
	cp "$assay" borrowed && chown 12345 borrowed && chmod u+s borrowed && [ -u borrowed ] || return 1
	ends 2 ./borrowed list && says 'set-user-ID'
}
if [ "$(id -u)" = 0 ] && ! findmnt -n -o OPTIONS -T . 2>/dev/null | grep -q nosuid; then
	check 'borrowed rights are refused' set_user_id
fi

# ---- the sandbox ----

folder_without_bwrap()
{
	ends 2 env PATH=/nonexistent "$assay" run --sandbox $short memory/alloc_pair -s glibc &&
		says 'needs bubblewrap'
}
check 'without bubblewrap it says so' folder_without_bwrap
check 'not with replays' ends 2 "$assay" run --sandbox --counts $short memory/alloc_pair -s glibc

if ! "$assay" run --sandbox $short -- true >out 2>err; then
	grep -e bubblewrap -e 'make a sandbox' err | sed 's/^/# not tried: /'
	echo "1..$count"
	exit 0
fi

# inside COMMAND: what a shell in the sandbox prints
inside()
{
	_ASSAY_MARK=$dir with_secrets "$assay" run --sandbox -q -n 1 --launches 1 -t 1ms --output inherit \
		--ignore-failure -- sh -c "$1" >out 2>err </dev/null
}
lacks()
{
	inside "$1" && [ -s out ] && ! grep -q -e "$2" out
}
holds()
{
	inside "$1" && grep -q -e "$2" out
}
check 'the environment is cut down' lacks env hunter2
check 'there is no network' lacks 'cat /proc/net/dev' 'eth\|enp\|wlan'
check 'its own device is there' holds 'cat /proc/net/dev' ' lo:'
check 'no other process is in sight' holds 'ls -d /proc/[0-9]* | wc -l | grep -x "[0-9]" && echo few' few
inside "echo x >$dir/written; echo x >/etc/written; echo x >/tmp/written; ls /tmp"
check 'nothing is written but to a private /tmp' sh -c \
	'grep -q written out && ! ls written /etc/written /tmp/written 2>/dev/null'

check 'a crash is still a crash' ends 3 "$assay" run --sandbox $short --load "$bad" bad/crash
check 'and its signal is known' sh -c 'cat out err | grep -q "signal 11"'
_ASSAY_MARK=$dir ends 3 "$assay" run --sandbox $short --timeout 1s --load "$bad" bad/fork_away bad/hang
survivors()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -l -a -s -e "_ASSAY_MARK=$dir" /proc/[0-9]*/environ >left || return 0
		sleep 0.2
	done
	return 1
}
check 'nothing of it is left' survivors
"$assay" export -f json -o sandboxed.json >out 2>err
check 'the run says that it had one' grep -q '"process.sandbox": *"bubblewrap' sandboxed.json
"$assay" run --sandbox $short memory/alloc_pair -s glibc >out 2>err
"$assay" run $short memory/alloc_pair -s glibc >out 2>err
"$assay" export -f json -o free.json >out 2>err
check 'and one without says so too' grep -q '"process.sandbox": *"none"' free.json
mixed()
{
	ends 6 "$assay" "$@" && says 'in a sandbox' && says 'or both without'
}
check 'runs with and without are not compared' mixed compare @last~1 @last
check 'nor gated' mixed gate --base @last~1 --cand @last
check 'what is measured for a stored base has its sandbox' mixed gate --base @last --sandbox memory/alloc_pair
check 'a gate measures both sides in it' ends 0 "$assay" gate --sandbox --preset loose --max-time 1s -- true ::: true
"$assay" export -f json -o gated.json >out 2>err
check 'and says so' grep -q '"process.sandbox": *"bubblewrap' gated.json
check 'two stored runs need none' ends 2 "$assay" gate --sandbox --base @last~1 --cand @last

# profiled ARGS...: with a timer and with allocations, whose libraries and files lie outside
profiled()
{
	ends 0 "$assay" profile --sandbox --counters none --rate 499 "$@" &&
		grep -q '^ *[1-9][0-9.]* %' out
}
check 'a case is profiled in it' profiled --engine timer -t 100ms memory/alloc_pair -s glibc
check 'so is what a case allocates' profiled --allocations --bytes 1Ki -t 1ms memory/alloc_pair -s glibc
check 'and what a command allocates' profiled --allocations --bytes 1Ki -- sh -c ls
"$assay" export -f json -o profiled.json >out 2>err
check 'and it says so' grep -q '"process.sandbox": *"bubblewrap' profiled.json
lists()
{
	with_secrets "$assay" profile --sandbox --engine timer -- sh -c "$1" >out 2>err </dev/null
	grep -q -e "$2" out
}
check 'a profiled command sees no other process' lists 'ls -d /proc/[0-9]* | wc -l | grep -x "[0-9]" && echo few' few
lists 'cat /proc/*/environ; echo all' all
check 'nor secrets, of who started it either' sh -c 'grep -q all out && ! grep -q -a hunter2 out'
check 'its crash is still a crash' ends 3 "$assay" profile --sandbox --engine timer -- sh -c 'kill -SEGV $$'
check '... and its signal is known' says 'killed by signal 11'
check 'profiles with and without are not compared' mixed profile --against @last --engine timer -- true
check 'a stored profile needs no sandbox' ends 2 "$assay" profile --sandbox --show @last
echo "1..$count"
