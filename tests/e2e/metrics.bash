# metrics.bash -- a server with a sidecar that serves metrics; after helper.bash
sidecar_log=$work/sidecar.log

said() {
    grep -qe "$1" "$sidecar_log"
}

# start_node [ROUTE-LINE...]: pharosd and a dry-running sidecar over it, with a zone that is well and one
# that failed. Sets metrics to HOST:PORT where `listen` is 127.0.0.1@0, its default.
start_node() {
    mkdir -p "$work/run" "$work/zones"
    zone_text 7 >"$work/zones/example.com.zone"
    zone_text 8 'www A 192.0.2.300' >"$work/zones/broken.example.zone"
    cat >"$work/pharos.yaml" <<YAML
server: {listen: [127.0.0.1@0, "::1@0"], run-dir: run, workers: 2}
zone-dirs: [zones]
route:
  driver: log
  groups: [{name: any, addresses: [127.0.0.1, "::1"]}]
$(printf '  %s\n' "${@:-metrics: {listen: 127.0.0.1@0\}}")
YAML
    start -c "$work/pharos.yaml"
    start_sidecar
}

start_sidecar() {
    "${sidecar:-$PHAROS_BUILD/pharos-sidecar}" -c "$work/pharos.yaml" \
        --group "any=127.0.0.1@$port,::1@$port6" >"$sidecar_log" 2>&1 3>&- &
    sidecar_pid=$!
    pids+=("$sidecar_pid")
    wait_for said ' watching '
}

find_metrics() {
    wait_for said 'readyz at '
    metrics=$(sed -n 's/.*readyz at \(.*\)@\([0-9]*\)$/\1:\2/p' "$sidecar_log" | tail -n 1)
}

page() {
    curl -sS --max-time 5 "http://$metrics/metrics" "$@"
}

page_has() {
    page | grep -qxF "$1"
}

# The value of a sample.
value() {
    page | grep -F "$1 " | sed 's/.* //'
}

http_status() {
    curl -sS --max-time 5 -o "$work/body" -w '%{http_code}' "$@"
}

status_is() {
    [ "$(http_status "http://$metrics$1")" = "$2" ]
}
