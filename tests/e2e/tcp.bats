#!/usr/bin/env bats
# TCP as RFC 7766 and RFC 1035 section 4.2.2 have it, up to the greatest message.
load helper

# A TXT RRset at "big" that makes an answer of 65535 octets with its OPT, and as many more as $1 says.
write_zone() {
    local i
    zone_text 1 >"$work/z"
    {
        for ((i = 0; i < 244; i++)); do
            printf 'big 60 TXT "%03d%0252d"\n' "$i" 0
        done
        printf 'big 60 TXT "%0*d"\n' $((86 + $1)) 0
    } >>"$work/z"
}

half_close() {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/half_close.py" "$port" "$@"
}

@test "a client that closes its half after asking gets all answers, the greatest too" {
    write_zone 0
    start --listen 127.0.0.1@0 --zone "example.com=$work/z"
    run -0 half_close 1 big.example.com
    assert_equal "$output" "1 all 65535"
    run -0 half_close 200 big.example.com
    assert_equal "$output" "200 all 65535"
}

@test "an RRset that no message can hold is refused, with its name and size" {
    write_zone 1
    run -2 "$PHAROS_BUILD/pharos-checkzone" example.com "$work/z"
    assert_has "$output" "error: the TXT RRset of big.example.com., 245 records, is too large for a DNS message"
}
