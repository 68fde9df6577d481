#!/bin/sh
# quickstart.sh -- from a fresh clone to answers: builds Pharos, starts it on loopback, asks it
#
#   sh contrib/quickstart.sh
#
# Packages of Debian that are missing are installed, as root or through sudo. Everything else stays
# in build/quickstart. The server it starts is stopped at the end.
set -u

cd "$(dirname "$0")/.." || exit 1
exec </dev/null

packages="build-essential cmake ninja-build pkg-config
    libuv1-dev libldns-dev libyaml-dev libssl-dev libmicrohttpd-dev libcurl4-openssl-dev libjansson-dev
    bind9-dnsutils"
build=build/quickstart
zone=contrib/zones/example.com.zone
log=$build/pharosd.log
server=""

say() {
    printf '\n== %s\n' "$*"
}

die() {
    echo "quickstart: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "neither root nor sudo; as root, run: $*"
    fi
}

install_missing() {
    missing=""
    for package in $packages; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii* | hi*) ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -z "$missing" ] && return
    say "Installing$missing"
    as_root apt-get -q update || die "apt-get update failed"
    # The list is words.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        install $missing || die "apt-get install failed"
}

stop_server() {
    [ -z "$server" ] && return 0
    kill "$server" 2>/dev/null
    wait "$server"
    status=$?
    server=""
    return "$status"
}

# Starts the server on a port; false where it ends or doesn't listen within ten seconds.
start_server() {
    port=$1
    set -- --listen "127.0.0.1@$port"
    [ -n "$ipv6" ] && set -- "$@" --listen "::1@$port"
    "$pharosd" "$@" --zone "example.com=$zone" >"$log" 2>&1 &
    server=$!
    tries=0
    until grep -q ' ready$' "$log"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
            stop_server
            return 1
        fi
        sleep 0.1
    done
    arguments="$*"
}

# ask DIG-ARGUMENT...: shows the question and what came back; the answer must have a record.
ask() {
    say "dig" "$@"
    answer=$(dig -p "$port" +norecurse +nocookie +tries=2 "$@") || die "dig failed: $answer"
    echo "$answer"
    echo "$answer" | grep -q 'status: NOERROR' || die "that isn't the answer"
    echo "$answer" | grep -q 'ANSWER: [1-9]' || die "there's no record in the answer"
}

install_missing
say "Building pharosd in $build"
mkdir -p "$build"
{
    cmake --preset release -G Ninja -B "$build" -DPHAROS_TESTS=OFF -DPHAROS_BENCH=OFF \
        && cmake --build "$build"
} >"$build/build.log" 2>&1 || {
    tail -n 40 "$build/build.log"
    die "it can't be built; all of it is in $build/build.log"
}
pharosd=$(find "$build" -type f -name pharosd -perm -u+x | head -n 1)
[ -n "$pharosd" ] || die "no pharosd was built"

ipv6=""
grep -q '^00000000000000000000000000000001' /proc/net/if_inet6 2>/dev/null && ipv6=yes
trap 'stop_server' EXIT
trap 'exit 1' HUP INT TERM
say "Starting pharosd with $zone"
for try in 5300 15300 25300 35300; do
    start_server "$try" && break
done
[ -n "$server" ] || {
    cat "$log"
    die "pharosd doesn't start"
}
cat "$log"
cat <<TEXT

To run it yourself:

    $pharosd $arguments --zone example.com=$zone

and in another terminal: dig @127.0.0.1 -p $port www.example.com
Change the zone and send SIGHUP to have it read again; Ctrl-C stops it. With a configuration:
see contrib/pharos.yaml. Now it's asked over UDP and TCP, then stopped.
TEXT

ask @127.0.0.1 www.example.com A
ask @127.0.0.1 +tcp example.com MX
if [ -n "$ipv6" ]; then
    ask @::1 +tcp example.com SOA
    ask @::1 www.example.com AAAA
fi
stop_server || die "pharosd didn't stop well"
trap - EXIT
