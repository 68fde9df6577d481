#!/usr/bin/env bats
# pharosd -c FILE --check-config
load helper

setup() {
    zone_text 1 >"$work/z"
}

# check STATUS: the configuration on standard input.
check() {
    cat >"$work/p.yaml"
    run "-$1" "$PHAROS_BUILD/pharosd" -c "$work/p.yaml" --check-config
}

# The output is an error at LINE:COLUMN that says TEXT, with a caret.
assert_error_at() {
    assert_has "$output" "$work/p.yaml:$1: error: $2"
    [[ $output =~ $'\n  '\ *\^ ]]
}

@test "a good configuration is well" {
    check 0 <<YAML
server: {listen: [127.0.0.1@53, "::1@53"], identity: a}
zones: [{name: example.com, file: z}]
YAML
    assert_has "$output" "configuration and 1 zone are well"
}

@test "an unknown key is refused, with what may have been meant" {
    check 1 <<YAML
server:
  lissten: [127.0.0.1]
YAML
    assert_error_at 2:3 'unknown key "lissten"'
    assert_has "$output" "  ^~~~~~~"
    assert_has "$output" "hint: did you mean listen?"
}

@test "wrong types and values are refused, all at once" {
    check 1 <<YAML
server:
  listen: 127.0.0.1
  workers: many
  udp-size: 100
  tcp: {idle: 10}
log: {level: loud}
YAML
    assert_error_at 2:11 '"listen" must be a list'
    assert_error_at 3:12 '"workers" must be a number'
    assert_error_at 4:13 '"udp-size" must be from 512 to 4096'
    assert_error_at 5:15 '"idle" must be a duration with its unit'
    assert_error_at 6:14 '"level" must be one of: debug, info'
}

@test "answers by UDP that may be fragmented are warned of" {
    for size in 1400 1401; do
        check 0 <<YAML
server: {listen: [127.0.0.1@0], udp-size: $size}
zones: [{name: example.com, file: z}]
YAML
        [ $size = 1400 ] || assert_has "$output" "warning: server.udp-size 1401: answers above 1400 octets"
        [ $size = 1401 ] || assert_lacks "$output" "udp-size"
    done
}

@test "addresses that don't parse and zones that stand twice are refused" {
    check 1 <<YAML
server: {listen: [127.0.0.1@53, 127.0.0.1.5]}
zones:
  - {name: example.com, file: z}
  - {name: Example.Com., file: z}
YAML
    assert_error_at 1:33 '"127.0.0.1.5": not an IPv4 or IPv6 address'
    assert_error_at 4:12 'zone example.com. a second time; the first is on line 3'
}

@test "what is no YAML is refused where it breaks" {
    check 1 <<YAML
server: {listen: [127.0.0.1@53}
YAML
    assert_error_at 1:31 'not YAML'
}

@test "a configuration without addresses is refused" {
    check 1 <<YAML
zones: [{name: example.com, file: z}]
YAML
    assert_has "$output" "no address to listen on"
}

@test "a file that isn't there is refused" {
    run -1 "$PHAROS_BUILD/pharosd" -c "$work/none.yaml" --check-config
    assert_has "$output" "none.yaml: error: can't be read: No such file or directory"
}

@test "a zone that can't be loaded makes the check fail, with its caret" {
    printf 'www IN AA 192.0.2.1\n' >"$work/z"
    check 1 <<YAML
server: {listen: [127.0.0.1@53]}
zones: [{name: example.com, file: z}]
YAML
    assert_has "$output" "$work/z:1:8: error:"
    assert_has "$output" "         ^~"
}
