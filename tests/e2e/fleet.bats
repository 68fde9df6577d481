# fleet.bats -- nodes that ask a real etcd for leave: TLS, authentication, faults of the store
# All of it is in a network namespace of its own. Nodes are stand-ins for pharosd that can be made slow, and
# sidecars on dry runs, which know a fleet of their own. Needs root.
load helper

etcd_folder=$BATS_TEST_TMPDIR/etcd
pki=$BATS_FILE_TMPDIR/pki
ns=phf$BASHPID
declare -gA server sidecar # global: bats reads this within a function

inside() {
    ip netns exec "$ns" "$@"
}

setup_file() {
    mkdir -p "$BATS_FILE_TMPDIR/pki"
    cd "$BATS_FILE_TMPDIR/pki" || return 1
    local args=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2)
    openssl req -x509 "${args[@]}" -subj "/CN=test CA" -keyout ca.key -out ca.pem 2>openssl.log
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' >server.ext
    openssl req "${args[@]}" -subj /CN=etcd -keyout server.key -out server.csr 2>>openssl.log
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile server.ext -out server.pem 2>>openssl.log
    openssl req "${args[@]}" -subj /O=node -keyout node.key -out node.csr 2>>openssl.log
    openssl x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -out node.pem 2>>openssl.log
    printf 'secret of pharos\n' >password
}

setup() {
    ip netns add "$ns"
    ip -n "$ns" link set lo up
}

teardown() {
    local each
    for each in "${pids[@]}"; do
        kill -CONT "$each" 2>/dev/null || true
        kill -KILL "$each" 2>/dev/null || true
    done
    ip netns del "$ns"
}

ctl() {
    ETCDCTL_API=3 inside etcdctl --endpoints https://127.0.0.1:2379 --cacert "$pki/ca.pem" \
        --cert "$pki/node.pem" --key "$pki/node.key" --command-timeout=3s "${as[@]}" "$@"
}
as=()

etcd_answers() {
    ctl get / >/dev/null 2>&1
}

# start_etcd OPTION...
start_etcd() {
    ip netns exec "$ns" etcd --data-dir "$etcd_folder" --listen-client-urls https://127.0.0.1:2379 \
        --advertise-client-urls https://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 \
        --cert-file "$pki/server.pem" --key-file "$pki/server.key" --client-cert-auth \
        --trusted-ca-file "$pki/ca.pem" --auth-token simple "$@" >>"$work/etcd.log" 2>&1 3>&- &
    etcd=$!
    pids+=("$etcd")
    wait_for etcd_answers
}

stop_etcd() {
    kill -KILL "$etcd"
    wait "$etcd" || true
}

# A user who may touch the fleet's keys and nothing else; from now on there's no other way in.
require_users() {
    ctl role add fleet
    ctl role grant-permission fleet --prefix=true readwrite /pharos
    ctl user add "pharos:secret of pharos"
    ctl user grant-role pharos fleet
    ctl user add root:root
    ctl user grant-role root root
    ctl auth enable
    as=(--user root:root)
}

# start_node NUMBER KEEP ENDPOINTS [MORE]: a stand-in for a server, and its sidecar. MORE: keys of the fleet.
start_node() {
    local name=n$1 folder=$work/n$1
    mkdir -p "$folder"
    ip netns exec "$ns" "$PHAROS_BUILD/tests/sidecar/pharos-double" "$folder" "127.0.1.$1@53" \
        >"$folder/server.log" 2>&1 3>&- &
    server[$name]=$!
    pids+=("$!")
    cat >"$folder/pharos.yaml" <<YAML
server: {listen: [127.0.1.$1@53], run-dir: $folder}
route:
  driver: log
  thresholds: {drain: 200ms, flood: 1000}
  groups:
    - {name: any, addresses: [127.0.1.$1]}
  fleet:
    etcd: [$3]
    keep: $2
    prefix: /pharos
    name: $name
    ca-file: $pki/ca.pem
    cert-file: $pki/node.pem
    key-file: $pki/node.key
${4:-}
YAML
    start_sidecar "$name"
}

start_sidecar() {
    ip netns exec "$ns" "$PHAROS_BUILD/pharos-sidecar" -c "$work/$1/pharos.yaml" >>"$work/$1/log" 2>&1 3>&- &
    sidecar[$1]=$!
    pids+=("$!")
    log=$work/$1/log
}

# route NAME FILTER: of what pharosctl tells about the node.
route() {
    "$PHAROS_BUILD/pharosctl" --run-dir "$work/$1" --json route any | jq -r ".[0].$2"
}

is() {
    [ "$(route "$1" "$2" 2>/dev/null)" = "$3" ]
}

# Whether these many register as announcers.
registered() {
    [ "$(ctl get --prefix --keys-only /pharos.dry-run/any/up/ 2>/dev/null | grep -c up)" = "$1" ]
}

slow_or_well() {
    local each
    for each in "$@"; do
        kill -USR1 "${server[$each]}"
    done
}

