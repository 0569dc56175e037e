#!/bin/sh
# Bundles, merging, the fleet and PostgreSQL from the command line: fleet.sh ASSAY FILL_FLEET. TAP.
assay=$(realpath "$1")
fill=$(realpath "$2")
folder=$(mktemp -d) || exit 1
pg=
finish() {
	[ -z "$pg" ] || as_owner "$pg/pg_ctl" -D "$folder/pg/data" -m immediate stop >/dev/null 2>&1
	rm -rf "$folder"
}
trap finish EXIT
cd "$folder" || exit 1
mkdir in
"$fill" in || exit 1
number=0

# check NAME STATUS PATTERN COMMAND...: the command exits with STATUS and prints PATTERN (grep -E).
check() {
	name=$1 want=$2 pattern=$3
	shift 3
	number=$((number + 1))
	NO_COLOR=1 "$@" >out 2>err
	got=$?
	if [ "$got" -eq "$want" ] && cat out err | grep -Eq -e "$pattern"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# $*: exit $got, wanted $want and /$pattern/"
		sed 's/^/# /' out err
	fi
}
# said NAME PATTERN: so did the last command.
said() {
	number=$((number + 1))
	if cat out err | grep -Eq -e "$2"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "# wanted /$2/"
		sed 's/^/# /' out err
	fi
}

check 'merge folds bundles' 0 '13 files: 13 new runs, 102 results' "$assay" merge in/*.assay
check 'again nothing is new' 0 '13 files: 0 new runs, 0 results' "$assay" merge in/*.assay
"$assay" db digest | cut -c 1-64 >first
"$assay" --db other.db merge in/node1*.assay in/node0*.assay >/dev/null
check 'in another order it is the same store' 0 "$(cat first)" "$assay" db digest other.db
check 'merge wants files' 2 'name the FILEs' "$assay" merge
check 'a store is not merged into itself' 2 'is the store to merge into' "$assay" merge results.db

head -c 20000 in/node00.assay >short.assay
sed 's/memory/memOry/' in/node01.assay >altered.assay
echo text >text.assay
check 'damaged files are left out, others are not' 7 '5 files: 1 new run, 8 results.* 4 refused' \
	"$assay" --db third.db merge short.assay altered.assay in/node02.assay text.assay none.assay
said 'the altered one is named' "left out: 'altered.assay' was altered"
said 'the truncated one is named' "left out: .*short.assay"
said 'and the missing one' "left out: .*none.assay"
check 'the store is sound' 0 'sound' "$assay" db check third.db

check 'the slow node is named' 0 '^node07 .* 1\.(29|30)[0-9] .*slower than its equals' "$assay" fleet
said 'the incomplete one as well' '^node03 .* 6/8 .*incomplete'
said 'and the odd figure' '^node05 .*size:4.* (1\.9|2\.0)'
said 'classes are shapes' '13 machines in 2 classes, 8 series; 1 odd'
said 'one of a kind has nobody to compare with' '1 machine, .*fewer than 4'
check 'fleet --json is one document' 0 '"odd": *true' "$assay" fleet --json
check 'fleet knows what was meant' 2 "did you mean 'memory'" "$assay" fleet memry

check 'a run becomes a bundle' 0 '8 results written to one.assay, sha256' \
	"$assay" export --format bundle -o one.assay @last
check 'which replaces nothing' 7 "'one.assay' exists" "$assay" export --format bundle -o one.assay
check 'and wants a name' 2 'name it with -o' "$assay" export --format bundle
check 'a bundle reads like a store' 0 'sound' "$assay" db check one.assay
check 'postgres is a script' 0 '^COPY new_result FROM stdin;$' "$assay" export --format postgres
said 'with its text escaped' 'tab.tand .. and.nline'

# A real server on a private socket, as nobody when we are root: it refuses to run as root.
pg=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
as_owner() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
sql() { as_owner "$pg/psql" -h "$folder/pg" -U assay -d postgres -X -q -t -A "$@"; }
start_server() {
	mkdir pg && chmod 755 . && { [ "$(id -u)" != 0 ] || chown 65534:65534 pg; } &&
		as_owner "$pg/initdb" -D pg/data -U assay --no-sync --no-instructions -A trust >log 2>&1 &&
		as_owner "$pg/pg_ctl" -D "$folder/pg/data" -w -t 60 -l "$folder/pg/log" \
			-o "-c listen_addresses= -c unix_socket_directories=$folder/pg -c fsync=off" \
			start >>log 2>&1
}
if [ ! -x "$pg/initdb" ]; then
	pg=
	number=$((number + 1))
	echo "ok $number - postgres # SKIP no PostgreSQL server here (Debian: postgresql-15)"
elif ! start_server; then
	number=$((number + 1))
	echo "not ok $number - a private server starts"
	sed 's/^/# /' log
	pg=
else
	"$assay" export --format postgres --all -o all.sql 2>/dev/null && chmod 644 all.sql
	check 'the server takes the script' 0 42 sql -f "$folder/all.sql" -c 'SELECT 42'
	check 'and again' 0 42 sql -f "$folder/all.sql" -c 'SELECT 42'
	check 'every row is there once' 0 '^13\|102$' \
		sql -c 'SELECT (SELECT count(*) FROM assay_run), (SELECT count(*) FROM assay_result)'
	check 'texts arrive as they were' 0 '^13$' \
		sql -c "SELECT count(*) FROM assay_result WHERE reason = E'tab\\tand \\\\ and\\nline'"
	check 'figures too' 0 '^node07$' sql -c "SELECT machine FROM assay_run JOIN assay_result
		ON run = uuid WHERE metric = 'time' AND params->>'size' = '0'
		ORDER BY median DESC LIMIT 1"
	check 'seeds keep all their digits' 0 '^18446744073709551615$' \
		sql -c 'SELECT DISTINCT seed FROM assay_run'
fi
echo "1..$number"
