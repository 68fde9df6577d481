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
