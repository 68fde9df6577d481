#!/usr/bin/env bats
# What `cmake --install` puts where.
load helper

setup() {
    DESTDIR=$work cmake --install "$PHAROS_BUILD" >"$work/installed"
    prefix=$work$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$PHAROS_BUILD/CMakeCache.txt")
}

@test "every program is installed, with its manual page" {
    local program
    for program in pharosd pharos-announcer pharos-route-bird pharos-route-exec pharos-sidecar; do
        "$prefix/sbin/$program" --help
        test -f "$prefix/share/man/man8/$program.8"
    done
    "$prefix/bin/pharosctl" --help
    "$prefix/bin/pharos-checkzone" --help
    test -f "$prefix/share/man/man8/pharosctl.8"
    test -f "$prefix/share/man/man1/pharos-checkzone.1"
    test -f "$prefix/share/man/man5/pharos.yaml.5"
}

units="pharosd pharos-announcer pharos-route-bird pharos-route-exec pharos-sidecar"

@test "the units start and reload programs that are there" {
    local unit program
    for unit in $units; do
        sed -n 's/^Exec[A-Za-z]*=\([^ ]*\).*/\1/p' \
            "$prefix/lib/systemd/system/$unit.service" >"$work/programs"
        test -s "$work/programs"
        while read -r program; do
            case $program in
            /bin/*) test -x "$program" ;; # of the system
            *) test -x "$work$program" ;;
            esac
        done <"$work/programs"
    done
}

# The lines of a unit's key, in one.
unit_says() {
    sed -n "s/^$2=//p" "$prefix/lib/systemd/system/$1.service" | tr '\n' ' '
}

# systemd stops in the order of the start turned round: the sidecar, the server, which withdraws the route
# through its driver, the driver, the routing daemon.
@test "the units are stopped in the order in which a route is withdrawn" {
    local driver
    for driver in pharos-announcer pharos-route-bird pharos-route-exec; do
        [[ " $(unit_says $driver Before)" == *" pharosd.service "* ]]
        [[ " $(unit_says $driver After)" != *" pharosd.service "* ]]
        [[ " $(unit_says $driver After)" == *" bird.service "* ]]
    done
    [[ " $(unit_says pharos-sidecar After)" == *" pharosd.service "* ]]
}

@test "systemd has nothing to say against the units, and finds them little exposed" {
    local unit
    mkdir "$work/units"
    cp "$prefix"/lib/systemd/system/*.service "$work/units"
    cd "$work/units"
    for unit in *@.service; do
        mv "$unit" "${unit%.service}two.service"
    done
    sed -i "s|^\(Exec[A-Za-z]*=\)\(${prefix#"$work"}\)|\1$prefix|" ./*.service
    run -0 systemd-analyze verify --man=no ./*.service
    [ "$output" = "" ]
    for unit in *.service; do
        systemd-analyze security --offline=yes --threshold=25 --no-pager "./$unit"
    done
}

# The lease lasts ten seconds, a route by BIRD or a hook for ever: until the driver is back nobody ends it.
@test "a program that died is back within a second, and one that hangs is ended within five" {
    local unit pause
    for unit in $units; do
        [ "$(unit_says $unit Type)" = "notify " ]
        [ "$(unit_says $unit Restart)" = "always " ]
        [ "$(unit_says $unit StartLimitIntervalSec)" = "0 " ]
        pause=$(unit_says $unit RestartSec)
        [[ $pause == *"ms " ]]
        [ "${pause%ms *}" -le 500 ]
        [ "$unit" = pharosd ] || [ "$(unit_says $unit WatchdogSec)" = "5s " ]
    done
}

@test "an overloaded node doesn't keep the programs of the route from their work" {
    local unit
    for unit in pharos-announcer pharos-route-bird pharos-route-exec pharos-sidecar; do
        [ "$(unit_says $unit Nice)" -lt 0 ]
        [ "$(unit_says $unit CPUWeight)" -gt 100 ]
        [ "$(unit_says $unit OOMScoreAdjust)" -lt "$(unit_says pharosd OOMScoreAdjust)" ]
    done
}

@test "each driver has a unit for a group of several, with a socket and arguments of its own" {
    local driver
    for driver in pharos-announcer pharos-route-bird pharos-route-exec; do
        [ "$(unit_says "$driver@" EnvironmentFile)" = "/etc/default/$driver-%i " ]
        grep -q -- '--control /run/pharos/announcer-%i.sock$' "$prefix/lib/systemd/system/$driver@.service"
        diff "$prefix/lib/systemd/system/$driver.service" "$prefix/lib/systemd/system/$driver@.service" >"$work/diff" || true
        [ "$(grep -c '^>' "$work/diff")" = 5 ]
    done
}
