#!/usr/bin/env bats
# Signed zones: verified by pharos-checkzone, and by pharosd at a load where that is configured.
load helper

zones=$BATS_TEST_DIRNAME/../rfc/zones
signed=$BATS_TEST_DIRNAME/../zone/signed

checkzone() {
    "$PHAROS_BUILD/pharos-checkzone" "$@"
}

@test "checkzone verifies what dnssec-signzone and ldns-signzone signed" {
    for zone in nsec nsec3 optout; do
        run -0 checkzone --dnssec s.test "$zones/$zone.zone"
        assert_has "$output" "signed and verified: the first signatures expire at 2090-01-01T00:00:00Z"
    done
    for zone in nsec nsec3 optout algorithms; do
        run -0 checkzone --dnssec --time 20270101000000 v.test "$signed/$zone.zone"
    done
    run -0 checkzone --json s.test "$zones/nsec.zone"
    assert_equal "$(jq -r .signatures_expire <<<"$output")" 2090-01-01T00:00:00Z
}

@test "checkzone --dnssec refuses what has expired, is unsigned, or was changed" {
    run -2 checkzone --dnssec --time 20370101000000 v.test "$signed/nsec3.zone"
    assert_has "$output" "expired at 2036-01-01T00:00:00Z"
    run -2 checkzone --dnssec --time tomorrow v.test "$signed/nsec3.zone"
    assert_has "$output" 'no time: "tomorrow"'
    zone_text 1 >"$work/z"
    run -2 checkzone --dnssec example.com "$work/z"
    assert_has "$output" "error: the zone isn't signed"
    sed 's/192\.0\.2\.1$/192.0.2.99/' "$zones/nsec.zone" >"$work/z"
    run -0 checkzone s.test "$work/z"
    run -2 --separate-stderr checkzone --dnssec --json s.test "$work/z"
    assert_equal "$(jq -c '[.good, .errors]' <<<"$output")" '[false,1]'
    assert_has "$(jq -r '.notes[0].message' <<<"$output")" "the A RRset of ns1.s.test.: the signature by key"
}

@test "checkzone verifies ZONEMD without being asked to" {
    run -0 checkzone --time 20270101000000 v.test "$signed/nsec3.zone"
    sed 's/"deep"/"shallow"/' "$signed/nsec3.zone" >"$work/z"
    run -2 checkzone --time 20270101000000 v.test "$work/z"
    assert_has "$output" "error: ZONEMD with hash algorithm 1: its digest isn't that of the zone"
    assert_has "$output" "v.test: refused: 1 errors"
}

@test "pharosd keeps the last version of a zone that doesn't verify, and tells when signatures expire" {
    cp "$zones/nsec.zone" "$work/z"
    cat >"$work/pharos.yaml" <<END
server: {listen: [127.0.0.1@0], run-dir: $work/run, verify: dnssec}
zones: [{name: s.test, file: $work/z}]
END
    start -c "$work/pharos.yaml"
    ctl=("$PHAROS_BUILD/pharosctl" --run-dir "$work/run")
    run -0 "${ctl[@]}" status
    assert_has "$output" "signatures: the first expire at 2090-01-01T00:00:00Z"
    run -0 "${ctl[@]}" zones
    assert_has "$output" " 2090-01-01T00:00:00Z $work/z"
    run -0 "${ctl[@]}" --json zones
    assert_equal "$(jq -r '.zones[0].signatures_expire' <<<"$output")" 2090-01-01T00:00:00Z
    run -0 "${ctl[@]}" --json stats
    assert_equal "$(jq -r .signatures_expire <<<"$output")" 3786912000

    sed 's/192\.0\.2\.1$/192.0.2.99/' "$zones/nsec.zone" >"$work/z.new"
    mv "$work/z.new" "$work/z"
    run -1 "${ctl[@]}" reload
    assert_has "$output" "the A RRset of ns1.s.test.: the signature by key"
    run -0 ask +short ns1.s.test A
    assert_equal "$output" 192.0.2.1
}
