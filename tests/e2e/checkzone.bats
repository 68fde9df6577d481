#!/usr/bin/env bats
# pharos-checkzone: what people and CI see of a zone's mistakes.
load helper

checkzone() {
    "$PHAROS_BUILD/pharos-checkzone" "$@"
}

@test "a good zone exits with 0 and a summary" {
    zone_text 7 'www 3600 IN A 192.0.2.3' >"$work/z"
    run -0 --separate-stderr checkzone example.com "$work/z"
    assert_equal "$stderr" ""
    assert_has "${lines[0]}" "example.com: good: serial 7, 0 warnings, "
    assert_equal "${lines[1]}" "5 RRs, 3 names, 4 RRsets: A 2, NS 1, SOA 1"
    run -0 checkzone -q example.com "$work/z"
    assert_equal "$output" ""
}

@test "the sample zones are good, without a warning" {
    local contrib=$BATS_TEST_DIRNAME/../../contrib/zones file
    for file in "$contrib"/*.zone; do
        run -0 checkzone -W "$(basename "$file" .zone)" "$file"
    done
}

@test "mistakes exit with 2, each with its place, a caret and a hint" {
    zone_text 1 'a 300 IN AAA 2001:db8::1' $'b\t300\tIN\tA\t192.0.2.256' >"$work/z"
    run -2 --separate-stderr checkzone example.com "$work/z"
    assert_equal "$stderr" "$work/z:5:10: error: no such type
  a 300 IN AAA 2001:db8::1
           ^~~
hint: did you mean AAAA?
$work/z:6:12: error: the address is no IPv4 address
  b 300 IN A 192.0.2.256
             ^~~~~~~~~~~"
    assert_has "$output" "example.com: refused: 2 errors, 0 warnings, "
}

@test "a mistake in an included file is shown in that file" {
    mkdir "$work/sub"
    zone_text 1 "\$INCLUDE sub/a" >"$work/z"
    echo "\$INCLUDE b" >"$work/sub/a"
    echo 'x 60 MX mail' >"$work/sub/b"
    run -2 --separate-stderr checkzone example.com "$work/z"
    assert_has "$stderr" "$work/sub/b:1:9: error: "
    echo "\$INCLUDE ../z" >"$work/sub/b"
    run -2 --separate-stderr checkzone example.com "$work/z"
    assert_equal "$stderr" "$work/sub/b:1:10: error: this file includes itself
  \$INCLUDE ../z
           ^~~~"
}

@test "the errors shown are twenty at most" {
    # shellcheck disable=SC2046
    zone_text 1 $(printf 'x%s ' $(seq 1 50)) >"$work/z"
    run -2 --separate-stderr checkzone example.com "$work/z"
    assert_equal "$(grep -c ': error: ' <<<"$stderr")" 20
    assert_has "$stderr" "too many errors: the rest wasn't looked at"
}

@test "warnings exit with 0, and with -W with 1" {
    zone_text 1 'www 3600 IN A 192.0.2.2' 'al CNAME www' 'm MX 10 al' >"$work/z"
    run -0 --separate-stderr checkzone example.com "$work/z"
    assert_has "$stderr" "$work/z:5:1: warning: duplicate A record dropped"
    assert_has "$stderr" "$work/z:7:1: warning: MX refers to al.example.com., which is an alias"
    assert_has "$output" "good: serial 1, 2 warnings, "
    run -1 checkzone -W example.com "$work/z"
}

@test "--json is one object, whatever the zone holds" {
    zone_text 1 'www 3600 IN A 192.0.2.2' >"$work/z"
    run -0 --separate-stderr checkzone --json example.com "$work/z"
    assert_equal "$stderr" ""
    assert_equal "$(jq -c '[.zone, .good, .serial, .rrs, .types.SOA, .warnings, .notes[0].line]' \
        <<<"$output")" '["example.com",true,1,4,1,1,5]'
    printf 'a"\\\377\001 60 IN A\tx "y\nwww IN AA x' >>"$work/z"
    run -2 --separate-stderr checkzone --json example.com "$work/z"
    assert_equal "$(jq -c '[.good, .errors, (.notes | length), .notes[-1].hint]' <<<"$output")" \
        '[false,2,2,"did you mean A?"]'
    run -2 --separate-stderr checkzone --json example.com "$work/none"
    assert_equal "$(jq -r '.notes[0].message' <<<"$output")" "can't open: No such file or directory"
}

@test "what can't be read, or written, exits with 2" {
    zone_text 1 >"$work/z"
    run -2 checkzone example.com "$work"
    assert_has "$output" "$work: error: can't read: Is a directory"
    : >"$work/empty"
    run -2 checkzone example.com "$work/empty"
    assert_has "$output" "$work/empty: error: no SOA at the apex, example.com."
    run -2 checkzone example..com "$work/z"
    assert_has "$output" "the zone's name: empty label in a name"
    run -2 checkzone example.com
    run -2 checkzone --jsom example.com "$work/z"
    run -2 bash -c '"$PHAROS_BUILD/pharos-checkzone" example.com "$1" >/dev/full' - "$work/z"
}

@test "it reads from a pipe" {
    run -0 checkzone example.com /dev/stdin < <(zone_text 3)
    assert_has "$output" "good: serial 3"
}
