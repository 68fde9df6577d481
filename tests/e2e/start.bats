#!/usr/bin/env bats
# How pharosd starts and stops.
load helper

@test "it starts without configuration and answers" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --listen ::1@0 --zone "Example.com.=$work/z"
    assert_equal "$(ask +short www.example.com A)" 192.0.2.2
    assert_equal "$(ask6 +short +tcp www.example.com A)" 192.0.2.2
    stop
    assert_equal "$status" 0
    logged 'stopped$'
}

@test "it starts without privileges" {
    [ "$(id -u)" -ne 0 ] || launcher=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    zone_text 1 >"$work/z"
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$work" "$PHAROS_BUILD" 2>/dev/null || true
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    assert_equal "$(ask +short www.example.com A)" 192.0.2.2
    stop
    assert_equal "$status" 0
}

@test "it starts from a configuration file, whose folder paths begin at" {
    mkdir "$work/zones.d"
    zone_text 1 >"$work/a.zone"
    zone_text 2 >"$work/zones.d/example.net.zone"
    cat >"$work/pharos.yaml" <<'YAML'
server: {listen: [127.0.0.1@0], workers: 2}
log: {level: debug}
zones: [{name: example.com, file: a.zone}]
zone-dirs: [zones.d]
YAML
    cd /
    start -c "$work/pharos.yaml"
    assert_equal "$(serial example.com)" 1
    assert_equal "$(serial example.net)" 2
    logged 'starts with 2 workers'
}

@test "the log can be JSON" {
    zone_text 1 >"$work/z"
    cat >"$work/pharos.yaml" <<'YAML'
server: {listen: [127.0.0.1@0]}
log: {format: json, file: pharosd.log}
zones: [{name: example.com, file: z}]
YAML
    "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml" 3>&- &
    pid=$!
    pids+=("$pid")
    wait_for grep -qs '"message":"ready"' "$work/pharosd.log"
    mv "$work/pharosd.log" "$work/pharosd.log.1"
    kill -USR1 "$pid"
    wait_for test -s "$work/pharosd.log"
    stop
    cat "$work/pharosd.log.1" "$work/pharosd.log" | jq -es 'all(.level and .time and .message)'
}

@test "a broken zone answers SERVFAIL with EDE 14 while the others are served" {
    zone_text 1 >"$work/good"
    printf 'www IN AA 192.0.2.1\n' >"$work/bad"
    start --listen 127.0.0.1@0 --zone "good.example=$work/good" --zone "bad.example=$work/bad"
    assert_equal "$(ask +short www.good.example A)" 192.0.2.2
    assert_has "$(ask www.bad.example A)" "status: SERVFAIL"
    assert_has "$(ask www.bad.example A)" "EDE: 14"
    logged "bad:1:8: error"
    logged 'zone bad.example: refused; answered with SERVFAIL'
}

@test "a zone file that isn't there is the same" {
    start --listen 127.0.0.1@0 --zone "example.com=$work/none"
    assert_has "$(ask example.com SOA)" "status: SERVFAIL"
    logged 'No such file or directory'
}

@test "a second server on the same address refuses to start" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    run -1 "$PHAROS_BUILD/pharosd" --listen "127.0.0.1@$port" --zone "example.com=$work/z"
    assert_has "$output" "cannot listen on 127.0.0.1@$port: address in use"
    assert_equal "$(ask +short www.example.com A)" 192.0.2.2
}

@test "a second server on the same run-dir refuses to start" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z" --run-dir "$work/run"
    run -1 "$PHAROS_BUILD/pharosd" --listen 127.0.0.1@0 --zone "example.com=$work/z" \
        --run-dir "$work/run"
    assert_has "$output" "$work/run"
    run -0 "$PHAROS_BUILD/pharosctl" --run-dir "$work/run" status
}

@test "a run-dir can be used again after a crash" {
    zone_text 1 >"$work/z"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z" --run-dir "$work/run"
    kill -KILL "$pid"
    wait_for gone "$pid"
    start --listen 127.0.0.1@0 --zone "example.com=$work/z" --run-dir "$work/run"
    run -0 "$PHAROS_BUILD/pharosctl" --run-dir "$work/run" status
}

@test "it starts and stops without standard input, output and error" {
    zone_text 1 >"$work/z"
    cat >"$work/pharos.yaml" <<'YAML'
server: {listen: [127.0.0.1@0]}
log: {file: log}
zones: [{name: example.com, file: z}]
YAML
    "$PHAROS_BUILD/pharosd" -c "$work/pharos.yaml" <&- >&- 2>&- 3>&- &
    pid=$!
    pids+=("$pid")
    wait_for ended_or_logged ' ready$'
    port=$(sed -n 's/.*listening on 127\.0\.0\.1@\([0-9]*\).*/\1/p' "$log")
    assert_equal "$(ask +short www.example.com A)" 192.0.2.2
    stop
    assert_equal "$status" 0
}

@test "SIGTERM and SIGINT end it with status 0" {
    local signal
    zone_text 1 >"$work/z"
    for signal in TERM INT; do
        start --listen 127.0.0.1@0 --zone "example.com=$work/z"
        kill "-$signal" "$pid"
        wait_for gone "$pid"
        wait "$pid"
    done
}

@test "it says what is wrong with its command line, with status 2" {
    run -2 "$PHAROS_BUILD/pharosd"
    run -2 "$PHAROS_BUILD/pharosd" --listen 127.0.0.1:53
    assert_has "$output" "the port goes after an @"
    run -2 "$PHAROS_BUILD/pharosd" --listen 127.0.0.1 --zone example.com
    assert_has "$output" "write it as NAME=FILE"
    run -2 "$PHAROS_BUILD/pharosd" --lissten 127.0.0.1
    run -0 "$PHAROS_BUILD/pharosd" --version
    run -0 "$PHAROS_BUILD/pharosd" --help
}
