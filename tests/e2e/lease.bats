#!/usr/bin/env bats
# The kernel's lease of the route, in a network namespace; needs root.
load helper

ns=phl$BASHPID

setup() {
    ip netns add "$ns"
    ip -n "$ns" link set lo up
}

teardown() {
    ip netns del "$ns"
}

@test "a lease is renewed while its announcer lives, and ends within its seconds after that" {
    ip netns exec "$ns" /usr/bin/python3 "$BATS_TEST_DIRNAME/lease.py" "$PHAROS_BUILD" "$work" 2 3 5 10 20
}
