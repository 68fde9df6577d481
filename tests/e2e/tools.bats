#!/usr/bin/env bats
# What the usual tools make of a signed zone: signed here and now, since some of them take no signature
# that is good beyond 2038, and served on loopback. delv is asked in validate.bats.
load helper

# sign_and_serve ARGUMENT...: signs the zone with dnssec-signzone and these arguments, and serves it. The
# name servers' addresses are loopback's, for tools that go there of their own accord.
sign_and_serve() {
    cd "$work"
    cat >unsigned <<'END'
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 60
@ NS ns1
ns1 A 127.0.0.1
alias CNAME www
d DNAME www
*.w TXT "hi"
*.wc CNAME www
www A 192.0.2.2
a.b.ent TXT "x"
sec NS ns.sec
sec DS 1 8 2 E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
ns.sec A 127.0.0.1
sub NS ns.sub
ns.sub A 127.0.0.1
END
    dnssec-keygen -q -a 13 s.test >/dev/null
    local ksk
    ksk=$(dnssec-keygen -q -a 13 -f KSK s.test)
    grep -v '^;' "$ksk.key" >anchor
    dnssec-signzone -q -S -x -o s.test "$@" -f signed unsigned >/dev/null 2>&1
    start --listen 127.0.0.1@0 --zone "s.test=$work/signed"
}

positive='www.s.test/A s.test/DNSKEY alias.s.test/A x.w.s.test/TXT x.wc.s.test/A sec.s.test/DS'
negative='nope.s.test/A a.b.nope.s.test/A www.s.test/TXT x.w.s.test/A x.www.s.test/A sub.s.test/DS s.test/DS'

# chased QUESTION: drill follows the signatures from the answer to the trust anchor.
chased() {
    run drill -S -k "$work/anchor" -p "$port" "${1%/*}" "${1#*/}" @127.0.0.1
    assert_has "$output" ';; Chase successful'
}

# chase_all QUESTION...: those of every zone, and these.
chase_all() {
    local question
    for question in $positive $negative "$@"; do
        chased "$question"
    done
}

# untroubled COMMAND...: the tool ends well, shows a signature and has nothing to complain of.
untroubled() {
    run -0 "$@"
    assert_has "$output" RRSIG
    assert_lacks "$output" WARNING
    assert_lacks "$output" 'malformed'
    assert_lacks "$output" ';; ->>HEADER<<- opcode: QUERY; status: SERVFAIL'
}

digs() {
    local question
    for question in $positive $negative d.s.test/DNAME x.d.s.test/A ent.s.test/A x.sub.s.test/A x.sec.s.test/A; do
        untroubled dig @127.0.0.1 -p "$port" +norecurse +dnssec "${question%/*}" "${question#*/}"
        untroubled dig @127.0.0.1 -p "$port" +norecurse +dnssec +tcp "${question%/*}" "${question#*/}"
        untroubled kdig @127.0.0.1 -p "$port" +norec +dnssec "${question%/*}" "${question#*/}"
        untroubled kdig @127.0.0.1 -p "$port" +norec +dnssec +tcp "${question%/*}" "${question#*/}"
    done
}

# visualized STATUS: dnsviz probes the server, and judges every answer so: "." is secure, "-" insecure.
visualized() {
    dnsviz probe -A -4 -a s.test -x "s.test+:127.0.0.1:$port" s.test www.s.test alias.s.test \
        x.w.s.test nope.s.test ent.s.test >"$work/probe" 2>"$work/probe.errors"
    assert_lacks "$(<"$work/probe.errors")" Error
    run -0 dnsviz print -t "$work/anchor" -r "$work/probe"
    assert_has "$output" '  [.]  DNSKEY: 13/'
    assert_has "$output" '  [.]  A: 192.0.2.2'
    assert_has "$output" "  [$1]  A: NXDOMAIN"
    assert_has "$output" '    PROOF:  [.]'
    # "!" is bogus or an error, "?" is not known; E: and W: are errors and warnings about the servers.
    run -1 grep -E '\[[^]]*[!?]|^ *[EW]:' <<<"$output"
}

@test "dig and kdig have nothing to say against a zone with NSEC" {
    sign_and_serve
    digs
}

@test "dig and kdig have nothing to say against a zone with NSEC3, and with opt-out" {
    sign_and_serve -3 -
    digs
    stop
    rm -f "$work"/K* && sign_and_serve -3 - -A
    digs
}

# drill wants a wildcard's denial for an empty non-terminal too, where RFC 4035 section 3.1.3.1 doesn't; and
# it looks for the signature of the CNAME that a DNAME implies, which has none (RFC 6672 section 5.3.1).
@test "drill chases the signatures of a zone with NSEC" {
    sign_and_serve
    chase_all
}

@test "drill chases the signatures of a zone with NSEC3" {
    sign_and_serve -3 -
    chase_all ent.s.test/A b.ent.s.test/A
}

@test "drill chases the signatures of a zone with opt-out" {
    sign_and_serve -3 - -A
    chase_all ent.s.test/A b.ent.s.test/A
}

@test "drill chases nothing to the anchor of another key" {
    sign_and_serve
    dnssec-keygen -q -a 13 -f KSK s.test >"$work/other"
    grep -v '^;' "$(<"$work/other").key" >"$work/anchor"
    run drill -S -k "$work/anchor" -p "$port" www.s.test A @127.0.0.1
    assert_has "$output" ';; Chase failed'
}

@test "dnsviz finds no fault with a zone with NSEC" {
    sign_and_serve
    visualized .
}

@test "dnsviz finds no fault with a zone with NSEC3" {
    sign_and_serve -3 -
    visualized .
}

@test "dnsviz finds no fault with a zone with opt-out, which denies less" {
    sign_and_serve -3 - -A
    visualized -
}
