#!/usr/bin/env bats
# Queries through AF_XDP, over a pair of virtual interfaces between two network namespaces: needs
# root, iproute2 and ethtool. The client's interface computes checksums itself, since what an
# interface only promises to fill in later would be wrong checksums to XDP.
load helper

setup() {
    server="pharos-s-$$-$BATS_TEST_NUMBER"
    client="pharos-c-$$-$BATS_TEST_NUMBER"
    ip netns add "$server"
    ip netns add "$client"
    launcher=(ip netns exec "$server")
    case $BATS_TEST_DESCRIPTION in
    *"2 queues") link_up 2 ;;
    *) link_up 1 ;;
    esac
    zone_text 1 'big 60 IN TXT "'"$(printf 'x%.0s' {1..200})"'"' 'alias 60 IN CNAME www' \
        '*.wild 60 IN A 192.0.2.3' 'child 60 IN NS ns.child' 'ns.child 60 IN A 192.0.2.4' >"$work/z"
    for part in {1..12}; do
        printf 'huge 60 IN TXT "%03d %s"\n' "$part" "$(printf 'y%.0s' {1..200})"
    done >>"$work/z"
}

teardown() {
    local each
    for each in "${pids[@]}"; do
        if kill -TERM "$each" 2>/dev/null; then
            wait_for gone "$each" || kill -KILL "$each"
        fi
    done
    ip netns del "$client"
    ip netns del "$server"
}

# link_up QUEUES: joins the namespaces.
link_up() {
    local queues=$1
    ip link add xs0 netns "$server" numrxqueues "$queues" numtxqueues "$queues" type veth \
        peer name xc0 netns "$client" numrxqueues "$queues" numtxqueues "$queues"
    ip netns exec "$client" ethtool -K xc0 tx off txvlan off >/dev/null
    ip netns exec "$server" ethtool -L xs0 rx "$queues" tx "$queues" 2>/dev/null || true
    ip -n "$server" link set lo up
    ip -n "$server" addr add 10.99.0.1/24 dev xs0
    ip -n "$server" addr add fd99::1/64 dev xs0 nodad
    ip -n "$client" addr add 10.99.0.2/24 dev xc0
    ip -n "$client" addr add fd99::2/64 dev xc0 nodad
    ip -n "$server" link set xs0 up
    ip -n "$client" link set xc0 up
}

# configure XDP [LISTEN [MORE...]]: writes the configuration; XDP as it stands in listen-xdp.
configure() {
    cat >"$work/pharos.yaml" <<YAML
server:
  listen: [${2:-10.99.0.1, "fd99::1"}]
  listen-xdp: [$1]
  udp-size: 4096
  run-dir: run
  workers: 2
  ${3:-}
zones: [{name: example.com, file: z}]
YAML
}

serve() {
    configure "$@"
    start -c "$work/pharos.yaml"
}

in_client() {
    ip netns exec "$client" "$@"
}

ask() {
    in_client dig +norecurse +nocookie +tries=1 +time=5 "$@"
}

counter() {
    "$PHAROS_BUILD/pharosctl" --run-dir "$work/run" stats | sed -n "s/^$1 //p"
}

counter_is() {
    [ "$(counter "$1")" = "$2" ]
}

program() {
    ip -n "$server" -o -d link show xs0 | grep -o 'prog/xdp id [0-9]*'
}

server_mac() {
    ip -n "$server" -o link show xs0 | sed 's,.*link/ether \([0-9a-f:]*\).*,\1,'
}

frames() {
    in_client /usr/bin/python3 "$BATS_TEST_DIRNAME/frames.py" xc0 "$(server_mac)" "$@"
}

answers_by_udp_and_tcp() {
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    assert_equal "$(ask +short @fd99::1 www.example.com A)" 192.0.2.2
    assert_equal "$(ask +short +tcp @10.99.0.1 www.example.com A)" 192.0.2.2
    assert_equal "$(ask +short +tcp @fd99::1 www.example.com A)" 192.0.2.2
    in_client ping -c 1 -W 5 10.99.0.1
    in_client ping -c 1 -W 5 fd99::1
    wait_for counter_is xdp_received 2
    counter_is queries_udp 2
    counter_is answers_udp 2
    counter_is queries_tcp 2
}

@test "in native mode UDP is answered through XDP, TCP and ping through the kernel" {
    serve '{interface: xs0, mode: native}'
    logged 'listening on xs0 (xdp, native, 1 queue)'
    answers_by_udp_and_tcp
}

