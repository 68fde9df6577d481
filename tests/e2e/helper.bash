# helper.bash -- starts and stops pharosd for the tests of this folder
# The kernel gives the ports; the log tells them. Whatever a test starts, its teardown ends by pid.
bats_require_minimum_version 1.5.0

: "${PHAROS_BUILD:?the build folder, as ctest sets it}"
zones=$BATS_TEST_DIRNAME/zones
work=$BATS_TEST_TMPDIR
log=$work/log
pids=()

# Waits for a command to be true, ten seconds at most.
wait_for() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        "$@" && return 0
        sleep 0.05
    done
    echo "waited in vain for: $*"
    [ ! -f "$log" ] || cat "$log"
    return 1
}

gone() {
    ! kill -0 "$1" 2>/dev/null
}

logged() {
    grep -qe "$1" "$log"
}

# How many lines of the log match.
count_logged() {
    grep -ce "$1" "$log" || true
}

logged_more_than() {
    [ "$(count_logged "$2")" -gt "$1" ]
}

ended_or_logged() {
    gone "$pid" || logged "$1"
}

# start ARGUMENT...: pharosd with these arguments, up to its readiness. Sets pid, port (of 127.0.0.1)
# and port6 (of ::1).
start() {
    : >"$log"
    "${launcher[@]}" "$PHAROS_BUILD/pharosd" "$@" >>"$log" 2>&1 3>&- &
    pid=$!
    pids+=("$pid")
    wait_for ended_or_logged ' ready$'
    if ! logged ' ready$'; then
        cat "$log"
        return 1
    fi
    port=$(sed -n 's/.*listening on 127\.0\.0\.1@\([0-9]*\).*/\1/p' "$log")
    port6=$(sed -n 's/.*listening on ::1@\([0-9]*\).*/\1/p' "$log")
}
launcher=()

# Ends the server and sets `status` to how it ended.
stop() {
    kill -TERM "$pid"
    wait_for gone "$pid"
    status=0
    wait "$pid" || status=$?
}

teardown() {
    local each
    for each in "${pids[@]}"; do
        if kill -TERM "$each" 2>/dev/null; then
            wait_for gone "$each" || kill -KILL "$each"
        fi
    done
}

# One dig to the server over IPv4.
ask() {
    dig @127.0.0.1 -p "$port" +norecurse +nocookie +tries=1 +time=5 "$@"
}

ask6() {
    dig @::1 -p "$port6" +norecurse +nocookie +tries=1 +time=5 "$@"
}

# The same, only the answer section, each record with single spaces, sorted.
answer() {
    ask +noall +answer "$@" | tr -s '\t ' ' ' | LC_ALL=C sort
}

section() {
    local which=$1
    shift
    ask +noall "+$which" "$@" | tr -s '\t ' ' ' | LC_ALL=C sort
}

# The RCODE, then the flags: "NOERROR qr aa".
header() {
    ask +noall +comments "$@" |
        sed -n 's/^;; ->>HEADER<<-.*status: \([A-Z]*\),.*/\1/p; s/^;; flags: \([a-z ]*\);.*/\1/p' |
        paste -sd ' '
}

assert_equal() {
    if [ "$1" != "$2" ]; then
        printf 'got:\n%s\ninstead of:\n%s\n' "$1" "$2"
        return 1
    fi
}

assert_has() {
    if [[ $1 != *"$2"* ]]; then
        printf 'not found: %s\nin:\n%s\n' "$2" "$1"
        return 1
    fi
}

assert_lacks() {
    if [[ $1 == *"$2"* ]]; then
        printf 'found: %s\nin:\n%s\n' "$2" "$1"
        return 1
    fi
}

# zone_text SERIAL [RECORD...]: a small zone with an A record for www.
zone_text() {
    printf '@ 3600 IN SOA ns hostmaster %s 7200 900 1209600 300\n' "$1"
    printf '@ 3600 IN NS ns\nns 3600 IN A 192.0.2.1\nwww 3600 IN A 192.0.2.2\n'
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
}

serial() {
    ask +short "$1" SOA | cut -d ' ' -f 3
}

serial_is() {
    [ "$(serial "$1")" = "$2" ]
}

# One reload by SIGHUP, up to the line that sums it up.
sighup() {
    local before
    before=$(count_logged ' reload: ')
    kill -HUP "$pid"
    wait_for logged_more_than "$before" ' reload: '
}
