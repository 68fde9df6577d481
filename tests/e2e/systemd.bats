#!/usr/bin/env bats
# The units under a systemd that runs: in a container over the files of this machine, which stay as they are.
# Needs root and systemd-container.
load helper

node=$BATS_FILE_TMPDIR
root=$node/root
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$PHAROS_BUILD/CMakeCache.txt")
units="pharos-announcer.service pharosd.service pharos-sidecar.service"

# in_node COMMAND ARGUMENT...
in_node() {
    nsenter --target "$(cat "$node/init")" --all -- "$@"
}

# Booted as far as systemd answers.
booted() {
    local init
    init=$(pgrep --parent "$(cat "$node/nspawn")") || return 1
    echo "$init" >"$node/init"
    in_node systemctl is-active --quiet basic.target 2>/dev/null
}

configure() {
    mkdir -p "$root/etc/pharos" "$root/etc/default"
    cat >"$root/etc/pharos/pharos.yaml" <<YAML
server:
  listen: [192.0.2.53, "2001:db8::53"]
  workers: 1
  run-dir: /run/pharos
  state-dir: /var/lib/pharos
zones: [{name: example.com, file: example.com.zone}]
route:
  driver: lease
  audit: /var/log/pharos/route.jsonl
  groups: [{name: any, addresses: [192.0.2.53, "2001:db8::53"]}]
YAML
    zone_text 1 >"$root/etc/pharos/example.com.zone"
    printf '[Unit]\nWants=%s\n' "$units" >"$root/etc/systemd/system/pharos-node.target"
    printf '[Unit]\nConflicts=%s\n' "$units" >"$root/etc/systemd/system/pharos-away.target"
    echo "ARGUMENTS=--address 192.0.2.53 --address 2001:db8::53 --interface any0 --drain-interface any1" \
        >"$root/etc/default/pharos-announcer"
}

add_addresses() {
    local marker
    in_node ip address add 192.0.2.53/32 dev lo
    in_node ip address add 2001:db8::53/128 dev lo nodad
    for marker in any0 any1; do
        in_node ip link add "$marker" type dummy 2>/dev/null || in_node ip link add "$marker" type bridge
        in_node ip link set "$marker" up
    done
}

# Control groups of systemd's, of either version.
hierarchies() {
    findmnt --raw --noheadings --types cgroup2 --output TARGET || true
    findmnt --raw --noheadings --types cgroup --options name=systemd --output TARGET || true
}

# The container's init takes the control group that nspawn is in for the root of all.
boot() {
    local hierarchy alone=()
    if [ ! -d /run/systemd/system ]; then
        alone=(--keep-unit)
        for hierarchy in $(hierarchies); do
            mkdir "$hierarchy/pharos-$$"
            echo $BASHPID >"$hierarchy/pharos-$$/cgroup.procs"
        done
    fi
    exec systemd-nspawn --quiet --directory="$root" --boot --private-network --machine="pharos-$$" \
        --register=no "${alone[@]}" --console=pipe systemd.unit=basic.target
}

# What this machine's kernel or container won't have is no fault of the units: it is said, and the rest of the tests run.
unbootable() {
    tail -n 1 "$node/console" >"$node/unbootable"
    cat "$node/console" >&2
}

setup_file() {
    mkdir "$node/upper" "$root"
    mount -t tmpfs pharos "$node/upper"
    mkdir "$node/upper/files" "$node/upper/work"
    mount -t overlay -o "lowerdir=/,upperdir=$node/upper/files,workdir=$node/upper/work" pharos "$root" \
        2>"$node/console" || {
        unbootable
        return 0
    }
    DESTDIR=$root cmake --install "$PHAROS_BUILD" >"$node/installed"
    cp "$root$prefix"/lib/systemd/system/pharos*.service "$root/etc/systemd/system/"
    chroot "$root" id pharos >/dev/null 2>&1 || chroot "$root" useradd --system --user-group --no-create-home pharos
    tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
    configure
    boot </dev/null >"$node/console" 2>&1 3>&- &
    echo $! >"$node/nspawn"
    wait_for booted || {
        unbootable
        return 0
    }
    add_addresses
    in_node systemctl daemon-reload
}

teardown_file() {
    # With its init all that's in the namespace ends. Where it never came up there may be neither.
    if [ -e "$node/nspawn" ]; then
        kill -KILL "$(cat "$node/init")" || kill -KILL "$(cat "$node/nspawn")" || true
        wait_for gone "$(cat "$node/nspawn")"
    fi
    umount "$root" || true
    umount "$node/upper"
    local hierarchy
    for hierarchy in $(hierarchies); do
        [ ! -d "$hierarchy/pharos-$$" ] || find "$hierarchy/pharos-$$" -depth -type d -delete
    done
}

property() {
    in_node systemctl show --property="$2" --value "$1"
}

active() {
    in_node systemctl is-active --quiet "$@"
}

inactive() {
    local unit
    for unit in "$@"; do
        ! active "$unit" || return 1
    done
}

# told PROGRAM...: what they have logged since the test began. journalctl of systemd 252 passes over one entry
# more where it has both a cursor and a filter, so that this one filters by itself.
told() {
    local programs
    printf -v programs '%s|' "$@"
    in_node journalctl --boot --quiet --after-cursor="$cursor" |
        sed -nE "s/^.{15} [^ ]+ (${programs%|})\\[[0-9]+\\]: //p"
}

