#!/bin/sh
# SPDX-License-Identifier: MIT
# network: ranks in two network namespaces, joined by a wire of their own: far enough apart to lose each other. A clock
# that is known to be ahead must be found so. Prints TAP.
# usage: network.sh ASSAY ODD.so
set -u
assay=$(realpath "$1") odd=$(realpath "$2")

give_up()
{
	echo "1..0 # SKIP $1"
	exit 0
}
[ "$(id -u)" = 0 ] || give_up 'network namespaces want root'
for program in ip nsenter unshare; do
	command -v $program >/dev/null || give_up "no $program; install iproute2 and util-linux"
done
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
near=assay-near-$$ far=assay-far-$$
ip netns add $near 2>err || { rm -rf "$dir"; give_up "ip netns: $(tail -n 1 err)"; }
clear_away()
{
	ip netns del $near 2>/dev/null
	ip netns del $far 2>/dev/null
	rm -rf "$dir"
}
trap clear_away EXIT
{
	ip netns add $far &&
		ip link add an$$ netns $near type veth peer name af$$ netns $far &&
		ip -n $near addr add 10.97.41.1/24 dev an$$ && ip -n $near link set an$$ up &&
		ip -n $near link set lo up &&
		ip -n $far addr add 10.97.41.2/24 dev af$$ && ip -n $far link set af$$ up
} 2>err || { clear_away; trap - EXIT; give_up "veth: $(tail -n 1 err)"; }

# Rank 0 stays here, rank 1 goes to the other namespace and finds its way back by our address there.
cat >apart <<S
#!/bin/sh
# apart N PROGRAM...
n=\$1
shift
link=\${_ASSAY_LINK#*:}
export _ASSAY_LINK="10.97.41.1:\$link" _ASSAY_SIZE="\$n"
_ASSAY_RANK=0 "\$@" &
_ASSAY_RANK=1 ip netns exec $far \$AHEAD "\$@" &
wait
S
chmod +x apart
cat >assay.yaml <<'Y'
launchers:
  apart: "./apart {ranks} {program}"
Y
AHEAD=
export AHEAD

# run EXPECTED ARGS...
run()
{
	expected=$1
	shift
	ends "$expected" ip netns exec $near "$assay" run --load "$odd" --launcher apart -n 2 --bind none -p quick \
		--launches 1 --counters none "$@"
}

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# metric NAME: its median in the newest run
metric()
{
	"$assay" export --format jsonl @last 2>/dev/null | grep "\"metric\":\"$1\"" |
		sed -n 's/.*"median":\([-0-9.e+]*\).*/\1/p' | head -n 1
}

check 'ranks that are apart' run 0 --samples 10 -t 5ms odd/alike
check '  meet' says '2 ranks on 1 host by launcher apart'

# A clock 1000 s ahead, in a time namespace: starts must still look as close as they are.
if unshare --time --monotonic=1000 --fork true 2>err; then
	AHEAD='unshare --time --monotonic=1000 --fork'
	check 'a clock 1000 s ahead' run 0 --samples 10 -t 5ms odd/alike
	skew=$(metric start_skew)
	check "  is seen through: starts ${skew:-?} ns apart" awk "BEGIN { exit !(\"${skew:-x}\" + 0 > 0 && ${skew:-1e99} < 1e9) }"
	AHEAD=
else
	skip 'a clock 1000 s ahead' "no time namespaces: $(tail -n 1 err)"
fi

# Packets that are lost cost time and no results.
drop='add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c numgen random mod 100 < 3 drop'
if tc -n $far qdisc add dev af$$ root netem loss 3% 2>/dev/null || ip netns exec $far nft "$drop" 2>err; then
	check 'three packets of a hundred are lost' run 0 --samples 10 -t 5ms odd/alike scaling/barrier/subject:tcp
	check '  and nothing else' says 'run [0-9]*: [0-9]* ok\(, [0-9]* unstable\)* in'
	tc -n $far qdisc del dev af$$ root 2>/dev/null || ip netns exec $far nft flush ruleset
else
	skip 'three packets of a hundred are lost' "neither netem nor nft: $(tail -n 1 err)"
fi

# A wire of 1 Gbit/s cannot carry more than 125 MB/s, and is not said to.
if tc -n $near qdisc add dev an$$ root tbf rate 1gbit burst 64kb latency 50ms 2>err &&
	tc -n $far qdisc add dev af$$ root tbf rate 1gbit burst 64kb latency 50ms 2>err; then
	check 'messages over 1 Gbit/s' run 0 --samples 5 -t 5ms -s tcp -P size=4Mi scaling/pt2pt
	ns=$(metric time)
	check "  take the time that they must: ${ns:-?} ns for 4 MiB" \
		awk "BEGIN { exit !(4194304 / (\"${ns:-1}\" + 0) <= 0.125) }"
	tc -n $near qdisc del dev an$$ root
	tc -n $far qdisc del dev af$$ root
else
	skip 'messages over 1 Gbit/s' "no token bucket: $(tail -n 1 err)"
fi

# A partition in the middle of a case: the launch ends in time, and the lost rank is named.
run_and_cut()
{
	ip netns exec $near "$assay" run --load "$odd" --launcher apart -n 2 --bind none -p quick --launches 1 \
		--counters none --samples 1000000 -t 100s --timeout 4s selftest/sleep >out 2>err &
	pid=$!
	for _ in $(seq 50); do
		grep -q 'ranks on' err && break
		sleep 0.1
	done
	sleep 1
	ip -n $far link set af$$ down
	wait $pid
}
run_and_cut
check 'a partition ends the case' test $? -eq 3
check '  in time, with the rank that is lost' says 'rank 1 .* fell silent after batch'
ip -n $far link set af$$ up

echo "1..$count"
