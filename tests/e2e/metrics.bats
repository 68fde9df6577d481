# metrics.bats -- the sidecar's pages over HTTP, and who may ask how
load helper
load metrics

@test "the page tells how the node does" {
    start_node
    find_metrics
    ask www.example.com >/dev/null
    ask +tcp www.example.com >/dev/null
    wait_for page_has 'pharos_server_state{pharos_server_state="well"} 1'
    wait_for page_has 'pharos_zones{state="failed"} 1'
    wait_for page_has 'pharos_zone_bad{zone="broken.example",state="failed"} 1'
    wait_for page_has 'pharos_group_zones{group="any"} 2'
    page >"$work/page"
    assert_equal "$(tail -n 1 "$work/page")" "# EOF"
    [ "$(value 'pharos_queries_total{transport="tcp"}')" -gt 0 ]
    [ "$(value 'pharos_responses_total{rcode="NOERROR"}')" -ge 2 ]
    [ "$(value 'pharos_worker_heartbeats_total{worker="1"}')" -gt 0 ]
    # Ports are told as they're configured.
    wait_for counted 'pharos_answer_latency_seconds_count{address="127.0.0.1",port="0",transport="udp"}'
    wait_for counted 'pharos_answer_latency_seconds_count{address="::1",port="0",transport="tcp"}'
    # What was lost or late isn't known before something was; the numbers are there all the same.
    page_has 'pharos_receive_drops_total 0'
}

counted() {
    local count
    count=$(value "$1")
    [ "${count:-0}" -gt 0 ]
}

@test "the formats are OpenMetrics and, for who wants it, Prometheus' older one" {
    start_node
    find_metrics
    local om='application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
    page -I | grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8'
    page -I -H "Accept: $om" | grep -qi '^content-type: application/openmetrics-text'
    page -I -H 'Accept: text/plain' | grep -qi '^content-type: text/plain; version=0.0.4'
    wait_for page_has 'pharos_workers 2'
    page -H 'Accept: text/plain' >"$work/page"
    run -0 promtool check metrics <"$work/page"
    assert_equal "$output" ""
    assert_lacks "$(cat "$work/page")" "# EOF"
}

@test "a node is ready while its route is announced, though one of its zones has failed" {
    start_node
    find_metrics
    wait_for status_is /healthz 200
    wait_for status_is /readyz 200
    assert_has "$(cat "$work/body")" "any: ready: UP, route up"
    wait_for page_has 'pharos_route_announced{group="any"} 1'
    "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" force-down any >/dev/null
    wait_for status_is /readyz 503
    wait_for page_has 'pharos_route_state{group="any",pharos_route_state="FORCED_DOWN"} 1'
    wait_for page_has 'pharos_route_operator{group="any",pharos_route_operator="force-down"} 1'
    status_is /healthz 200
}

@test "a sidecar that stands still isn't well, and its server's death is told" {
    start_node
    find_metrics
    wait_for page_has 'pharos_workers 2'
    stop
    wait_for page_has 'pharos_server_state{pharos_server_state="away"} 1'
    # Its state is told a tick before what it counted is gone.
    counts_gone() { page >"$work/page" && ! grep -q "^pharos_queries_total{" "$work/page"; }
    wait_for counts_gone
    kill -STOP "$sidecar_pid"
    run -28 curl -s --max-time 1 "http://$metrics/healthz"
    kill -CONT "$sidecar_pid"
    wait_for status_is /healthz 200
}

@test "what's repaired is told after the reload, and with zones: all each zone's serial" {
    start_node 'metrics: {listen: 127.0.0.1@0, zones: all}'
    find_metrics
    wait_for page_has 'pharos_zone_bad{zone="broken.example",state="failed"} 1'
    wait_for page_has 'pharos_zone_serial{zone="example.com"} 7'
    zone_text 9 >"$work/zones/broken.example.zone"
    "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" reload >/dev/null
    wait_for page_has 'pharos_zone_serial{zone="broken.example"} 9'
    wait_for page_has 'pharos_last_reload_success 1'
    assert_lacks "$(page)" 'pharos_zone_bad{'
    zone_text 10 'www A 192.0.2.300' >"$work/zones/example.com.zone"
    run "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" reload
    wait_for page_has 'pharos_zone_bad{zone="example.com",state="stale"} 1'
    page_has 'pharos_zone_serial{zone="example.com"} 7'
    page_has 'pharos_last_reload_success 0'
}

