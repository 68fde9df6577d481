#!/usr/bin/env bats
# Queries while things change: none is lost.
load helper

@test "reloads under 1000 queries a second lose none" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z" --run-dir "$work/run"
    python3 "$BATS_TEST_DIRNAME/asker.py" steady "$port" 1000 3 >"$work/asked" 3>&- &
    local asker=$! serial
    pids+=("$asker")
    for serial in 2 3 4 5 6 7 8; do
        { zone_text "$serial"; printf '$GENERATE 1-20000 host$ 60 A 192.0.2.1\n'; } >"$work/new"
        mv "$work/new" "$work/z"
        run -0 "$PHAROS_BUILD/pharosctl" --run-dir "$work/run" reload
    done
    wait "$asker"
    cat "$work/asked"
    assert_has "$(cat "$work/asked")" "asked 3000, answered 3000"
    assert_equal "$(serial example.com)" 8
}

@test "pipelined queries on one TCP connection are all answered, split anywhere" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    run -0 python3 "$BATS_TEST_DIRNAME/asker.py" pipeline "$port" 500 1
    run -0 python3 "$BATS_TEST_DIRNAME/asker.py" pipeline "$port" 500 7
    run -0 python3 "$BATS_TEST_DIRNAME/asker.py" pipeline "$port" 500 65536
    assert_has "$output" "asked 500, answered 500"
}

@test "SIGTERM answers what was received before it stops" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    run -0 python3 "$BATS_TEST_DIRNAME/asker.py" last "$port" 50 "$pid"
    assert_has "$output" "asked 50, answered 50"
    wait_for gone "$pid"
    wait "$pid"
}

@test "an idle TCP connection doesn't keep the server from stopping" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    exec 7<>"/dev/tcp/127.0.0.1/$port"
    stop
    exec 7>&-
    assert_equal "$status" 0
}

@test "an idle TCP connection is closed after its time" {
    zone_text 1 >"$work/z"
    cat >"$work/p.yaml" <<'YAML'
server: {listen: [127.0.0.1@0], tcp: {idle: 200ms}}
zones: [{name: example.com, file: z}]
YAML
    start -c "$work/p.yaml"
    run -0 timeout 10 python3 "$BATS_TEST_DIRNAME/asker.py" idle "$port"
    assert_has "$output" "closed"
}

@test "one client has its share of TCP connections and no more" {
    zone_text 1 >"$work/z"
    cat >"$work/p.yaml" <<'YAML'
server: {listen: [127.0.0.1@0], workers: 1, tcp: {per-client: 5}}
zones: [{name: example.com, file: z}]
YAML
    start -c "$work/p.yaml"
    run -0 timeout 30 python3 "$BATS_TEST_DIRNAME/asker.py" crowd "$port" 20
    assert_has "$output" "the newest answers"
    assert_has "$output" "open 5"
}
