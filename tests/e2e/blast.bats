# The server under packets that nobody should send. It goes on answering, and its memory stays flat.

load helper

@test "ten seconds of mutated packets by UDP and TCP change nothing" {
    zone_text 1 '* 60 IN TXT wild' 'child 60 IN NS ns.child' 'ns.child 60 IN A 192.0.2.3' \
        'alias 60 IN CNAME www' 'old 60 IN DNAME new' >"$work/example.com.zone"
    start --listen 127.0.0.1@0 --zone "example.com=$work/example.com.zone"
    /usr/bin/python3 "$BATS_TEST_DIRNAME/blast.py" "$port" "$pid" 10
    stop
    [ "$status" -eq 0 ]
    assert_lacks "$(cat "$log")" 'runtime error'
}

@test "nor do they with signed zones that came from images" {
    mkdir "$work/state"
    zone_text 1 '* 60 IN TXT wild' 'old 60 IN DNAME new' >"$work/example.com.zone"
    cat >"$work/p.yaml" <<YAML
server: {listen: [127.0.0.1@0], run-dir: $work/run, state-dir: $work/state}
zones:
  - {name: example.com, file: example.com.zone}
  - {name: s.test, file: $BATS_TEST_DIRNAME/../rfc/zones/nsec3.zone}
YAML
    start -c "$work/p.yaml"
    wait_for test -f "$work/state/images/00000001.pack"
    stop
    start -c "$work/p.yaml"
    assert_has "$(cat "$log")" "zone s.test: serial 1"
    assert_has "$(cat "$log")" "loaded from its image"
    /usr/bin/python3 "$BATS_TEST_DIRNAME/blast.py" "$port" "$pid" 10
    stop
    [ "$status" -eq 0 ]
    assert_lacks "$(cat "$log")" 'runtime error'
}
