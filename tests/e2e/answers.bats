#!/usr/bin/env bats
# What dig sees of each kind of answer.
load helper

setup() {
    cat >"$work/pharos.yaml" <<YAML
server: {listen: ["127.0.0.1@0", "::1@0"], identity: fra1, version: hide}
zones:
  - {name: example.com, file: $zones/example.com.zone}
YAML
    start -c "$work/pharos.yaml"
}

@test "an address is answered over UDP and TCP, IPv4 and IPv6" {
    local way
    for way in +notcp +tcp; do
        assert_equal "$(ask +short $way www.example.com A)" 192.0.2.10
        assert_equal "$(ask6 +short $way www.example.com AAAA)" 2001:db8::10
    done
    assert_equal "$(header www.example.com A)" "NOERROR qr aa"
}

@test "RD is copied and RA is never set" {
    assert_equal "$(header +recurse www.example.com A)" "NOERROR qr aa rd"
}

@test "the case of the question is kept" {
    assert_has "$(ask WwW.eXample.COM A)" ";WwW.eXample.COM."
}

@test "a name that isn't there is NXDOMAIN with the SOA and its MINIMUM as TTL" {
    assert_equal "$(header nothing.example.com A)" "NXDOMAIN qr aa"
    assert_equal "$(section authority nothing.example.com A)" \
        "example.com. 300 IN SOA ns1.example.com. hostmaster.example.com. 2026010101 7200 900 1209600 300"
}

@test "a type that isn't there is NODATA, and so is an empty non-terminal" {
    local name
    for name in mail.example.com b.empty.example.com; do
        assert_equal "$(header $name TXT)" "NOERROR qr aa"
        assert_equal "$(answer $name TXT)" ""
        assert_has "$(section authority $name TXT)" "SOA"
    done
}

@test "a CNAME chain is followed within the zone" {
    assert_equal "$(answer alias.example.com A)" \
        "alias.example.com. 3600 IN CNAME second.example.com.
second.example.com. 3600 IN CNAME third.example.com.
third.example.com. 3600 IN CNAME www.example.com.
www.example.com. 3600 IN A 192.0.2.10"
}

@test "a CNAME out of the zones ends there, and one to nothing is NXDOMAIN" {
    assert_equal "$(answer outside.example.com A)" \
        "outside.example.com. 3600 IN CNAME www.example.org."
    assert_equal "$(header outside.example.com A)" "NOERROR qr aa"
    assert_equal "$(header dangling.example.com A)" "NXDOMAIN qr aa"
}

@test "a CNAME loop is answered with what it has" {
    assert_equal "$(header loop1.example.com A)" "NOERROR qr aa"
    assert_has "$(answer loop1.example.com A)" "loop1.example.com. 3600 IN CNAME loop2.example.com."
}

@test "a wildcard covers names of any depth below it, unless something is there" {
    assert_equal "$(answer x.wild.example.com A)" "x.wild.example.com. 3600 IN A 192.0.2.20"
    assert_equal "$(answer x.y.z.wild.example.com A)" "x.y.z.wild.example.com. 3600 IN A 192.0.2.20"
    assert_equal "$(header there.wild.example.com A)" "NOERROR qr aa"
    assert_equal "$(answer there.wild.example.com A)" ""
    assert_equal "$(header x.there.wild.example.com A)" "NXDOMAIN qr aa"
}

@test "a DNAME moves the names below it" {
    assert_equal "$(answer www.old.example.com A)" \
        "old.example.com. 3600 IN DNAME new.example.com.
www.new.example.com. 3600 IN A 192.0.2.40
www.old.example.com. 3600 IN CNAME www.new.example.com."
}

@test "a DNAME whose result is too long gives YXDOMAIN" {
    zone_text 1 's DNAME a-target-that-is-longer-than-its-owner.t' >"$work/z"
    stop
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    local label
    label=$(printf 'a%.0s' {1..60})
    assert_equal "$(header "$label.$label.s.example.com" A)" "NXDOMAIN qr aa"
    assert_equal "$(header "$label.$label.$label.${label:0:40}.s.example.com" A)" "YXDOMAIN qr aa"
}

