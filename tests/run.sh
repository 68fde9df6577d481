#!/bin/sh
# run.sh -- builds Pharos and runs its tests: optimised, under ASan and UBSan, what has threads
# under TSan, and the fuzz targets
#
#   sh tests/run.sh             everything
#   sh tests/run.sh unit e2e    only the tests of these labels: unit, e2e, routes, fuzz
#
# FUZZ_SECONDS (20) is how long each fuzz target runs, PHAROS_WERROR=ON makes warnings errors.
# Packages of Debian that are missing are installed, as root or through sudo; otherwise nothing
# outside the checkout is written. The last line is "N passed, N failed".
set -u

cd "$(dirname "$0")/.." || exit 1

packages="build-essential cmake ninja-build pkg-config clang libclang-rt-dev
    libuv1-dev libldns-dev libyaml-dev libssl-dev libmicrohttpd-dev libcmocka-dev
    libcurl4-openssl-dev libjansson-dev
    bats bind9-dnsutils jq python3 python3-dnspython bird2 frr exabgp gobgpd iproute2 procps
    util-linux systemd systemd-container
    libxdp-dev libbpf-dev ethtool iputils-ping
    nsd knot knot-dnsutils bind9 bind9-utils ldnsutils dnsviz prometheus curl
    etcd-server etcd-client openssl"

missing_packages() {
    for package in $packages; do
        case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
        ii* | hi*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# Runs a command as root.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "run.sh: neither root nor sudo; as root, run: $*" >&2
        return 1
    fi
}

install_missing() {
    missing=$(missing_packages)
    [ -z "$missing" ] && return 0
    echo "== installing packages: $missing"
    as_root apt-get -q update || return 1
    # The list is words.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        install $missing || return 1
    # Daemons are here to be tested against; none should run for having been installed.
    for pair in bird2:bird frr:frr exabgp:exabgp gobgpd:gobgpd nsd:nsd knot:knot bind9:named prometheus:prometheus \
        etcd-server:etcd; do
        case " $missing " in
        *" ${pair%:*} "*) as_root systemctl disable --now "${pair#*:}" >/dev/null 2>&1 || true ;;
        esac
    done
}

passed=0
failed=0
broken=""

# build PRESET FOLDER [OPTION...]; `targets` are all where it's empty.
targets=""
build() {
    preset=$1
    folder=$2
    shift 2
    echo "== building $folder ($preset)"
    # Targets are words.
    # shellcheck disable=SC2086
    if cmake --preset "$preset" -G Ninja -B "$folder" -DPHAROS_BENCH=OFF \
        -DPHAROS_WERROR="${PHAROS_WERROR:-OFF}" "$@" >"$folder.log" 2>&1 \
        && cmake --build "$folder" ${targets:+--target $targets} >>"$folder.log" 2>&1; then
        return 0
    fi
    tail -n 60 "$folder.log"
    echo "run.sh: $folder can't be built; all of it is in $folder.log" >&2
    broken="$broken $folder"
    return 1
}

# run FOLDER LABELS [OPTION...]: LABELS are those that make sense there; the filter may leave none.
run() {
    folder=$1
    chosen=""
    for label in $2; do
        case " $filter " in
        "  " | *" $label "*) chosen="$chosen|$label" ;;
        esac
    done
    shift 2
    [ -z "$chosen" ] && return 0
    echo "== testing in $folder: $(echo "${chosen#|}" | tr '|' ' ')"
    { ctest --test-dir "$folder" --output-on-failure -L "^(${chosen#|})\$" "$@" 2>&1; } |
        tee "$folder.tests"
    # "97% tests passed, 1 tests failed out of 33"
    summary=$(sed -n 's/.* \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$folder.tests")
    if [ -z "$summary" ]; then
        echo "run.sh: no test ran in $folder" >&2
        broken="$broken $folder"
        return 1
    fi
    failed=$((failed + ${summary% *}))
    passed=$((passed + ${summary#* } - ${summary% *}))
}

wants() {
    for label in "$@"; do
        case " $filter " in
        "  " | *" $label "*) return 0 ;;
        esac
    done
    return 1
}

for label in "$@"; do
    case $label in
    unit | e2e | routes | fuzz) ;;
    *)
        echo "usage: sh tests/run.sh [unit] [e2e] [routes] [fuzz]" >&2
        exit 2
        ;;
    esac
done
filter="$*"
exec </dev/null

install_missing || exit 1
mkdir -p build
# Two at a time, since most wait for something most of the time; the routes, alone, have no others beside them.
build release build/test -DPHAROS_LTO=OFF && run build/test "unit e2e routes fuzz" -j 2
if wants unit e2e fuzz; then
    build sanitize build/sanitize && run build/sanitize "unit e2e fuzz" -j 2
fi
# The worker, reload, publish and image paths: what several threads share.
if wants unit; then
    threaded="base_fault|crash|epoch|images|io_.*|maintain|pulse|roster|store"
    targets="test_base_fault test_crash test_epoch test_images test_maintain test_pulse
        test_roster test_store tests/io/all"
    build thread build/thread && run build/thread "unit" -R "^unit/($threaded)\$" -j 2
    targets=""
fi
if wants fuzz; then
    build fuzz build/fuzz -DFUZZ_SECONDS="${FUZZ_SECONDS:-20}" && run build/fuzz "fuzz" -j "$(nproc)"
fi

[ -n "$broken" ] && echo "not built or not run:$broken"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] && [ -z "$broken" ]
