#!/usr/bin/env bats
# pharosctl upgrade, and a restart with the sockets kept: nothing that clients asked is lost.
load helper

setup() {
    zone_text 1 "large 3600 IN TXT $(printf '"%0250d" ' 1 2 3 4 5 6 7 8)" >"$work/z"
    # A copy, so that a test can put something else in its place.
    mkdir "$work/bin"
    cp "$PHAROS_BUILD/pharosd" "$work/bin/pharosd"
    cat >"$work/p.yaml" <<YAML
server: {listen: [127.0.0.1@0], workers: 2, run-dir: $work/run}
zones: [{name: example.com, file: $work/z}]
YAML
    ctl=("$PHAROS_BUILD/pharosctl" --run-dir "$work/run")
}

start_copy() {
    : >"$log"
    "$work/bin/pharosd" -c "$work/p.yaml" >>"$log" 2>&1 3>&- &
    pid=$!
    pids+=("$pid")
    wait_for ended_or_logged ' ready$'
    port=$(sed -n 's/.*listening on 127\.0\.0\.1@\([0-9]*\).*/\1/p' "$log")
    [ -n "$port" ]
}

# The process that has the lock is ours to end, whoever started it.
teardown() {
    [ ! -f "$work/run/pharosd.lock" ] || pids+=("$(cat "$work/run/pharosd.lock")")
    local each
    for each in "${pids[@]}"; do
        if kill -TERM "$each" 2>/dev/null; then
            wait_for gone "$each" || kill -KILL "$each"
        fi
    done
}

# The running server goes on as if nothing had been.
assert_goes_on() {
    assert_equal "$(cat "$work/run/pharosd.lock")" "$pid"
    kill -0 "$pid"
    assert_equal "$(ask +short www.example.com)" 192.0.2.2
    assert_equal "$(ask +short +tcp www.example.com)" 192.0.2.2
    run -0 "${ctl[@]}" status
    assert_has "$output" "process $pid, serving"
}

# assert_refused REASON [ARGUMENT...]: the upgrade fails and tells why.
assert_refused() {
    local reason=$1
    shift
    run -1 "${ctl[@]}" "$@" upgrade
    assert_has "$output" "the running server goes on: "
    assert_has "$output" "$reason"
    assert_goes_on
}

# impostor TEXT: what is started instead of a new pharosd.
impostor() {
    printf '#!/bin/sh\n%s\n' "$1" >"$work/bin/new"
    chmod +x "$work/bin/new"
    mv "$work/bin/new" "$work/bin/pharosd"
}

@test "three upgrades under load lose no query, not even half ones and answers not taken" {
    start_copy
    run -0 python3 "$BATS_TEST_DIRNAME/upgrade.py" load "$port" 3 "${ctl[@]}" upgrade
    echo "$output" | tee "$work/result"
    assert_equal "$(grep -c ' has taken over' <<<"$output")" 3
    run -0 "${ctl[@]}" --json stats
    # The last process answered the last of it, so it wasn't an earlier one's doing.
    [ "$(jq .answers_tcp <<<"$output")" -ge 50 ]
    gone "$pid"
}

@test "the new server has the new binary, configuration and zones" {
    start_copy
    zone_text 2 >"$work/z"
    sed -i 's/workers: 2/workers: 3, identity: newer/' "$work/p.yaml"
    # A replaced file, as package managers do it.
    cp "$PHAROS_BUILD/pharosd" "$work/bin/new"
    mv "$work/bin/new" "$work/bin/pharosd"
    run -0 "${ctl[@]}" --json upgrade
    jq -e .ok <<<"$output"
    wait_for gone "$pid"
    wait "$pid" # with status 0
    assert_equal "$(serial example.com)" 2
    assert_equal "$(ask +short CH TXT id.server)" '"newer"'
    run -0 "${ctl[@]}" status
    assert_has "$output" "workers: 3"
    [ "$(cat "$work/run/pharosd.lock")" != "$pid" ]
}

@test "fewer workers go on with all sockets" {
    sed -i 's/workers: 2/workers: 5/' "$work/p.yaml"
    start_copy
    sed -i 's/workers: 5/workers: 2/' "$work/p.yaml"
    run -0 "${ctl[@]}" upgrade
    # Each of the five sockets of the kernel's hash has somebody who reads it.
    local i
    for ((i = 0; i < 40; i++)); do
        assert_equal "$(ask +short www.example.com)" 192.0.2.2
        assert_equal "$(ask +short +tcp www.example.com)" 192.0.2.2
    done
}

@test "a client's cookie stays good" {
    start_copy
    cookie=$(dig @127.0.0.1 -p "$port" +cookie=0102030405060708 www.example.com |
        sed -n 's/^; COOKIE: \([0-9a-f]*\).*/\1/p')
    [ "${#cookie}" -eq 48 ]
    run -0 "${ctl[@]}" upgrade
    run -0 dig @127.0.0.1 -p "$port" "+cookie=$cookie" www.example.com
    assert_has "$output" "(good)"
}

