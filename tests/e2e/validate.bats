#!/usr/bin/env bats
# What a validating resolver makes of the answers: delv, with the zone's key as its trust anchor.
load helper

signed=$BATS_TEST_DIRNAME/../rfc/zones

# The key-signing key of a zone file as delv wants it.
write_anchor() {
    local key
    key=$(sed -n 's/^s\.test\..*DNSKEY[[:space:]]*257 3 13 //p' "$1")
    printf 'trust-anchors { s.test. static-key 257 3 13 "%s"; };\n' "$key" >"$work/anchor"
}

# validated NAME TYPE WORDS: delv says these words of the answer.
validated() {
    run delv @127.0.0.1 -p "$port" -a "$work/anchor" +root=s.test "$1" "$2"
    assert_has "$output" "$3"
}

serve() {
    write_anchor "$signed/$1.zone"
    start --listen 127.0.0.1@0 --zone "s.test=$signed/$1.zone"
}

validate_all() {
    validated www.s.test A '; fully validated'
    validated x.w.s.test TXT '; fully validated'
    validated x.wc.s.test A '; fully validated'
    validated sec.s.test DS '; fully validated'
    validated x.d.s.test A '; fully validated'
    validated walias.s.test TXT '; fully validated'
    validated s.test DNSKEY '; fully validated'
    validated s.test SOA '; fully validated'
    validated sub.s.test DS '; negative response, fully validated'
    for question in 'nope.s.test A' 'a.b.nope.s.test A' 'www.s.test TXT' 'ent.s.test A' \
        'x.w.s.test A' 'x.www.s.test A'; do
        # shellcheck disable=SC2086
        validated $question '; negative response, fully validated'
    done
}

@test "a validator believes answers and denials of a zone with NSEC" {
    serve nsec
    validate_all
}

@test "a validator believes answers and denials of a zone with NSEC3" {
    serve nsec3
    validate_all
}

@test "a validator believes denials around odd octets and wildcards that sort after them" {
    serve odd
    for question in 'a\000b.s.test A' 'a\000b.w.s.test A' 'x.wild.s.test TXT' '\002.wild.s.test TXT' \
        '*.x.wild.s.test TXT' '\200.a.s.test A'; do
        # shellcheck disable=SC2086
        validated $question '; fully validated'
    done
    for question in 'a\000.s.test A' 'a\000c.s.test A' 'nope.s.test A' '\002.s.test A' \
        '\255\255.s.test A' 'x.wild.s.test A' '*.a.s.test A' 'q.z.a.s.test TXT'; do
        # shellcheck disable=SC2086
        validated $question '; negative response, fully validated'
    done
}

@test "a validator believes what opt-out leaves it to believe, and has no fault to find" {
    serve optout
    validated www.s.test A '; fully validated'
    validated sec.s.test DS '; fully validated'
    validated www.s.test TXT '; negative response, fully validated'
    validated ent.s.test A '; negative response, fully validated'
    # Opt-out can't show that there is no delegation in the wildcard's place (RFC 5155 section 9.2).
    validated x.w.s.test TXT '; unsigned answer'
}

@test "a validator refuses a zone whose anchor is another's" {
    write_anchor "$signed/nsec.zone"
    sed 's/257 3 13 "..../257 3 13 "AAAA/' "$work/anchor" >"$work/other" && mv "$work/other" "$work/anchor"
    start --listen 127.0.0.1@0 --zone "s.test=$signed/nsec.zone"
    validated www.s.test A 'resolution failed'
}