start_three() {
    local each
    for each in 1 2 3; do
        start_node "$each" "$1" "\"https://127.0.0.1:2379\"" "${2:-}"
    done
    for each in n1 n2 n3; do
        wait_for is "$each" guard.announcers 3
        wait_for is "$each" state UP
    done
}

# How many of the three wish to announce.
count_up() {
    local each up=0
    for each in n1 n2 n3; do
        [ "$(route "$each" wish)" != up ] || up=$((up + 1))
    done
    echo "$up"
}

up_are() {
    [ "$(count_up)" = "$1" ]
}

# never_below K SECONDS
never_below() {
    local end=$((SECONDS + $2)) up
    while [ "$SECONDS" -lt "$end" ]; do
        up=$(count_up)
        if [ "$up" -lt "$1" ]; then
            echo "$up announce"
            return 1
        fi
    done
}

@test "nodes register, and pharosctl shows the fleet" {
    start_etcd
    start_three 2
    wait_for registered 3
    [ "$(route n1 guard.guard)" = fleet ]
    [ "$(route n1 guard.reachable)" = true ]
    [ "$(route n1 guard.members)" = 3 ]
    [ "$(route n1 guard.keep)" = 2 ]
    "$PHAROS_BUILD/pharosctl" --run-dir "$work/n1" route any | grep '3 of 3 announce, 2 must'
}

@test "one after the other slow, K stay and the rest leaves; well again, all return" {
    start_etcd
    start_three 1
    slow_or_well n1
    wait_for is n1 wish down
    wait_for registered 2
    slow_or_well n2
    wait_for is n2 wish down
    slow_or_well n3
    never_below 1 3
    [ "$(count_up)" = 1 ]
    registered 1
    slow_or_well n1 n2 n3
    wait_for up_are 3
    wait_for registered 3
}

@test "all slow at the same time, never fewer than K announce" {
    start_etcd
    start_three 2
    slow_or_well n1 n2 n3
    never_below 2 4
    slow_or_well n1 n2 n3
    wait_for up_are 3
}

@test "a slow node stays where only K announce" {
    start_etcd
    start_three 3
    slow_or_well n1
    log=$work/n1/log
    wait_for logged "the guard says stay"
    [ "$(count_up)" = 3 ]
    registered 3
}

@test "a dead server's registration goes at once, and its sidecar's with the lease" {
    start_etcd
    start_three 1
    kill -KILL "${server[n1]}"
    wait_for registered 2
    kill -KILL "${sidecar[n2]}"
    registered 2
    wait_for registered 1 || wait_for registered 1
    [ "$(ctl get --prefix --keys-only /pharos.dry-run/any/member/ | grep -c member)" = 3 ]
}

@test "a sidecar that is restarted keeps its place" {
    start_etcd
    start_three 1
    kill -TERM "${sidecar[n1]}"
    wait_for gone "${sidecar[n1]}"
    registered 3
    start_sidecar n1
    wait_for is n1 guard.announcers 3
    wait_for is n1 state UP
    slow_or_well n2
    wait_for is n2 wish down
}

@test "users and passwords, and a token that is no longer taken" {
    start_etcd
    require_users
    local login="    user: pharos
    password-file: $pki/password"
    start_three 1 "$login"
    wait_for registered 3
    stop_etcd # forgets simple tokens
    start_etcd
    wait_for is n1 guard.reachable true
    slow_or_well n1
    wait_for is n1 wish down
    wait_for registered 2
}

@test "a wrong password is told, and means stay" {
    start_etcd
    require_users
    printf 'guess\n' >"$work/wrong"
    start_node 1 1 '"https://127.0.0.1:2379"' "    user: pharos
    password-file: $work/wrong"
    wait_for logged "the store refuses: .*authentication failed"
    wait_for is n1 state UP
    slow_or_well n1
    wait_for is n1 state SUSPECT
    local end=$((SECONDS + 3)) # long enough to leave
    while [ "$SECONDS" -lt "$end" ]; do
        is n1 wish up
    done
}

@test "a certificate of nobody's is no store" {
    start_etcd
    mkdir "$work/other"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=no \
        -keyout "$work/other/key" -out "$work/other/ca.pem" 2>/dev/null
    pki_before=$pki
    mkdir "$work/pki"
    cp "$pki"/node.* "$work/pki"
    cp "$work/other/ca.pem" "$work/pki/ca.pem"
    pki=$work/pki
    start_node 1 1 '"https://127.0.0.1:2379"'
    pki=$pki_before
    wait_for logged "the store is away: https://127.0.0.1:2379: .*certificate"
    wait_for is n1 state UP
    is n1 guard.reachable false
}

@test "endpoints that don't answer are passed over" {
    start_etcd
    start_node 1 1 '"https://127.0.0.1:1", "https://127.0.0.2:2379", "https://127.0.0.1:2379"'
    wait_for is n1 guard.announcers 1
    logged "the store answers: https://127.0.0.1:2379"
}

resolver_listens() {
    inside ss -Hlun | grep -q "127.0.0.99:53 "
}