@test "the route sees nothing of it" {
    printf '#!/bin/sh\necho "$@" >>%s\n' "$work/route" >"$work/hook"
    chmod +x "$work/hook"
    start_copy
    "$PHAROS_BUILD/pharos-route-exec" --hook "$work/hook" --address 192.0.2.53 \
        --pulse "$work/run/pulse.sock" --control "$work/route.sock" >"$work/hand" 2>&1 3>&- &
    pids+=("$!")
    wait_for grep -q 'server: well' "$work/hand"
    word() {
        python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
print(s.recv(99).decode().strip())' "$work/route.sock" "$1"
    }
    is_up() { [ "$(word get)" = "up word applied" ]; }
    word up
    wait_for is_up
    instance=$("${ctl[@]}" status | sed -n 's/.*instance //p')
    for _ in 1 2 3; do
        run -0 "${ctl[@]}" upgrade
        assert_equal "$("${ctl[@]}" status | sed -n 's/.*instance //p')" "$instance"
        # The server hears of the announcer, which has said nothing again.
        run -0 "${ctl[@]}" --json status
        is_up || { cat "$work/hand" "$log"; false; }
    done
    assert_equal "$(cat "$work/route")" "down 192.0.2.53
up 192.0.2.53"
    assert_equal "$(grep -c 'server: ' "$work/hand")" 1
    # The dead man's rule holds for the last one.
    kill -KILL "$(cat "$work/run/pharosd.lock")"
    is_down() { [ "$(word get)" = "down server-away applied" ]; }
    wait_for is_down
}

@test "a configuration that is refused leaves the running server alone" {
    start_copy
    echo 'nonsense: 1' >>"$work/p.yaml"
    assert_refused "p.yaml:3:1: error: unknown key"
}

@test "a zone that is served and can't be loaded any more leaves it alone" {
    start_copy
    echo 'nonsense' >>"$work/z"
    assert_refused "can't load the zone example.com"
}

@test "an address that the new server may not have leaves it alone" {
    sed -i 's/workers: 2/workers: 2, user: nobody/' "$work/p.yaml"
    chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
    chmod -R a+rX "$work"
    start_copy
    sed -i 's/127.0.0.1@0/127.0.0.1@0, 127.0.0.1@9/' "$work/p.yaml"
    assert_refused "cannot listen on 127.0.0.1@9: permission denied"
    sed -i 's/, 127.0.0.1@9//' "$work/p.yaml"
    run -0 "${ctl[@]}" upgrade
    assert_equal "$(ask +short www.example.com)" 192.0.2.2
}

@test "a new server that crashes, ends, hangs or isn't there leaves it alone" {
    start_copy
    impostor 'kill -SEGV $$'
    assert_refused "ended by a signal: Segmentation fault"
    impostor 'exit 7'
    assert_refused "ended with status 7"
    impostor 'echo nonsense at length, more than a header >&3; exec sleep 100 3>&-'
    assert_refused "can't be understood"
    impostor 'exec sleep 100'
    assert_refused "wasn't ready in 1 seconds" --timeout 1
    rm "$work/bin/pharosd"
    assert_refused "No such file or directory"
    cp "$PHAROS_BUILD/pharosd" "$work/bin/pharosd"
    run -0 "${ctl[@]}" upgrade
    assert_equal "$(ask +short www.example.com)" 192.0.2.2
}

@test "another run-dir takes a restart" {
    start_copy
    mkdir "$work/other"
    touch "$work/other/pharosd.lock"
    sed -i "s|run-dir: [^}]*|run-dir: $work/other|" "$work/p.yaml"
    assert_refused "this isn't the run-dir of the running server"
}

@test "after an upgrade a second server is still refused, and a stop ends all" {
    start_copy
    run -0 "${ctl[@]}" upgrade
    run -1 "$work/bin/pharosd" -c "$work/p.yaml"
    assert_has "$output" "another pharosd runs with this run-dir: process $(cat "$work/run/pharosd.lock")"
    run -0 "${ctl[@]}" stop
    run ! "${ctl[@]}" status
    [ ! -e "$work/run/control.sock" ]
    [ ! -e "$work/run/pulse.sock" ]
}

@test "a reload that is asked for by signal meanwhile isn't forgotten" {
    start_copy
    impostor "kill -HUP $pid; sleep 0.5; exec $PHAROS_BUILD/pharosd \"\$@\""
    zone_text 2 >"$work/z"
    run -0 "${ctl[@]}" upgrade
    reloaded() { "${ctl[@]}" status | grep -q 'last reload'; }
    wait_for reloaded
    wait_for serial_is example.com 2
}

@test "the service manager keeps the sockets over a restart, and follows an upgrade" {
    run -0 python3 "$BATS_TEST_DIRNAME/upgrade.py" manager "$work" "${ctl[@]}" upgrade -- \
        "$work/bin/pharosd" --run-dir "$work/run" --listen 127.0.0.1@0 --zone "example.com=$work/z"
}

descriptors() {
    find "/proc/$(cat "$work/run/pharosd.lock")/fd" -type l | wc -l
}

# The lock of the images is taken when something is written first, so one more or less isn't a leak.
has_descriptors() {
    local now
    now=$(descriptors)
    [ "$now" -ge $(($1 - 1)) ] && [ "$now" -le $(($1 + 1)) ]
}

@test "descriptors don't become more by reloads and upgrades" {
    mkdir "$work/state"
    sed -i "s|run-dir:|state-dir: $work/state, run-dir:|" "$work/p.yaml"
    start_copy
    wait_for test -f "$work/state/images/00000001.pack"
    local serial before
    before=$(descriptors)
    for serial in {2..31}; do
        zone_text "$serial" >"$work/z"
        run -0 "${ctl[@]}" reload
    done
    wait_for has_descriptors "$before"
    for serial in 1 2 3 4 5; do
        run -0 "${ctl[@]}" upgrade
        wait_for gone "$pid"
        wait_for logged_more_than "$serial" ' ready$'
        pid=$(cat "$work/run/pharosd.lock")
        wait_for has_descriptors "$before"
    done
    assert_equal "$(ask +short www.example.com)" 192.0.2.2
}
