#!/usr/bin/env bats
# Cookies, TSIG and the options of EDNS, as dig, kdig and dnspython see them.
load helper

python=/usr/bin/python3

setup() {
    zone_text 7 >"$work/example.com.zone"
    printf 'e5e973e5a6b2a43f48e7dc849e37bfcf\n' >"$work/cookies"
    printf 'c2VjcmV0IHNoYXJlZCBieSB0d28=\n' >"$work/xfr.key"
    chmod 600 "$work/cookies" "$work/xfr.key"
}

# configure [LINE OF server]...: with a key of each algorithm, named after it.
configure() {
    {
        printf 'server:\n  listen: [127.0.0.1@0, "::1@0"]\n'
        [ $# -eq 0 ] || printf '  %s\n' "$@"
        printf 'keys:\n'
        for algorithm in hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 hmac-sha512; do
            printf '  - {name: %s.key, algorithm: %s, secret-file: xfr.key}\n' "$algorithm" "$algorithm"
        done
        printf 'zones: [{name: example.com, file: example.com.zone}]\n'
    } >"$work/p.yaml"
}

cookie() {
    dig @127.0.0.1 -p "$port" +norecurse +tries=1 +time=5 "$@"
}

@test "dig learns a cookie and shows it" {
    configure 'cookies: require'
    start -c "$work/p.yaml"
    run -0 cookie www.example.com A +badcookie
    assert_has "$output" 'BADCOOKIE, retrying'
    assert_has "$output" '(good)'
    assert_has "$output" '192.0.2.2'
    run -0 cookie www.example.com A +nobadcookie
    assert_has "$output" 'status: BADCOOKIE'
    run -0 cookie www.example.com A +tcp
    assert_has "$output" 'status: NOERROR'
}

@test "a client may ask for nothing but a cookie" {
    configure
    start -c "$work/p.yaml"
    run -0 cookie +header-only +cookie=2464c4abcf10c957
    assert_has "$output" 'status: NOERROR'
    assert_has "$output" 'COOKIE: 2464c4abcf10c95701000000'
}

@test "servers that share their secrets know each other's cookies" {
    configure 'cookies: require' 'cookie-secrets: cookies'
    start -c "$work/p.yaml"
    learned=$(cookie www.example.com +nobadcookie | sed -n 's/.*COOKIE: \([0-9a-f]*\).*/\1/p')
    [ ${#learned} -eq 48 ]
    stop
    start -c "$work/p.yaml"
    run -0 cookie www.example.com +nobadcookie +cookie="$learned"
    assert_has "$output" 'status: NOERROR'
}

@test "a secret is rolled over by reloads" {
    configure 'cookies: require' 'cookie-secrets: cookies'
    start -c "$work/p.yaml"
    old=$(cookie www.example.com +nobadcookie | sed -n 's/.*COOKIE: \([0-9a-f]*\).*/\1/p')
    printf '# new, old\n445536bcd2513298075a5d379663c962\ne5e973e5a6b2a43f48e7dc849e37bfcf\n' >"$work/cookies"
    sighup
    run -0 cookie www.example.com +nobadcookie +cookie="$old"
    assert_has "$output" 'status: NOERROR'
    assert_lacks "$output" "COOKIE: $old"
    printf '445536bcd2513298075a5d379663c962\n' >"$work/cookies"
    sighup
    run -0 cookie www.example.com +nobadcookie +cookie="$old"
    assert_has "$output" 'status: BADCOOKIE'
}

@test "without a file the cookies outlive a reload" {
    configure 'cookies: require'
    start -c "$work/p.yaml"
    learned=$(cookie www.example.com +nobadcookie | sed -n 's/.*COOKIE: \([0-9a-f]*\).*/\1/p')
    sighup
    run -0 cookie www.example.com +nobadcookie +cookie="$learned"
    assert_has "$output" 'status: NOERROR'
}

@test "the other options are answered" {
    configure 'report-channel: er.example.net' 'tcp: {idle: 5s}'
    start -c "$work/p.yaml"
    run -0 kdig @127.0.0.1 -p "$port" +tcp +ednsopt=11 +ednsopt=19 +subnet=192.0.2.0/24 www.example.com
    assert_has "$output" 'status: NOERROR'
    assert_has "$output" '192.0.2.0/24/0'
    assert_has "$output" '0032'
    assert_has "$output" '020000000007'
    assert_has "$output" '026572076578616D706C65036E657400'
    run -0 dig @::1 -p "$port6" +norecurse +subnet=2001:db8::/56 www.example.com
    assert_has "$output" 'CLIENT-SUBNET: 2001:db8::/56/0'
}

@test "dig and kdig check the signed answers, with every algorithm" {
    configure
    start -c "$work/p.yaml"
    secret=$(cat "$work/xfr.key")
    for algorithm in hmac-sha1 hmac-sha224 hmac-sha256 hmac-sha384 hmac-sha512; do
        for transport in +notcp +tcp; do
            run -0 ask www.example.com A $transport -y "$algorithm:$algorithm.key:$secret"
            assert_has "$output" '192.0.2.2'
            assert_has "$output" 'NOERROR 0'
            assert_lacks "$output" 'WARNING'
            run -0 kdig @127.0.0.1 -p "$port" $transport -y "$algorithm:$algorithm.key:$secret" www.example.com A
            assert_has "$output" '192.0.2.2'
            assert_lacks "$output" 'WARNING'
        done
    done
}

@test "a wrong secret, key or clock is told apart" {
    configure
    start -c "$work/p.yaml"
    secret=$(cat "$work/xfr.key")
    run ask www.example.com A -y "hmac-sha256:hmac-sha256.key:d3Jvbmc="
    assert_has "$output" 'status: NOTAUTH'
    assert_has "$output" 'BADSIG'
    run ask www.example.com A -y "hmac-sha256:nobody:$secret"
    assert_has "$output" 'BADKEY'
    run ask www.example.com A -y "hmac-sha512:hmac-sha256.key:$secret"
    assert_has "$output" 'BADKEY'
    run ask www.example.com A +fuzztime=1000000000 -y "hmac-sha256:hmac-sha256.key:$secret"
    assert_has "$output" 'BADTIME'
}

@test "dnspython and the server check each other" {
    configure
    start -c "$work/p.yaml"
    run -0 "$python" "$BATS_TEST_DIRNAME/tsig.py" "$port" "$(cat "$work/xfr.key")"
    assert_equal "$output" 'all well'
}

@test "NOTIFY and UPDATE are refused" {
    configure
    start -c "$work/p.yaml"
    run -0 ask +opcode=notify example.com SOA
    assert_has "$output" 'status: REFUSED'
    run -0 ask +opcode=notify example.net SOA
    assert_has "$output" 'status: NOTAUTH'
    run -0 ask +opcode=update example.com SOA
    assert_has "$output" 'status: NOTIMP'
}

@test "nsupdate is told so in an answer that it can verify" {
    configure
    start -c "$work/p.yaml"
    secret=$(cat "$work/xfr.key")
    printf 'server 127.0.0.1 %s\nzone example.com\nupdate add new.example.com 60 A 192.0.2.1\nsend\n' "$port" \
        >"$work/update"
    run -2 nsupdate -y "hmac-sha256:hmac-sha256.key:$secret" "$work/update"
    assert_has "$output" 'update failed: NOTIMP'
}

@test "a secret that everybody may read is warned of, and none is logged" {
    configure 'cookie-secrets: cookies'
    chmod 644 "$work/cookies" "$work/xfr.key"
    start -c "$work/p.yaml"
    assert_equal "$(grep -c 'everybody may read' "$log")" 6
    printf 'e5e973e5a6b2a43f48e7dc849e37bfcfff\n' >"$work/cookies"
    printf 'c2VjcmV0IHNoYXJlZCBieSB0d28\n' >"$work/xfr.key"
    sighup_refused
    logged 'a cookie secret is 32 hexadecimal digits'
    logged "a key's secret is base64"
    assert_lacks "$(cat "$log")" c2VjcmV0
    assert_lacks "$(cat "$log")" e5e973
}

@test "mistakes beside a secret don't show it" {
    cat >"$work/p.yaml" <<YAML
server: {listen: [127.0.0.1@0]}
keys:
  - {name: a, algorithm: hmac-sha257, secret: aHVudGVyMg==}
  - name: b
    algorithm: hmac-sha256
    secret:
      [aHVudGVyMg==]
  - {name: c, algorithm: hmac-sha256, secret: aHVudGVyMg==, secret-file: x}
  - {name: d, algorithm: hmac-sha256}
YAML
    run -1 "$PHAROS_BUILD/pharosd" -c "$work/p.yaml" --check-config
    assert_has "$output" 'p.yaml:3:'
    assert_has "$output" 'p.yaml:7:'
    assert_has "$output" 'one of secret-file and secret'
    assert_lacks "$output" aHVudGVyMg
}

sighup_refused() {
    kill -HUP "$pid"
    wait_for logged 'the one before stays'
}