@test "an endpoint's name that can't be looked up keeps the sidecar from nothing" {
    # A resolver that takes questions and never answers; the file stands in for the sidecar's alone.
    ip netns exec "$ns" /usr/bin/python3 -c 'import signal, socket
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.99", 53))
signal.pause()' 3>&- &
    pids+=("$!")
    wait_for resolver_listens
    echo "nameserver 127.0.0.99" >"$work/resolv.conf"
    start_node 1 1 '"https://etcd.example.net:2379"'
    kill -KILL "${sidecar[n1]}"
    ip netns exec "$ns" unshare -m sh -c "mount --bind $work/resolv.conf /etc/resolv.conf &&
        exec $PHAROS_BUILD/pharos-sidecar -c $work/n1/pharos.yaml --record $work/n1/samples" \
        >>"$work/n1/log" 2>&1 3>&- &
    pids+=("$!")
    wait_for logged "the store is away"
    wait_for is n1 state UP
    sleep 6
    # The longest time between two of its ticks.
    local gap
    gap=$(jq -s '[.[].ms] | [.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | max' "$work/n1/samples")
    echo "$gap ms"
    [ "$gap" -lt 1500 ]
}

# An endpoint that refuses all, as a member that may not write does.
start_refuser() {
    ip netns exec "$ns" /usr/bin/python3 -c '
import http.server
class Refuser(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        text = b"""{"error": "no", "code": 7, "message": "etcdserver: permission denied"}"""
        self.send_response(403)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
http.server.HTTPServer(("127.0.0.1", 2378), Refuser).serve_forever()' >"$work/refuser.log" 2>&1 3>&- &
    pids+=("$!")
    wait_for inside curl -s --max-time 1 -o /dev/null -d x http://127.0.0.1:2378/
}

@test "an endpoint that refuses is passed over" {
    start_etcd
    start_refuser
    start_node 1 1 '"http://127.0.0.1:2378", "https://127.0.0.1:2379"'
    wait_for logged "the store refuses: etcdserver: permission denied"
    wait_for is n1 guard.announcers 1
}

@test "etcd restarted: nothing leaves, and leave is granted again" {
    start_etcd
    start_three 1
    stop_etcd
    slow_or_well n1
    wait_for is n1 state SUSPECT
    never_below 3 2
    start_etcd
    wait_for is n1 wish down
    wait_for registered 2
}

@test "etcd frozen: all slow means all stay, beyond the lease, and it recovers by itself" {
    start_etcd
    start_three 1
    kill -STOP "$etcd"
    slow_or_well n1 n2 n3
    never_below 3 14
    log=$work/n1/log
    wait_for logged "the store is away"
    wait_for is n1 guard.reachable false
    "$PHAROS_BUILD/pharosctl" --run-dir "$work/n1" route any | grep 'THE STORE IS AWAY'
    kill -CONT "$etcd"
    wait_for is n1 guard.reachable true
    never_below 1 3
    slow_or_well n1 n2 n3
    wait_for up_are 3
    wait_for registered 3
}

@test "etcd full: slow nodes stay, a dead server's registration goes, and it recovers by itself" {
    start_etcd --quota-backend-bytes $((4 * 1024 * 1024))
    start_three 1
    head -c 400000 /dev/zero | tr '\0' x >"$work/ballast"
    local at
    for ((at = 0; at < 40; at++)); do
        ctl put "ballast$at" <"$work/ballast" >/dev/null 2>&1 || break
    done
    ctl alarm list | grep NOSPACE
    slow_or_well n1
    log=$work/n1/log
    wait_for logged "the store refuses: .*space exceeded"
    never_below 3 2
    kill -KILL "${server[n2]}"
    wait_for registered 2
    ctl del --prefix ballast
    ctl compaction "$(ctl get -w json / | jq .header.revision)"
    ctl defrag
    ctl alarm disarm
    wait_for is n1 wish down
    wait_for registered 1
}

@test "a sidecar that was built without libcurl refuses a fleet" {
    mkdir "$work/n1"
    cat >"$work/n1/pharos.yaml" <<YAML
server: {listen: [127.0.1.1@53], run-dir: $work/n1}
route:
  driver: log
  groups: [{name: any, addresses: [127.0.1.1]}]
  fleet: {etcd: ["https://127.0.0.1:2379"]}
YAML
    run "$PHAROS_BUILD/tests/e2e/pharos-sidecar-alone" -c "$work/n1/pharos.yaml"
    [ "$status" -eq 2 ]
    [[ $output == *"route.fleet needs libcurl and jansson"* ]]
}

@test "a password that can't be read is told at the start" {
    mkdir "$work/n1"
    cat >"$work/n1/pharos.yaml" <<YAML
server: {listen: [127.0.1.1@53], run-dir: $work/n1}
route:
  driver: log
  groups: [{name: any, addresses: [127.0.1.1]}]
  fleet: {etcd: ["https://127.0.0.1:2379"], name: a, user: u, password-file: none}
YAML
    run "$PHAROS_BUILD/pharos-sidecar" -c "$work/n1/pharos.yaml"
    [ "$status" -eq 1 ]
    [[ $output == *"route.fleet: $work/n1/none: No such file or directory"* ]]
}