# says PROGRAM TEXT
says() {
    told "$1" | grep -e "$2" >"$work/said"
}

# on MARKER: both service addresses are.
on() {
    [ "$(in_node ip -brief address show dev "$1" | grep -o -e 192.0.2.53/32 -e 2001:db8::53/128 | wc -l)" = 2 ]
}

answers() {
    local address
    for address in 192.0.2.53 2001:db8::53; do
        assert_equal "$(in_node dig "@$address" +short +tries=1 +time=2 www.example.com)" 192.0.2.2
        assert_equal "$(in_node dig "@$address" +short +tries=1 +time=2 +tcp www.example.com)" 192.0.2.2
    done
}

journal_end() {
    in_node journalctl --boot --quiet --lines=0 --show-cursor | sed -n 's/^-- cursor: //p'
}

# One transaction, as a boot and a shutdown are: the order is that of the units. systemctl with several names is one
# transaction after the other.
go_up() {
    in_node systemctl stop pharos-away.target
    in_node systemctl start pharos-node.target
    wait_for active pharos-announcer pharosd pharos-sidecar
}

go_away() {
    in_node systemctl stop pharos-node.target
    in_node systemctl start pharos-away.target
    wait_for inactive pharos-announcer pharosd pharos-sidecar
}

# Each test begins with a node that is announced.
setup() {
    [ ! -e "$node/unbootable" ] || skip "no systemd can be booted in a container here: $(cat "$node/unbootable")"
    log=$work/journal
    cursor=$(journal_end)
    in_node systemctl stop pharos-node.target # else what failed in it isn't started again
    go_up
    wait_for on any0
    answers
}

teardown() {
    [ -e "$node/unbootable" ] || in_node journalctl --boot --quiet --no-pager --after-cursor="$cursor" | tail -n 60
}

@test "a node that boots starts the driver, the server and the sidecar in this order, and is announced" {
    go_away
    cursor=$(journal_end)
    go_up
    wait_for on any0
    told systemd |
        sed -n 's/^Start\(ing\|ed\) \(pharos[a-z-]*\).service.*/\1 \2/p' >"$work/order"
    assert_equal "$(cat "$work/order")" "ing pharos-announcer
ed pharos-announcer
ing pharosd
ed pharosd
ing pharos-sidecar
ed pharos-sidecar"
}

# restarted UNIT PID: as another process.
restarted() {
    local now
    now=$(property "$1" MainPID)
    [ "$now" != 0 ] && [ "$now" != "$2" ] && active "$1"
}

# What the restrictions leave: the port, the markers, the folders; and nothing of root's.
@test "the programs run without root's rights and can do all that they must" {
    local unit status
    for unit in pharosd:400 pharos-announcer:1000 pharos-sidecar:0; do
        status=$(in_node cat "/proc/$(property "${unit%:*}" MainPID)/status")
        assert_equal "$(sed -n 's/^CapBnd:\t0*\([0-9a-f]\)/\1/p' <<<"$status")" "${unit#*:}"
        assert_equal "$(sed -n 's/^NoNewPrivs:\t//p' <<<"$status")" 1
        assert_lacks "$(sed -n '/^[UG]id:/p' <<<"$status")" $'\t0'
    done
    test -s "$root/var/lib/pharos/images/00000001.pack"
    test -s "$root/var/log/pharos/route.jsonl"
    in_node "$prefix/bin/pharosctl" hold any
    test -s "$root/var/lib/pharos/route.words"
    in_node "$prefix/bin/pharosctl" release any
    in_node systemctl reload pharosd
    in_node systemctl reload pharos-sidecar
    wait_for says pharos-sidecar "the configuration is read again"
    on any0
}

# WatchdogSec of the server is 10 s; the driver sees the hang after half a second.
@test "a server that hangs is withdrawn, restarted by the watchdog, and announced again" {
    local hung
    hung=$(property pharosd MainPID)
    in_node kill -STOP "$hung"
    wait_for says pharos-announcer '^server: hung' # by itself, or after the sidecar's word
    run ! on any0
    wait_for says systemd 'pharosd.service: Watchdog timeout'
    wait_for restarted pharosd "$hung"
    wait_for on any0
    answers
}

@test "a driver that is killed is back within a second, and the lease doesn't end" {
    local killed since_ms
    killed=$(property pharos-announcer MainPID)
    since_ms=$(date +%s%3N)
    in_node systemctl kill --signal=KILL pharos-announcer
    wait_for restarted pharos-announcer "$killed"
    [ $(($(date +%s%3N) - since_ms)) -lt 1500 ] # with up to half a second of looking
    on any0
    wait_for says pharos-announcer 'started, route up'
    on any0
}

@test "a server that is stopped drains its route before it ends" {
    in_node systemctl stop pharosd
    told pharosd pharos-announcer | grep -xE 'stopping|(drain|down): server-leaving|stopped' >"$work/order"
    assert_equal "$(cat "$work/order")" "stopping
drain: server-leaving
down: server-leaving
stopped"
    run ! on any0
    run ! on any1
}

@test "where all is stopped at once, as at a reboot, the route goes first" {
    go_away
    told pharosd pharos-announcer systemd |
        grep -oE '^(down: server-leaving|Stopped pharos[a-z-]*.service)' >"$work/order"
    assert_equal "$(cat "$work/order")" "Stopped pharos-sidecar.service
down: server-leaving
Stopped pharosd.service
Stopped pharos-announcer.service"
}
