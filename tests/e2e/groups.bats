#!/usr/bin/env bats
# Several groups of service addresses on one node, each with a driver of its own. In a network namespace; needs root.
load helper

ns=phg$BASHPID

setup() {
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    printf '#!/bin/sh\necho "$@" >>"%s/route-$2"\n' "$work" >"$work/hook"
    chmod +x "$work/hook"
    start_server
}

teardown() {
    local each
    for each in "${pids[@]}"; do
        kill -KILL "$each" 2>/dev/null || true
    done
    ip netns del "$ns"
}

in_background() {
    ip netns exec "$ns" "$@" >>"$work/log" 2>&1 3>&- &
    pids+=("$!")
}

start_server() {
    in_background "$PHAROS_BUILD/tests/sidecar/pharos-double" "$work" 127.0.1.1@53 127.0.1.2@53
}

# driver SOCKET ADDRESS
driver() {
    in_background "$PHAROS_BUILD/pharos-route-exec" --hook "$work/hook" --address "$2" \
        --pulse "$work/pulse.sock" --control "$work/$1"
}

# configure GROUP...: the first has 127.0.1.1, the second 127.0.1.2.
configure() {
    local at=0 each
    printf 'server: {listen: [127.0.1.1@53, 127.0.1.2@53], run-dir: %s}\n' "$work" >"$work/pharos.yaml"
    printf 'route:\n  driver: exec\n  groups:\n' >>"$work/pharos.yaml"
    for each in "$@"; do
        at=$((at + 1))
        printf '    - {name: %s, addresses: [127.0.1.%s]}\n' "$each" "$at" >>"$work/pharos.yaml"
    done
}

start_sidecar() {
    in_background "$PHAROS_BUILD/pharos-sidecar" -c "$work/pharos.yaml"
    sidecar=$!
}

# route_is NUMBER WORD: what the hook was told last about 127.0.1.NUMBER.
route_is() {
    [ "$(tail -n 1 "$work/route-127.0.1.$1" 2>/dev/null)" = "$2 127.0.1.$1" ]
}

@test "a second group joins the first, whose driver and route stay" {
    configure any
    driver announcer.sock 127.0.1.1
    start_sidecar
    wait_for route_is 1 up
    driver announcer-two.sock 127.0.1.2
    configure any two
    kill -HUP "$sidecar"
    wait_for route_is 2 up
    [ "$(grep -c down "$work/route-127.0.1.1")" -le 1 ] # at its start
    "$PHAROS_BUILD/pharosctl" --run-dir "$work" force-down any
    wait_for route_is 1 down
    "$PHAROS_BUILD/pharosctl" --run-dir "$work" force-down two
    wait_for route_is 2 down
    "$PHAROS_BUILD/pharosctl" --run-dir "$work" release any
    wait_for route_is 1 up
    route_is 2 down
}

@test "drivers of several groups may come after the sidecar, the first's with its name or without" {
    local socket
    for socket in announcer.sock announcer-any.sock; do
        rm -f "$work"/route-*
        configure any two
        start_sidecar
        wait_for logged "any: no driver at"
        driver $socket 127.0.1.1
        wait_for route_is 1 up
        driver announcer-two.sock 127.0.1.2
        wait_for route_is 2 up
        for each in "${pids[@]:1}"; do
            kill -TERM "$each" && wait "$each"
        done
        pids=("${pids[0]}")
        : >"$work/log"
    done
}

@test "the only group's driver may have its name" {
    configure any
    driver announcer-any.sock 127.0.1.1
    start_sidecar
    wait_for route_is 1 up
}

# Whoever withdrew the route, the driver or the sidecar's word: it has fallen three times for who can't know.
@test "a sidecar whose file of falls is damaged starts, says so, and has the worst hold-down" {
    configure any
    driver announcer.sock 127.0.1.1
    start_sidecar
    wait_for route_is 1 up
    kill -KILL "${pids[0]}"
    wait_for route_is 1 down
    wait_for grep -q '^any 1000 ' "$work/route.falls"
    wait_for grep -qx 'end 1' "$work/route.falls"
    kill -KILL "$sidecar"
    printf 'any 1000 179' >"$work/route.falls"
    start_server
    start_sidecar
    wait_for grep -q "can't read falls and hold-downs in $work/route.falls" "$work/log"
    wait_for grep -Eq 'hold-down for (7[12]|[4-9][0-9]{2})[0-9]{3} ms more' "$work/log"
    wait_for grep -qx 'end 1' "$work/route.falls"
    route_is 1 down
}
