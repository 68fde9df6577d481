#!/usr/bin/env bats
# A worker that is stuck: those before it answer for it.
load helper

setup() {
    zone_text 1 >"$work/z"
    cat >"$work/p.yaml" <<YAML
server: {listen: [127.0.0.1@0], workers: 3, run-dir: $work/run}
zones: [{name: example.com, file: $work/z}]
YAML
    start -c "$work/p.yaml"
}

@test "a stuck worker's clients are answered by a neighbour after a second, until it moves again" {
    run -0 python3 "$BATS_TEST_DIRNAME/stuck.py" "$port" "$pid" worker-1
    echo "$output"
    logged 'warning worker 1 is stuck: worker 0 answers for it'
    wait_for logged 'worker 0 answers for worker 1 no longer'
    ask www.example.com
    stop
    assert_equal "$status" 0
}

@test "the last worker has a neighbour, too" {
    run -0 python3 "$BATS_TEST_DIRNAME/stuck.py" "$port" "$pid" worker-0
    logged 'warning worker 0 is stuck: worker 2 answers for it'
}