@test "a zone cut gets a referral with in-domain and sibling glue" {
    assert_equal "$(header www.child.example.com A)" "NOERROR qr"
    assert_equal "$(section authority www.child.example.com A)" \
        "child.example.com. 3600 IN NS ns.child.example.com.
child.example.com. 3600 IN NS ns.other.example.com."
    assert_equal "$(section additional www.child.example.com A)" \
        "ns.child.example.com. 3600 IN A 192.0.2.50
ns.child.example.com. 3600 IN AAAA 2001:db8::50
ns.other.example.com. 3600 IN A 192.0.2.60"
}

@test "DS is answered by the parent" {
    assert_equal "$(header child.example.com DS)" "NOERROR qr aa"
    assert_has "$(answer child.example.com DS)" "child.example.com. 3600 IN DS 12345 13 2"
}

@test "a child served beside its parent answers for itself" {
    stop
    start --listen 127.0.0.1@0 --zone "example.com=$zones/example.com.zone" \
        --zone "child.example.com=$zones/child.zone"
    assert_equal "$(answer www.child.example.com A)" "www.child.example.com. 3600 IN A 192.0.2.51"
    assert_equal "$(header www.child.example.com A)" "NOERROR qr aa"
    assert_has "$(answer child.example.com DS)" "DS 12345"
}

@test "a foreign name is REFUSED with EDE 20" {
    assert_equal "$(header www.example.org A)" "REFUSED qr"
    assert_has "$(ask www.example.org A)" "EDE: 20"
}

@test "an answer that doesn't fit is truncated over UDP and whole over TCP" {
    assert_has "$(header +ignore many.example.com TXT)" "tc"
    run --separate-stderr ask many.example.com TXT
    assert_has "$output" "Truncated, retrying in TCP mode"
    assert_has "$output" "ANSWER: 80"
    [ "$(ask +ignore +bufsize=1232 many.example.com TXT | sed -n 's/.*MSG SIZE *rcvd: //p')" -le 1232 ]
    [ "$(ask +ignore +noedns many.example.com TXT | sed -n 's/.*MSG SIZE *rcvd: //p')" -le 512 ]
}

@test "EDNS announces 1232 octets, and is absent where the question has none" {
    assert_has "$(ask www.example.com A)" "EDNS: version: 0, flags:; udp: 1232"
    assert_lacks "$(ask +noedns www.example.com A)" "EDNS:"
    assert_has "$(ask +dnssec www.example.com A)" "EDNS: version: 0, flags: do;"
}

@test "an EDNS version above 0 gets BADVERS" {
    assert_has "$(ask +edns=1 +noednsnegotiation www.example.com A)" "status: BADVERS"
}

@test "unknown EDNS options and flags are ignored" {
    assert_equal "$(ask +short +ednsopt=65001:abcd +ednsflags=0x40 www.example.com A)" 192.0.2.10
}

@test "NSID and id.server tell the identity, hostname.bind does too" {
    assert_has "$(ask +nsid www.example.com A)" '("fra1")'
    assert_equal "$(ask +short id.server CH TXT)" '"fra1"'
    assert_equal "$(ask +short hostname.bind CH TXT)" '"fra1"'
}

@test "a hidden version is refused, an identity that is not set as well" {
    assert_equal "$(header version.bind CH TXT)" "REFUSED qr"
    stop
    start --listen 127.0.0.1@0 --zone "example.com=$zones/example.com.zone"
    assert_has "$(ask +short version.bind CH TXT)" '"pharos '
    assert_equal "$(header id.server CH TXT)" "REFUSED qr"
    assert_lacks "$(ask +nsid www.example.com A)" "NSID"
}

@test "ANY gets one RRset, or all where it's configured" {
    local rrsets
    rrsets=$(answer +notcp www.example.com ANY | cut -d ' ' -f 4 | sort -u | wc -l)
    assert_equal "$rrsets" 1
    sed -i 's/version: hide/any: full/' "$work/pharos.yaml"
    stop
    start -c "$work/pharos.yaml"
    rrsets=$(answer +notcp www.example.com ANY | cut -d ' ' -f 4 | sort -u | wc -l)
    assert_equal "$rrsets" 3
}

@test "another opcode is NOTIMP" {
    assert_has "$(ask +opcode=STATUS www.example.com A)" "status: NOTIMP"
}