@test "in generic mode UDP is answered through XDP, TCP and ping through the kernel" {
    serve '{interface: xs0, mode: generic}'
    logged 'listening on xs0 (xdp, generic, 1 queue)'
    ip -n "$server" link show xs0 | grep -q xdpgeneric
    answers_by_udp_and_tcp
}

queries_in_a_vlan_are_answered_in_it() {
    run -0 frames tagged4 tagged6 tagged-wrong-checksum
    assert_equal "$output" "tagged4 answered tag 0x2005
tagged6 answered tag 0x6ffe
tagged-wrong-checksum silent"
    wait_for counter_is xdp_received 4
    counter_is xdp_odd 1
}

@test "in native mode queries in a VLAN are answered in the VLAN" {
    serve '{interface: xs0, mode: native}'
    queries_in_a_vlan_are_answered_in_it
}

@test "in generic mode queries in a VLAN are answered in the VLAN" {
    serve '{interface: xs0, mode: generic}'
    queries_in_a_vlan_are_answered_in_it
}

@test "what is listened on by a wildcard is answered through XDP" {
    serve xs0 '0.0.0.0, "::"'
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    assert_equal "$(ask +short @fd99::1 www.example.com A)" 192.0.2.2
    wait_for counter_is xdp_received 2
}

wrong_frames_are_dropped() {
    run -0 frames wrong-udp-checksum4 wrong-udp-checksum6 wrong-ip-checksum no-checksum6 loopback-source \
        no-checksum4 padded
    assert_equal "$output" "wrong-udp-checksum4 silent
wrong-udp-checksum6 silent
wrong-ip-checksum silent
no-checksum6 silent
loopback-source silent
no-checksum4 answered
padded answered"
    wait_for counter_is xdp_odd 5
    counter_is xdp_received 12
    counter_is unanswered 5
}

@test "frames with wrong checksums are dropped and counted, in native mode" {
    serve '{interface: xs0, mode: native}'
    wrong_frames_are_dropped
}

@test "frames with wrong checksums are dropped and counted, in generic mode" {
    serve '{interface: xs0, mode: generic}'
    wrong_frames_are_dropped
}

@test "fragments, options, other ports, addresses and lengths are left to the kernel" {
    serve xs0
    run -0 frames fragments4 options fragments6 destination-options other-mac two-tags cut-off udp-too-short \
        other-port
    assert_equal "$output" "fragments4 answered
options answered
fragments6 answered
destination-options answered
other-mac silent
two-tags silent
cut-off silent
udp-too-short silent
other-port silent"
    # Only the five sound frames that came after the silent ones.
    wait_for counter_is queries_udp 9
    counter_is xdp_received 5
    counter_is xdp_odd 0
    # A port where nobody listens: the kernel says so.
    run in_client /usr/bin/python3 - <<'PYTHON'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.connect(("10.99.0.1", 5353))
s.send(b"anybody?")
s.recv(100)
PYTHON
    assert_has "$output" "Connection refused"
    # An address of this host that isn't listened on.
    ip -n "$server" addr add 10.99.0.9/24 dev xs0
    run ask @10.99.0.9 www.example.com
    assert_has "$output" "connection refused"
    counter_is xdp_received 5
}

@test "answers are octet by octet those of the sockets" {
    serve xs0 '10.99.0.1, "fd99::1"'
    local address
    for address in 10.99.0.1 fd99::1; do
        # The server's own way to its address is the loopback interface.
        ip netns exec "$server" /usr/bin/python3 "$BATS_TEST_DIRNAME/octets.py" "$address" >"$work/sockets"
        local before
        before=$(counter xdp_received)
        in_client /usr/bin/python3 "$BATS_TEST_DIRNAME/octets.py" "$address" >"$work/xdp"
        [ "$(counter xdp_received)" -gt $((before + 900)) ]
        # `huge` alone may differ: its datagram is longer than a frame, and nobody fragments it.
        compare
    done
}

# Lines that differ must be answers without TC by sockets which are truncated (RFC 1035 section
# 4.2.1) by XDP; there must be some.
compare() {
    run -0 /usr/bin/python3 - "$work/sockets" "$work/xdp" <<'PYTHON'
import sys
sockets, xdp = (open(path).read().split("\n") for path in sys.argv[1:])
assert len(sockets) == len(xdp) > 500, (len(sockets), len(xdp))
longer = 0
for a, b in zip(sockets, xdp):
    if a == b:
        continue
    number, octets = a.split()
    other, truncated = b.split()
    assert number == other and "silent" not in (octets, truncated), (a, b)
    assert len(octets) // 2 > 1232 and len(truncated) // 2 <= 1472, (a, b)
    assert int(truncated[4:6], 16) & 2 and not int(octets[4:6], 16) & 2, (a, b)
    longer += 1
assert longer > 0
print(longer)
PYTHON
}

