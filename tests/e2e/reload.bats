#!/usr/bin/env bats
# SIGHUP and pharosctl reload: changed zones only, and never a good one lost.
load helper

setup() {
    mkdir "$work/zones.d"
    zone_text 1 >"$work/a.zone"
    zone_text 1 >"$work/b.zone"
    zone_text 1 >"$work/zones.d/d.example.zone"
    cat >"$work/pharos.yaml" <<'YAML'
server: {listen: [127.0.0.1@0], run-dir: run}
zones:
  - {name: a.example, file: a.zone}
  - {name: b.example, file: b.zone}
zone-dirs: [zones.d]
YAML
    start -c "$work/pharos.yaml"
    ctl=("$PHAROS_BUILD/pharosctl" --run-dir "$work/run")
}

@test "a changed zone is loaded, and it alone" {
    zone_text 2 >"$work/a.zone"
    sighup
    assert_equal "$(serial a.example)" 2
    assert_equal "$(serial b.example)" 1
    logged 'reload: 1 loaded (0 new), 0 refused, 0 gone, 2 unchanged'
}

@test "few changes of a large zone are an update by difference" {
    large() { # SERIAL FIRST: hosts from FIRST on
        zone_text "$1"
        seq -f 'host%.0f 60 A 192.0.2.1' "$2" 20000
    }
    large 2 1 >"$work/a.zone"
    sighup
    large 3 11 >"$work/a.zone"
    run -0 "${ctl[@]}" reload
    assert_has "$output" "updated by difference, 11 names changed"
    logged 'zone a.example: serial 3, .* updated by difference, 11 names changed'
    run -0 "${ctl[@]}" zones
    [[ $output =~ a\.example\ served\ 3\ [0-9]+\ [0-9]+\ [^\ ]+\ 11\  ]]
    assert_equal "$(ask +short host11.a.example A)" 192.0.2.1
    assert_equal "$(ask +short host10.a.example A)" ""
    assert_equal "$(serial a.example)" 3

    touch "$work/a.zone"
    sighup
    logged "zone a.example: the file changed, what it says didn't"
    { large 4 11; printf 'host12 60 CNAME ns\n'; } >"$work/a.zone"
    run -1 "${ctl[@]}" reload
    assert_has "$output" "host12.a.example. has a CNAME"
    assert_equal "$(serial a.example)" 3
}

@test "nothing changed is nothing loaded" {
    sighup
    logged 'reload: 0 loaded (0 new), 0 refused, 0 gone, 3 unchanged'
}

@test "a zone file replaced by rename is loaded" {
    zone_text 3 >"$work/new"
    mv "$work/new" "$work/a.zone"
    sighup
    assert_equal "$(serial a.example)" 3
}

@test "a change of an included file is a change" {
    { zone_text 4; printf '$INCLUDE more\n'; } >"$work/a.zone"
    printf 'x 60 TXT one\n' >"$work/more"
    sighup
    assert_equal "$(ask +short x.a.example TXT)" '"one"'
    printf 'x 60 TXT three\n' >"$work/more"
    sighup
    assert_equal "$(ask +short x.a.example TXT)" '"three"'
}

@test "content that changed under the same serial is served, with a warning" {
    zone_text 1 'new 60 A 192.0.2.9' >"$work/a.zone"
    sighup
    assert_equal "$(ask +short new.a.example A)" 192.0.2.9
    logged 'warning.*serial'
}

@test "a broken zone keeps its last good version, and reload says so" {
    printf '@ 3600 SOA ns hostmaster 2 7200 900 1209600 300\n@ NS ns\nns AA 192.0.2.1\n' \
        >"$work/a.zone"
    run -1 "${ctl[@]}" reload
    assert_has "$output" "a.zone:3:4: error:"
    assert_has "$output" "ns AA 192.0.2.1"
    assert_has "$output" "   ^~"
    assert_has "$output" "zone a.example: refused; serial 1 is served on"
    assert_equal "$(serial a.example)" 1
    assert_equal "$(ask +short www.a.example A)" 192.0.2.2
    logged 'a.zone:3:4: error:'
    run -0 "${ctl[@]}" status
    assert_has "$output" "1 stale"
    assert_has "$output" "a.zone:3:4: error:"

    zone_text 5 >"$work/a.zone"
    run -0 "${ctl[@]}" reload
    assert_equal "$(serial a.example)" 5
    run -0 "${ctl[@]}" status
    assert_has "$output" "0 stale"
}

@test "a truncated and a vanished zone file keep the last good version" {
    : >"$work/a.zone"
    rm "$work/b.zone"
    sighup
    assert_equal "$(serial a.example)" 1
    assert_equal "$(serial b.example)" 1
}

@test "new files of zone-dirs are served, vanished ones are refused" {
    zone_text 7 >"$work/zones.d/new.example.zone"
    rm "$work/zones.d/d.example.zone"
    sighup
    assert_equal "$(serial new.example)" 7
    assert_has "$(ask d.example SOA)" "status: REFUSED"
    logged 'reload: 1 loaded (1 new), 0 refused, 1 gone, 2 unchanged'
}

@test "zones of the configuration come and go" {
    zone_text 8 >"$work/c.zone"
    sed -i 's/b\.example, file: b/c.example, file: c/' "$work/pharos.yaml"
    sighup
    assert_equal "$(serial c.example)" 8
    assert_has "$(ask b.example SOA)" "status: REFUSED"
}

@test "a broken configuration changes nothing" {
    sed -i 's/^zones:/zoness:/' "$work/pharos.yaml"
    zone_text 2 >"$work/a.zone"
    run -1 "${ctl[@]}" reload
    assert_has "$output" "pharos.yaml:2:1: error: unknown key \"zoness\""
    assert_has "$output" "hint: did you mean zones?"
    assert_equal "$(serial a.example)" 1
}

@test "settings of answers are applied, addresses take a restart" {
    sed -i 's/run-dir: run/run-dir: run, identity: here/; s/127.0.0.1@0/127.0.0.1@0, 127.0.0.2@0/' \
        "$work/pharos.yaml"
    run -0 "${ctl[@]}" reload
    assert_has "$output" "takes a restart: server.listen"
    assert_equal "$(ask +short id.server CH TXT)" '"here"'
}

@test "one zone can be reloaded alone" {
    zone_text 2 >"$work/a.zone"
    zone_text 2 >"$work/b.zone"
    run -0 "${ctl[@]}" reload A.example.
    assert_equal "$(serial a.example)" 2
    assert_equal "$(serial b.example)" 1
    run -1 "${ctl[@]}" reload nowhere.example
    assert_has "$output" "this zone isn't served"
}

@test "a server that is told to stop begins no reload any more" {
    zone_text 1 >"$work/example.com.zone"
    start --listen 127.0.0.1@0 --zone "example.com=$work/example.com.zone"
    zone_text 2 >"$work/example.com.zone"
    # So that both come at once; which of them is seen first is up to the threads that take them.
    kill -STOP "$pid"
    kill -HUP "$pid"
    kill -TERM "$pid"
    kill -CONT "$pid"
    stop
    [ "$status" -eq 0 ]
    assert_lacks "$(cat "$log")" 'serial 2'
}
