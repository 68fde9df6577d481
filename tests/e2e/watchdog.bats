#!/usr/bin/env bats
# What the programs of the route tell the service manager. pharosd's are in upgrade.bats.
load helper

# watched PROGRAM ARGUMENT...: with what all drivers need.
watched() {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/watchdog.py" "$work" "$PHAROS_BUILD/$1" "${@:2}"
}

@test "pharos-announcer feeds the watchdog, and not when it hangs" {
    watched pharos-announcer --address 192.0.2.53 --interface pharos-none \
        --pulse "$work/pulse.sock" --control "$work/announcer.sock"
}

@test "pharos-route-bird feeds the watchdog, and not when it hangs" {
    watched pharos-route-bird --up anycast --socket "$work/bird.ctl" \
        --pulse "$work/pulse.sock" --control "$work/announcer.sock"
}

@test "pharos-route-exec feeds the watchdog, and not when it hangs" {
    watched pharos-route-exec --hook /bin/true --address 192.0.2.53 \
        --pulse "$work/pulse.sock" --control "$work/announcer.sock"
}

@test "pharos-sidecar feeds the watchdog, and not when it hangs" {
    watched pharos-sidecar --run-dir "$work" --group any=192.0.2.53 --driver log
}