@test "an answer that no frame holds is truncated, and whole over TCP" {
    serve xs0
    run -0 ask +bufsize=4096 +ignore @10.99.0.1 huge.example.com TXT
    assert_has "$output" "flags: qr aa tc"
    run -0 ask +bufsize=4096 +noall +answer @10.99.0.1 huge.example.com TXT
    assert_equal "$(grep -c yyy <<<"$output")" 12
    # One that a frame holds is whole.
    run -0 ask +bufsize=4096 +ignore @10.99.0.1 big.example.com TXT
    assert_has "$output" "flags: qr aa;"
}

@test "all queues of an interface are served, with 2 queues" {
    serve xs0 '10.99.0.1' 'cookies: off'
    logged 'listening on xs0 (xdp, native, 2 queues)'
    local i
    for i in {1..16}; do
        assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    done
    wait_for counter_is xdp_received 16
}

@test "after kill -9 there's no program on the interface, and the kernel serves it again" {
    serve xs0
    program
    kill -KILL "$pid"
    wait_for gone "$pid"
    run ! program
    rm -r "$work/run"
    sed -i '/listen-xdp/d' "$work/pharos.yaml"
    start -c "$work/pharos.yaml"
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    counter_is xdp_received 0
    counter_is queries_udp 1
}

@test "when it stops there's no program on the interface, and it can start again" {
    serve xs0
    program
    stop
    assert_equal "$status" 0
    run ! program
    start -c "$work/pharos.yaml"
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
}

@test "a reload keeps the program, and says that listen-xdp takes a restart" {
    serve xs0
    local before
    before=$(program)
    zone_text 2 'more 60 IN A 192.0.2.9' >"$work/z"
    sighup
    assert_equal "$(ask +short @10.99.0.1 more.example.com A)" 192.0.2.9
    assert_equal "$(program)" "$before"
    wait_for counter_is xdp_received 1
    sed -i 's/listen-xdp: .*/listen-xdp: [{interface: xs0, mode: generic}]/' "$work/pharos.yaml"
    sighup
    logged 'take a restart: server.listen-xdp'
    assert_equal "$(program)" "$before"
}

@test "privileges are needed at the start alone" {
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$work" 2>/dev/null || true
    mkdir "$work/run"
    chown nobody "$work/run"
    serve xs0 '10.99.0.1' 'user: nobody'
    assert_equal "$(ps -o user= -p "$pid")" nobody
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    wait_for counter_is xdp_received 1
    stop
    run ! program
}

@test "an interface that can't be had is refused with a reason" {
    configure nosuch0
    run -1 "${launcher[@]}" "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "listen-xdp nosuch0: there's no such interface"

    configure lo
    run -1 "${launcher[@]}" "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "listen-xdp lo: not an Ethernet interface"

    configure xs0 127.0.0.1
    run -1 "${launcher[@]}" "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "listen-xdp xs0: no address of server.listen can be asked through it"

    configure '{interface: xs0, mode: zero-copy}'
    run -1 "${launcher[@]}" "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "the driver can't share memory: mode: native copies"
    run ! program

    serve xs0
    configure xs0 10.99.0.1@5300
    sed -i 's/run-dir: .*/run-dir: run2/' "$work/pharos.yaml"
    run -1 "${launcher[@]}" "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "listen-xdp xs0: the XDP program can't be attached"
    assert_has "$output" "the interface has another"
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
}

@test "without privileges it's refused with what it takes" {
    configure xs0 10.99.0.1@5300
    sed -i '/run-dir/d' "$work/pharos.yaml"
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$work" "$PHAROS_BUILD" 2>/dev/null || true
    run -1 "${launcher[@]}" setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml"
    assert_has "$output" "listen-xdp xs0: the XDP program can't be loaded"
    assert_has "$output" "CAP_NET_ADMIN"
}

@test "three capabilities are enough, without root" {
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$work" "$PHAROS_BUILD" 2>/dev/null || true
    mkdir "$work/run"
    chown nobody "$work/run"
    launcher+=(setpriv --reuid=65534 --regid=65534 --clear-groups \
        --inh-caps=+net_admin,+net_raw,+bpf,+net_bind_service \
        --ambient-caps=+net_admin,+net_raw,+bpf,+net_bind_service)
    serve xs0
    assert_equal "$(ask +short @10.99.0.1 www.example.com A)" 192.0.2.2
    wait_for counter_is xdp_received 1
}
