#!/usr/bin/env bats
# The one program of a node that keeps a privilege, pharos-announcer, is small enough to be read and holds
# no more than it needs. As root, since it's root's privileges that it gives up.
load helper

net_admin=0000000000001000 # 1 << CAP_NET_ADMIN, as /proc writes it

# For its sockets; other users have no way to the folders of bats.
setup() {
    dir=$(mktemp -d)
}

teardown() {
    local each
    for each in "${pids[@]}"; do
        kill -KILL "$each" 2>/dev/null || true
    done
    rm -r "$dir"
}

# said_of PID FIELD: what the kernel says of a process.
said_of() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# Starts an announcer with these arguments more; sets `pid`. It's confined before its control socket is there.
start_announcer() {
    "$PHAROS_BUILD/pharos-announcer" --address 192.0.2.53 --interface pharos-none "$@" \
        --pulse "$dir/pulse.sock" --control "$dir/announcer.sock" >"$log" 2>&1 3>&- &
    pid=$!
    pids+=("$pid")
    wait_for [ -S "$dir/announcer.sock" ]
}

# assert_confined: all five sets of capabilities, and no way to more by a program with set-user-id.
assert_confined() {
    local set
    for set in CapPrm CapEff CapBnd; do
        assert_equal "$set $(said_of "$pid" $set)" "$set $net_admin"
    done
    for set in CapInh CapAmb; do
        assert_equal "$set $(said_of "$pid" $set)" "$set 0000000000000000"
    done
    assert_equal "$(said_of "$pid" NoNewPrivs)" 1
}

@test "a running pharos-announcer holds CAP_NET_ADMIN and no other capability" {
    start_announcer
    assert_confined
}

@test "as another user it holds the same" {
    chown nobody "$dir"
    start_announcer --user nobody
    assert_confined
    read -ra uids <<<"$(said_of "$pid" Uid)"
    user=$(id -u nobody)
    assert_equal "${uids[*]}" "$user $user $user $user"
}

@test "pharos-announcer needs libuv and the C library, and no other" {
    # A sanitizer's build has that one's, and what it needs itself.
    needed=$(readelf -d "$PHAROS_BUILD/pharos-announcer" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
    case $needed in *lib[atu]*san.so*) skip "built with a sanitizer" ;; esac
    assert_equal "$(sort <<<"$needed")" "$(printf 'libc.so.6\nlibuv.so.1')"
}

@test "pharos-announcer, its lease and its giving up of privileges are less than 400 lines" {
    cd "$BATS_TEST_DIRNAME/../../server/sidecar"
    lines=$(cat announcer.c lease.c confine.c | wc -l)
    echo "$lines lines"
    [ "$lines" -lt 400 ]
}