@test "only GET and HEAD of three pages are answered" {
    start_node
    find_metrics
    assert_equal "$(http_status "http://$metrics/")" 404
    assert_equal "$(http_status "http://$metrics/metrics/../healthz" --path-as-is)" 404
    assert_equal "$(http_status -I "http://$metrics/healthz")" 200
    local method
    for method in POST PUT DELETE OPTIONS TRACE PATCH; do
        assert_equal "$(http_status -X "$method" "http://$metrics/metrics")" 405
    done
    assert_equal "$(http_status -d x=1 "http://$metrics/metrics")" 405
    curl -sS -i -X POST "http://$metrics/metrics" | grep -qi '^allow: GET, HEAD'
    # A body that a GET brings along is nothing to us.
    assert_equal "$(http_status -X GET -d x=1 "http://$metrics/metrics")" 200
}

@test "hostile clients are ended, others are served, and no tick is lost" {
    start_node
    find_metrics
    wait_for page_has 'pharos_workers 2'
    run -0 /usr/bin/python3 "$BATS_TEST_DIRNAME/hostile_http.py" "$metrics"
    gone "$sidecar_pid" && return 1
    page_has 'pharos_workers 2'
    assert_equal "$(count_said 'warning\|error')" 0
    kill -TERM "$sidecar_pid"
    wait_for gone "$sidecar_pid"
    wait "$sidecar_pid"
}

count_said() {
    grep -ce "$1" "$sidecar_log" || true
}

@test "an address that is taken is told, and taken as soon as it's free" {
    /usr/bin/python3 "$BATS_TEST_DIRNAME/hold_port.py" >"$work/held" 3>&- &
    local holder=$!
    pids+=("$holder")
    wait_for test -s "$work/held"
    start_node "metrics: {listen: 127.0.0.1@$(cat "$work/held")}"
    wait_for said "error metrics: can't listen at 127.0.0.1@$(cat "$work/held"): Address already in use"
    wait_for said 'any: READY -> UP'
    kill "$holder"
    find_metrics
    status_is /healthz 200
}

