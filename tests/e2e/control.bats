#!/usr/bin/env bats
# pharosctl: status, zones, stats, reload, stop; for people and as JSON.
load helper

setup() {
    zone_text 1 >"$work/z"
    printf 'no zone\n' >"$work/bad"
    start --listen 127.0.0.1@0 --run-dir "$work/run" --zone "example.com=$work/z" \
        --zone "bad.example=$work/bad"
    ctl=("$PHAROS_BUILD/pharosctl" --run-dir "$work/run")
}

# json FILTER COMMAND...: the command's JSON passes the filter.
json() {
    local filter=$1
    shift
    run "${ctl[@]}" --json "$@"
    echo "$output"
    jq -e "$filter" <<<"$output" >/dev/null
}

@test "status says what is served, and why something isn't" {
    run -0 "${ctl[@]}" status
    assert_has "$output" "serving"
    assert_has "$output" "listening on 127.0.0.1@$port"
    assert_has "$output" "zones: 2, of which 1 served, 0 stale, 1 failed"
    assert_has "$output" "zone bad.example: failed: answered with SERVFAIL"
    assert_has "$output" "bad:1:"
    json '.ok and .state == "serving" and .zones.failed == 1 and .failures[0].zone == "bad.example"' \
        status
    json ".pid == $pid" status
}

@test "zones are listed with their state and serial" {
    run -0 "${ctl[@]}" zones
    assert_has "$output" "example.com served 1 4 "
    assert_has "$output" "bad.example failed"
    json '[.zones[] | .state] | sort == ["failed", "served"]' zones
}

@test "zones are listed with the memory they take" {
    run -0 "${ctl[@]}" zones
    [[ $output =~ example\.com\ served\ 1\ 4\ ([0-9]+)\ 20 ]]
    ((BASH_REMATCH[1] > 500 && BASH_REMATCH[1] < 2000))
    json '.zones[] | select(.zone == "example.com") | .octets == '"${BASH_REMATCH[1]}" zones
    json '.zones[] | select(.zone == "bad.example") | .octets == null' zones
}

@test "statistics count what was answered" {
    ask www.example.com A
    ask +tcp nothing.example.com A
    # Counters are added up when they're asked for; an answer may be out before it's counted.
    tcp_counted() { json '.answers_udp >= 1 and .answers_tcp == 1 and .rcode_nxdomain == 1' stats; }
    wait_for tcp_counted
}

@test "reload is JSON too, with the truth in its exit status" {
    printf 'still no zone\n' >"$work/bad"
    json '.ok == false and .refused == 1' reload
    run -1 "${ctl[@]}" reload
    zone_text 1 >"$work/bad"
    run -0 "${ctl[@]}" reload
    json '.ok and .unchanged == 2' reload
}

@test "stop ends the server, and says so once it has" {
    run -0 "${ctl[@]}" stop
    wait_for gone "$pid"
    wait "$pid"
}

@test "without a server the exit status is not 0" {
    stop
    run ! "${ctl[@]}" status
    run ! "$PHAROS_BUILD/pharosctl" --run-dir "$work/none" status
}

@test "an unknown command is a mistake of the command line" {
    run -2 "${ctl[@]}" frobnicate
    run -2 "${ctl[@]}"
}

@test "foreign octets on the socket do no harm" {
    python3 - "$work/run/control.sock" <<'PY'
import socket, sys
for octets in (b"", b"\n", b"\0" * 100, b"status" * 1000, b"reload a b c d\n", b"x" * 100000,
               b"status extra words here\n", b"\xff\xfe\n"):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(sys.argv[1])
    try:
        s.sendall(octets)
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass
    s.close()
PY
    run -0 "${ctl[@]}" status
}
