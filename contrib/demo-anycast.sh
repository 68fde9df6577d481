#!/bin/sh
# demo-anycast.sh -- breaks one of three anycast nodes on this machine and draws what clients see
#
#   sh contrib/demo-anycast.sh [kill|stop|slow|drain] [--svg FILE] [--seconds N]
#
# Three nodes (pharosd, pharos-sidecar, pharos-announcer, BIRD), a router with ECMP and a client with
# 500 queries a second, in network namespaces, which are gone afterwards. Node a is broken on request and
# mended; states, latencies and lost queries are drawn as text here, and as SVG to FILE (anycast.svg).
# Needs root, bird2, iproute2 and python3. BUILD names a build folder with the programs; without it they
# are built in build/demo.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)

for program in bird ip python3; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || {
        echo "demo-anycast.sh: $program is missing: apt-get install bird2 iproute2 python3" >&2
        exit 1
    }
done

case " $* " in
*" -h "* | *" --help "*) ;;
*)
    if [ -z "${BUILD:-}" ]; then
        BUILD=$top/build/demo
        echo "building in $BUILD; contrib/quickstart.sh installs what that needs"
        cmake -S "$top" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release -DPHAROS_BENCH=OFF >"$BUILD.log" 2>&1 &&
            cmake --build "$BUILD" -j "$(nproc)" >>"$BUILD.log" 2>&1 || {
            tail -n 20 "$BUILD.log" >&2
            exit 1
        }
    fi
    ;;
esac

PATH=$PATH:/usr/sbin:/sbin
export PATH
exec python3 "$top/tests/routes/demo.py" --build "${BUILD:-$top/build/demo}" "$@"