@test "a reload moves the metrics to another address, and off" {
    start_node
    find_metrics
    local first=$metrics
    sed -i 's/listen: 127.0.0.1@0}/listen: "::1@0"}/' "$work/pharos.yaml"
    kill -HUP "$sidecar_pid"
    wait_for said 'readyz at ::1@'
    find_metrics
    metrics=[${metrics%:*}]:${metrics##*:}
    wait_for status_is /healthz 200
    run -7 curl -sS "http://$first/healthz"
    sed -i '/metrics:/d' "$work/pharos.yaml"
    kill -HUP "$sidecar_pid"
    wait_for refuses "$metrics"
    ! gone "$sidecar_pid"
}

refuses() {
    ! curl -sS --max-time 2 "http://$1/healthz"
}

# Writes the sidecar's configuration with these groups, a NAME=ADDRESS each.
write_groups() {
    local group
    {
        printf 'server: {listen: ["127.0.0.1@%s", "::1@%s"], run-dir: run}\n' "$port" "$port6"
        printf 'route:\n  driver: log\n  groups:\n'
        for group; do
            printf '    - {name: %s, addresses: ["%s"]}\n' "${group%%=*}" "${group#*=}"
        done
    } >"$work/sidecar.yaml"
}

# What "pharosctl route" has of a group.
route_of() {
    "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" --json route | jq -r ".[] | select(.group == \"$1\") | $2"
}

route_is() {
    [ "$(route_of "$1" "$2")" = "$3" ]
}

@test "a group that a reload leaves as it was keeps its falls and its hold-down, others begin anew" {
    start_node
    kill "$sidecar_pid"
    wait_for gone "$sidecar_pid"
    write_groups any=127.0.0.1 two=::1
    "$PHAROS_BUILD/pharos-sidecar" -c "$work/sidecar.yaml" >"$sidecar_log" 2>&1 3>&- &
    sidecar_pid=$!
    pids+=("$sidecar_pid")
    wait_for route_is any .state UP
    wait_for route_is two .state UP
    kill -KILL "$pid"
    wait_for route_is any .state DOWN
    wait_for route_is two .state DOWN
    write_groups three=::1 any=127.0.0.1
    kill -HUP "$sidecar_pid"
    wait_for route_is three .state INIT
    assert_equal "$(route_of any '"\(.state) \(.falls) \(.hold_down_ms > 0)"')" "DOWN 1 true"
    assert_equal "$(route_of three .falls)" 0
    assert_equal "$(route_of two .state)" ""
    ! gone "$sidecar_pid"
}

@test "a sidecar without libmicrohttpd refuses route.metrics" {
    mkdir -p "$work/run"
    cat >"$work/pharos.yaml" <<YAML
server: {run-dir: run}
route:
  driver: log
  metrics: {listen: 127.0.0.1@0}
  groups: [{name: any, addresses: [127.0.0.1]}]
YAML
    run -2 "$PHAROS_BUILD/tests/e2e/pharos-sidecar-plain" -c "$work/pharos.yaml"
    assert_has "$output" "route.metrics: this pharos-sidecar is built without libmicrohttpd"
}

@test "a real Prometheus scrapes the page, and rules and dashboard find their metrics on it" {
    contrib=$(realpath "$BATS_TEST_DIRNAME/../../contrib")
    start_node
    find_metrics
    wait_for status_is /readyz 200
    "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" reload >/dev/null || true
    wait_for page_has 'pharos_zone_bad{zone="broken.example",state="failed"} 1'
    wait_for page_has 'pharos_last_reload_success 0'
    page >"$work/page"
    cat >"$work/prometheus.yml" <<YAML
global: {scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 500ms}
rule_files: [$contrib/prometheus/pharos.rules.yml]
scrape_configs:
  - job_name: pharos
    static_configs: [{targets: ["$metrics"]}]
YAML
    run -0 promtool check config "$work/prometheus.yml"
    prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
        --web.listen-address=127.0.0.1:0 >"$work/prometheus.log" 2>&1 3>&- &
    pids+=("$!")
    wait_for grep -q 'msg="Listening on"' "$work/prometheus.log"
    local at
    at=$(sed -n 's/.*msg="Listening on" address=\([^ ]*\).*/\1/p' "$work/prometheus.log" | head -n 1)
    run -0 /usr/bin/python3 "$BATS_TEST_DIRNAME/ask_prometheus.py" "$at" "$work/page" \
        "$contrib/prometheus/pharos.rules.yml" "$contrib/grafana/pharos.json"
}

@test "the audit log has a line of JSON for each decision that is counted, with the numbers behind it" {
    start_node 'metrics: {listen: 127.0.0.1@0}' 'audit: audit.jsonl'
    find_metrics
    wait_for status_is /readyz 200
    "$PHAROS_BUILD/pharosctl" -c "$work/pharos.yaml" hold any >/dev/null
    wait_for page_has 'pharos_route_operator{group="any",pharos_route_operator="hold"} 1'
    local decisions
    decisions=$(value 'pharos_route_decisions_total{group="any"}')
    assert_equal "$(jq -s length "$work/audit.jsonl")" "$decisions"
    jq -es 'all(.[]; .group == "any" and (.time | test("^2[0-9-]+T[0-9:.]+Z$")) and .why != ""
        and (.from | type) == "string" and (.to | type) == "string"
        and (.signals | .answers >= 0 and .late >= 0 and .drops >= 0 and .probes >= 0 and .badness >= 0)
        and .thresholds.late_us == 20000 and .thresholds.probe_late_us == 50000 and .thresholds.window_ms == 500
        and .thresholds.slow_near_ms == 800 and .thresholds.near_percent == 60
        and .thresholds.path_dead_ms == 1000 and .thresholds.expiry_ms == 60000
        and (.progress | type) == "string"
        and .guard.guard == "stay" and .guard.answer == "pending" and .guard.fleet == false)' "$work/audit.jsonl"
    jq -es '.[-1] | .to == "HOLD" and .operator == "hold" and .route == "up"' "$work/audit.jsonl"
    jq -es 'map(.to) | index("UP") != null' "$work/audit.jsonl"
}

@test "the alerts fire when they should, and the sample configuration is one" {
    run -0 promtool check config "$BATS_TEST_DIRNAME/../../contrib/prometheus/prometheus.yml"
    run -0 promtool test rules "$BATS_TEST_DIRNAME/../../contrib/prometheus/pharos.rules.test.yml"
}
