#!/usr/bin/env bats
# What a server keeps from one start to the next, and what it doesn't need to.
load helper

# An arena of some 39 MB: such an image is served before it's verified.
large_zone() {
    local range
    zone_text "$1"
    for range in 1-50000 50001-100000 100001-150000; do
        printf '$GENERATE %s host$ 60 TXT "%s"\n' "$range" "$(printf 'x%.0s' {1..200})"
    done
}

setup() {
    mkdir -p "$work/state"
    zone_text 5 >"$work/small.zone"
    cat >"$work/p.yaml" <<YAML
server: {listen: [127.0.0.1@0], run-dir: $work/run, state-dir: $work/state}
zones:
  - {name: small.example, file: small.zone}
YAML
}

with_large() {
    large_zone 7 >"$work/large.zone"
    echo "  - {name: large.example, file: large.zone}" >>"$work/p.yaml"
}

control() {
    "$PHAROS_BUILD/pharosctl" --run-dir "$work/run" "$@"
}

images_written() {
    [ -z "$(find "$work/state/images" -name '*.new')" ] &&
        control --json status | jq -e '.images | .written >= '"$1"' and (.writing | not)' >/dev/null
}

no_trials() {
    [ "$(control --json status | jq .images.on_trial)" = 0 ]
}

image=state/images/large.example.image

@test "a zone that was updated by difference comes from its image too" {
    hosts() { # SERIAL FIRST: hosts from FIRST on
        zone_text "$1"
        seq -f 'host%.0f 60 A 192.0.2.1' "$2" 20000
    }
    hosts 1 1 >"$work/small.zone"
    start -c "$work/p.yaml"
    wait_for images_written 1
    hosts 2 3 >"$work/small.zone"
    sighup
    logged 'zone small.example: serial 2, .* updated by difference, 3 names changed'
    wait_for images_written 2
    stop
    start -c "$work/p.yaml"
    logged 'zone small.example: serial 2, .* loaded from its image'
    assert_equal "$(ask +short host3.small.example A)" 192.0.2.1
    assert_equal "$(ask +short host2.small.example A)" ""

    wait_for no_trials
    touch "$work/small.zone"
    sighup
    logged "zone small.example: the file changed, what it says didn't"
    hosts 3 4 >"$work/small.zone"
    sighup
    assert_equal "$(serial small.example)" 3
    assert_equal "$(ask +short host3.small.example A)" ""
}

@test "after a restart with unchanged files zones come from their images" {
    with_large
    start -c "$work/p.yaml"
    wait_for images_written 2
    stop
    start -c "$work/p.yaml"
    assert_has "$(cat "$log")" "zone large.example: serial 7, 150004 RRs, loaded from its image"
    assert_has "$(cat "$log")" "zone small.example: serial 5, 4 RRs, loaded from its image"
    assert_equal "$(header www.small.example A)" "NOERROR qr aa"
    assert_equal "$(header host150000.large.example TXT)" "NOERROR qr aa"
    assert_equal "$(header host150001.large.example TXT)" "NXDOMAIN qr aa"
    wait_for logged "zone large.example: its image is verified"
    assert_has "$(control status)" "images: 2 zones came from them, 0 on trial"
}

@test "a changed zone is read as text at the next start" {
    with_large
    start -c "$work/p.yaml"
    wait_for images_written 2
    stop
    zone_text 6 >"$work/small.zone"
    start -c "$work/p.yaml"
    assert_equal "$(serial small.example)" 6
    assert_has "$(cat "$log")" "zone large.example: serial 7, 150004 RRs, loaded from its image"
}

@test "a damaged image takes nothing away but time" {
    with_large
    start -c "$work/p.yaml"
    wait_for images_written 2
    stop
    python3 - "$work/$image" <<'PYTHON'
import sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(0, 2)
    for at in range(f.tell() // 5, f.tell(), 4096):
        f.seek(at)
        f.write(b'damage')
PYTHON
    start -c "$work/p.yaml"
    assert_equal "$(header www.small.example A)" "NOERROR qr aa"
    wait_for logged "zone large.example: its image is damaged: set aside; the text is loaded"
    wait_for serial_is large.example 7
    assert_equal "$(header host77.large.example TXT)" "NOERROR qr aa"
    [ -e "$work/$image.damaged" ]
    wait_for images_written 1
    stop
    start -c "$work/p.yaml"
    assert_has "$(cat "$log")" "zone large.example: serial 7, 150004 RRs, loaded from its image"
}

@test "a truncated image doesn't kill the server" {
    with_large
    start -c "$work/p.yaml"
    wait_for images_written 2
    stop
    start -c "$work/p.yaml"
    truncate -s 5000000 "$work/$image"
    wait_for no_trials
    wait_for serial_is large.example 7
    stop
    assert_equal "$status" 0
    start -c "$work/p.yaml"
    wait_for serial_is large.example 7
    assert_equal "$(header host77.large.example TXT)" "NOERROR qr aa"
}

@test "kill -9 at any moment costs the next start nothing but an image" {
    with_large
    local serial
    for serial in 11 12 13 14 15; do
        large_zone "$serial" >"$work/large.zone"
        start -c "$work/p.yaml"
        # Once before it's written, else at some moment while it is.
        [ "$serial" = 11 ] || wait_for test -e "$work/$image.new" -o -e "$work/$image"
        kill -KILL "$pid"
        wait "$pid" || true
        start -c "$work/p.yaml"
        assert_equal "$(serial large.example)" "$serial"
        assert_equal "$(header host99999.large.example TXT)" "NOERROR qr aa"
        stop
    done
}

# Its files have a file system of their own: $1 are its mount options.
on_file_system() {
    launcher=(unshare --map-root-user --mount sh -c
        "mount -t tmpfs -o $1 none '$work/state' && exec \"\$@\"" sh)
}

@test "a full disk is told and costs no answers" {
    with_large
    on_file_system size=1m
    start -c "$work/p.yaml"
    wait_for logged "can't write an image: .*large.example.image: No space left on device"
    assert_has "$(control status)" "images: can't be written"
    assert_equal "$(header host1.large.example TXT)" "NOERROR qr aa"
    assert_equal "$(header www.small.example A)" "NOERROR qr aa"
}

@test "a read-only state-dir is told and costs no answers" {
    on_file_system ro
    start -c "$work/p.yaml"
    assert_has "$(cat "$log")" "can't keep images of zones in $work/state/images"
    assert_has "$(control status)" "images: can't be written: $work/state/images"
    assert_equal "$(header www.small.example A)" "NOERROR qr aa"
}

@test "images are for the server's eyes alone" {
    with_large
    start -c "$work/p.yaml"
    wait_for images_written 2
    assert_equal "$(stat -c %a "$work/state/images")" 700
    assert_equal "$(find "$work/state/images" -type f ! -perm 600)" ""
}
