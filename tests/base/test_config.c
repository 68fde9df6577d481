/* test_config.c -- configurations as text: what they set, and how mistakes are told */
#include "server/base/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char told[16384];

/* Renders all notes into `told`. */
static void tell(const struct notes *notes)
{
    size_t len = 0;
    told[0] = '\0';
    for (size_t i = 0; i < notes->count; i++) {
        len += note_render(&notes->note[i], told + len, sizeof told - len - 1);
        told[len++] = '\n';
        told[len] = '\0';
    }
}

/* Takes `text`, which must be right. */
static void take(struct config *config, const char *text)
{
    struct notes notes;
    notes_init(&notes);
    config_init(config);
    const int err = config_parse(config, "/etc/pharos/pharos.yaml", text, strlen(text), &notes);
    tell(&notes);
    assert_string_equal(told, "");
    assert_int_equal(err, 0);
    notes_fini(&notes);
}

/* What is said of `text`, which must be wrong. */
static const char *refused(const char *text)
{
    struct notes notes;
    struct config config;
    notes_init(&notes);
    config_init(&config);
    assert_int_equal(config_parse(&config, "p.yaml", text, strlen(text), &notes), -EINVAL);
    assert_true(notes.errors > 0);
    tell(&notes);
    notes_fini(&notes);
    config_fini(&config);
    return told;
}

#define assert_refused(text, expected) assert_string_equal(refused(text), expected)

#define assert_tells(text, part)                                                               \
    do {                                                                                       \
        if (strstr(refused(text), part) == NULL)                                               \
            fail_msg("not told: %s\nbut: %s", part, told);                                     \
    } while (0)

static void an_empty_text_is_all_defaults(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "# nothing\n", "---\n", "{}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct config config;
        take(&config, texts[i]);
        assert_int_equal(config.listens, 0);
        assert_int_equal(config.workers, 0);
        assert_int_equal(config.answer.udp_payload_max, 1232);
        assert_int_equal(config.answer.identity_octets, 0);
        assert_memory_equal(config.answer.version, "pharos ", 7);
        assert_int_equal(config.log_level, LOG_LEVEL_INFO);
        assert_int_equal(config.route.driver, ROUTE_DRIVER_NONE);
        assert_null(config.run_dir);
        config_fini(&config);
    }
}

static void every_key_sets_its_field(void **state)
{
    (void)state;
    struct config config;
    char text[ADDRESS_TEXT_MAX];
    take(&config, "server:\n"
                  "  listen: [192.0.2.53@53, 2001:db8::53@5300]\n"
                  "  workers: 4\n"
                  "  identity: fra1\n"
                  "  version: hide\n"
                  "  user: pharos\n"
                  "  run-dir: /run/pharos\n"
                  "  state-dir: state\n"
                  "  udp-size: 1400\n"
                  "  any: full\n"
                  "  tcp: {connections: 5000, per-client: 7, idle: 30s}\n"
                  "  cookies: require\n"
                  "  cookie-secrets: cookies\n"
                  "  report-channel: Errors.example\n"
                  "log: {level: debug, format: json, file: /var/log/pharos.log}\n"
                  "keys:\n"
                  "  - {name: Xfr-Key, algorithm: hmac-sha512, secret-file: xfr.key}\n"
                  "  - {name: b, algorithm: hmac-sha1, secret: c2VjcmV0}\n"
                  "zones:\n"
                  "  - {name: Example.COM, file: zones/example.com.zone}\n"
                  "  - name: .\n"
                  "    file: /root.zone\n"
                  "zone-dirs: [/etc/pharos/zones, more]\n"
                  "route:\n"
                  "  driver: exec\n"
                  "  late: 50ms\n"
                  "  probe-late: 80ms\n"
                  "  metrics: {listen: '::1', zones: all}\n"
                  "  groups:\n"
                  "    - {name: any, addresses: [192.0.2.53, \"2001:db8::53\"], zones: all}\n"
                  "  without-fleet: withdraw\n"
                  "  fleet:\n"
                  "    etcd: [\"https://[2001:db8::9]:2379\", http://etcd.example:2379]\n"
                  "    keep: 2\n"
                  "    prefix: /pharos/eu\n"
                  "    name: fra1\n"
                  "    ca-file: ca.pem\n"
                  "    cert-file: node.pem\n"
                  "    key-file: /etc/node.key\n"
                  "    user: pharos\n"
                  "    password-file: password\n");
    assert_int_equal(config.listens, 2);
    assert_string_equal(address_to_text(&config.listen[1], text), "2001:db8::53@5300");
    assert_int_equal(config.workers, 4);
    assert_int_equal(config.answer.identity_octets, 4);
    assert_memory_equal(config.answer.identity, "fra1", 4);
    assert_int_equal(config.answer.version_octets, 0);
    assert_string_equal(config.user, "pharos");
    assert_string_equal(config.run_dir, "/run/pharos");
    assert_string_equal(config.state_dir, "/etc/pharos/state");
    assert_int_equal(config.answer.udp_payload_max, 1400);
    assert_true(config.answer.any_full);
    assert_int_equal(config.answer.cookies, COOKIE_POLICY_REQUIRE);
    assert_string_equal(config.cookie_file, "/etc/pharos/cookies");
    assert_memory_equal(config.answer.report_channel.wire, "\6errors\7example", 16);
    assert_int_equal(config.answer.tcp_idle_ds, 300);
    assert_string_equal(address_to_text(&config.route.metrics.listen, text), "::1@9253");
    assert_int_equal(config.route.metrics.zones, METRICS_ZONES_ALL);
    assert_int_equal(config.keys, 2);
    assert_memory_equal(config.key[0].name.wire, "\7xfr-key", 9);
    assert_int_equal(config.key[0].algorithm, TSIG_HMAC_SHA512);
    assert_string_equal(config.key[0].file, "/etc/pharos/xfr.key");
    assert_null(config.key[0].secret);
    assert_string_equal(config.key[1].secret, "c2VjcmV0");
    assert_int_equal(config.limits.tcp_connections, 5000);
    assert_int_equal(config.limits.tcp_connections_client, 7);
    assert_int_equal(config.limits.tcp_idle_ms, 30000);
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(config.log_format, LOG_FORMAT_JSON);
    assert_string_equal(config.log_file, "/var/log/pharos.log");
    assert_int_equal(config.zones, 2);
    assert_memory_equal(config.zone[0].name.wire, "\7example\3com", 13);
    assert_string_equal(config.zone[0].file, "/etc/pharos/zones/example.com.zone");
    assert_int_equal(config.zone[0].line, 20);
    assert_int_equal(config.zone[0].column, 12);
    assert_int_equal(config.zone[1].name.octets, 1);
    assert_int_equal(config.zone_dirs, 2);
    assert_string_equal(config.zone_dir[1], "/etc/pharos/more");
    assert_int_equal(config.route.driver, ROUTE_DRIVER_EXEC);
    assert_int_equal(config.route.late_ms, 50);
    assert_int_equal(config.route.probe_late_ms, 80);
    assert_int_equal(config.route.without_fleet, WITHOUT_FLEET_WITHDRAW);
    assert_int_equal(config.route.fleet.etcds, 2);
    assert_string_equal(config.route.fleet.etcd[0], "https://[2001:db8::9]:2379");
    assert_string_equal(config.route.fleet.etcd[1], "http://etcd.example:2379");
    assert_int_equal(config.route.fleet.keep, 2);
    assert_string_equal(config.route.fleet.prefix, "/pharos/eu");
    assert_string_equal(config.route.fleet.name, "fra1");
    assert_string_equal(config.route.fleet.ca_file, "/etc/pharos/ca.pem");
    assert_string_equal(config.route.fleet.cert_file, "/etc/pharos/node.pem");
    assert_string_equal(config.route.fleet.key_file, "/etc/node.key");
    assert_string_equal(config.route.fleet.user, "pharos");
    assert_string_equal(config.route.fleet.password_file, "/etc/pharos/password");
    assert_int_equal(config.route.groups, 1);
    assert_string_equal(config.route.group[0].name, "any");
    assert_int_equal(config.route.group[0].addresses, 2);
    config_fini(&config);
}

static void an_interface_of_listen_xdp_may_have_a_mode(void **state)
{
    (void)state;
    struct config config;
    take(&config, "server:\n"
                  "  listen-xdp: [eth0, {interface: eth1}, {interface: eth2, mode: zero-copy},\n"
                  "               {interface: a-name-of-fiftn, mode: generic}]\n");
    assert_int_equal(config.xdps, 4);
    assert_string_equal(config.xdp[0].interface, "eth0");
    assert_int_equal(config.xdp[0].mode, XDP_MODE_AUTO);
    assert_int_equal(config.xdp[1].mode, XDP_MODE_AUTO);
    assert_int_equal(config.xdp[2].mode, XDP_MODE_ZERO_COPY);
    assert_string_equal(config.xdp[3].interface, "a-name-of-fiftn");
    assert_int_equal(config.xdp[3].mode, XDP_MODE_GENERIC);
    config_fini(&config);
}

static void an_interface_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_tells("server: {listen-xdp: eth0}",
                 "p.yaml:1:22: error: \"listen-xdp\" must be a list");
    assert_tells("server: {listen-xdp: [a-name-of-sixteen]}",
                 "p.yaml:1:23: error: \"listen-xdp\" is 17 octets long; 15 at most");
    assert_tells("server: {listen-xdp: [eth0/1]}",
                 "p.yaml:1:23: error: no interface can have this name");
    assert_tells("server: {listen-xdp: [eth0, {interface: eth0}]}",
                 "p.yaml:1:29: error: \"eth0\" is listed before");
    assert_tells("server: {listen-xdp: [{mode: native}]}", "interface");
    assert_tells("server: {listen-xdp: [{interface: eth0, mode: nativ}]}",
                 "hint: did you mean native?");
    assert_tells("server: {listen-xdp: [[eth0]]}", "error: \"listen-xdp\" takes a single value");
}

static void a_service_address_has_the_port_that_is_listened_on(void **state)
{
    (void)state;
    struct config config;
    char text[ADDRESS_TEXT_MAX];
    take(&config, "route:\n"
                  "  driver: log\n"
                  "  groups: [{name: a, addresses: [192.0.2.1, 192.0.2.2, '2001:db8::1']}]\n"
                  "server: {listen: [0.0.0.0@5300, 192.0.2.2@5353]}\n");
    const struct address *address = config.route.group[0].address;
    assert_string_equal(address_to_text(&address[0], text), "192.0.2.1@5300");
    assert_string_equal(address_to_text(&address[1], text), "192.0.2.2@5353");
    assert_string_equal(address_to_text(&address[2], text), "2001:db8::1@53");
    config_fini(&config);
}

static void an_unknown_key_is_refused_with_what_may_have_been_meant(void **state)
{
    (void)state;
    assert_refused("server:\n  lisen: []\n",
                   "p.yaml:2:3: error: unknown key \"lisen\" in \"server\"\n"
                   "    lisen: []\n"
                   "    ^~~~~\n"
                   "hint: did you mean listen?\n");
    assert_refused("zones: [{name: a, file: b, primaries: []}]",
                   "p.yaml:1:28: error: unknown key \"primaries\" in a zone\n"
                   "  zones: [{name: a, file: b, primaries: []}]\n"
                   "                             ^~~~~~~~~\n"
                   "hint: known here: name, file, verify\n");
}

static void what_is_verified_is_the_servers_or_the_zones_own(void **state)
{
    (void)state;
    struct config config;
    take(&config, "{}");
    assert_int_equal(config.verify, VERIFY_OFF);
    assert_int_equal(config.signatures_warn_ms, 86400000);
    config_fini(&config);
    take(&config, "server: {verify: zonemd, signatures-warn: 7d}\n"
                  "zones:\n"
                  "  - {name: a.example, file: a, verify: dnssec}\n"
                  "  - {name: b.example, file: b, verify: off}\n"
                  "  - {name: c.example, file: c}\n");
    assert_int_equal(config.verify, VERIFY_ZONEMD);
    assert_int_equal(config.signatures_warn_ms, 604800000);
    assert_true(config.zone[0].verify_own && config.zone[1].verify_own);
    assert_false(config.zone[2].verify_own);
    assert_int_equal(config.zone[0].verify, VERIFY_DNSSEC);
    assert_int_equal(config.zone[1].verify, VERIFY_OFF);
    config_fini(&config);
    assert_tells("server: {verify: dnsec}", "did you mean dnssec?");
    assert_tells("server: {signatures-warn: 31d}", "\"signatures-warn\" must be from");
}

static void a_wrong_type_is_refused(void **state)
{
    (void)state;
    assert_tells("server: yes",
                 "p.yaml:1:9: error: \"server\" must be a map of keys and values");
    assert_tells("[a, b]", "p.yaml:1:1: error: the configuration must be a map");
    assert_tells("server: {listen: 192.0.2.1@53}",
                 "p.yaml:1:18: error: \"listen\" must be a list");
    assert_tells("server: {user: [a]}", "\"user\" takes a single value, not a list");
    assert_tells("server: {user: {a: b}}", "\"user\" takes a single value, not a map");
    assert_tells("server: {workers: many}", "\"workers\" must be a number");
    assert_tells("server: {workers: \"4\"}", "\"workers\" must be a number");
    assert_tells("server: {user: }", "p.yaml:1:10: error: \"user\" has no value");
    assert_tells("zones: [a]", "a zone must be a map");
    assert_tells("server: {user: ''}", "\"user\" has an empty value");
}

static void a_value_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_tells("server: {workers: 0}", "\"workers\" must be from 1 to 256");
    assert_tells("server: {workers: 99999999999999999999}",
                 "\"workers\" must be from 1 to 256");
    assert_tells("server: {workers: -1}", "\"workers\" must be a number");
    assert_tells("server: {udp-size: 511}", "\"udp-size\" must be from 512 to 4096");
    assert_tells("server: {tcp: {idle: 10}}", "hint: write 10ms or 10s");
    assert_tells("server: {tcp: {idle: 1w}}", "must be a duration with its unit");
    assert_tells("server: {tcp: {idle: 61m}}", "\"idle\" must be from 100ms to 3600000ms");
    assert_tells("server: {tcp: {idle: 4294967297m}}", "\"idle\" must be from 100ms");
    assert_tells("log: {level: inof}", "hint: did you mean info?");
    assert_tells("route: {driver: log, metrics: {listen: localhost}, groups: []}",
                 "\"localhost\": not an IPv4 or IPv6 address");
    assert_tells("route: {driver: log, metrics: {zones: all}, groups: []}", "\"listen\"");
    assert_tells("route: {driver: log, metrics: {listen: '::1', zones: al}, groups: []}",
                 "\"zones\" must be one of: bad, all");
    assert_tells("route: {driver: bgp, groups: []}",
                 "\"driver\" must be one of: lease, bird, exec, log");
}

static void a_fleet_that_cant_be_is_refused(void **state)
{
    (void)state;
    assert_tells("route: {fleet: {keep: 2}}", "etcd");
    assert_tells("route: {fleet: {etcd: []}}", "etcd");
    assert_tells("route: {fleet: {etcd: [192.0.2.9:2379]}}",
                 "hint: as in https://192.0.2.9:2379");
    assert_tells("route: {fleet: {etcd: [\"https://user:pw@192.0.2.9\"]}}", "is no endpoint");
    assert_tells("route: {fleet: {etcd: [\"https://192.0.2.9/v3\"]}}", "is no endpoint");
    assert_tells("route: {fleet: {keep: 0}}", "\"keep\" must be from 1 to 4096");
    assert_tells("route: {fleet: {name: a/b}}", "letters, digits");
    assert_tells("route: {fleet: {prefix: pharos}}", "no prefix of keys");
    assert_tells("route: {fleet: {prefix: /pharos/}}", "no prefix of keys");
}

static void an_address_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_refused("server: {listen: [192.0.2.1@53, 192.0.2.300@53]}",
                   "p.yaml:1:33: error: \"192.0.2.300@53\": not an IPv4 or IPv6 address (names "
                   "aren't looked up)\n"
                   "  server: {listen: [192.0.2.1@53, 192.0.2.300@53]}\n"
                   "                                  ^~~~~~~~~~~~~~\n");
    assert_tells("route: {driver: log, groups: [{name: a, addresses: [192.0.2.1@53]}]}",
                 "no port here");
}

static void what_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_tells("log: {level: info}\nlog: {format: text}\n",
                 "p.yaml:2:1: error: \"log\" a second time; the first is on line 1");
    assert_tells("server: {listen: ['::1@53', '::1']}",
                 "p.yaml:1:29: error: \"::1\" is listed");
    assert_refused(
        "zones:\n"
        "- {name: example.com, file: a}\n"
        "- {name: example.net, file: b}\n"
        "- {file: c, name: EXAMPLE.com.}\n",
        "p.yaml:4:19: error: zone example.com. a second time; the first is on line 2\n"
        "  - {file: c, name: EXAMPLE.com.}\n"
        "                    ^~~~~~~~~~~~\n");
    assert_tells("zone-dirs: [a, b, a]", "\"a\" is listed before");
    assert_tells("route: {driver: log, groups: [{name: a, addresses: ['::1']},"
                 " {name: a, addresses: ['::2']}]}",
                 "a second group named \"a\"");
}

static void what_lacks_is_told(void **state)
{
    (void)state;
    assert_tells("zones:\n  - name: example.com\n", "p.yaml:2:5: error: a zone lacks \"file\"");
    assert_tells("route: {driver: log}", "\"route\" lacks \"groups\"");
}

static void a_name_that_is_no_zone_is_refused(void **state)
{
    (void)state;
    assert_tells("zones: [{name: a..b, file: c}]",
                 "p.yaml:1:16: error: not the name of a zone");
    assert_tells("zones: [{name: \"b\xc3\xbc"
                 "cher.example\", file: c}]",
                 "hint: write");
    assert_tells(
        "zones: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaa, file: c}]",
        "not the name of a zone");
}

static void what_is_no_yaml_is_told_where_it_breaks(void **state)
{
    (void)state;
    assert_tells("server:\n\tlisten: []\n", "p.yaml:2:1: error: not YAML: ");
    assert_tells("server:\n\tlisten: []\n", "hint: indent with spaces, not with tabs");
    assert_tells("server: {listen: [a, b}", "p.yaml:1:23: error: not YAML: ");
    assert_tells("a: b: c", "p.yaml:1:5: error: not YAML: mapping values are not allowed");
    assert_tells("server: {user: @me}", "hint: a value that begins with @ needs quotes");
    assert_tells("server: {listen: [::1]}", "hint: a value that begins with : needs quotes");
    assert_tells("server:\n  user: \xff\n", "p.yaml:2:9: error: not YAML: ");
}

static void yaml_beyond_maps_lists_and_words_is_refused(void **state)
{
    (void)state;
    assert_tells("server: &s {}", "p.yaml:1:9: error: anchors aren't taken here");
    assert_tells("server: *s", "p.yaml:1:9: error: aliases aren't taken here");
    assert_tells("server: {user: !!str a}", "tags aren't taken here");
    assert_tells("server: {}\n---\nlog: {}\n", "p.yaml:2:1: error: a second document");
    assert_tells("? [a]\n: b\n", "a key must be a word");
    assert_tells("server: {user: \"a\\0b\"}", "control characters");
    assert_tells("[[[[[[[[[[[[[[[[[[[[[[[[[", "nested too deep");
}

/* Columns are octets of the line, also after characters of several octets. */
static void carets_stand_right_after_other_than_ascii(void **state)
{
    (void)state;
    assert_tells("# \xe2\x82\xac\nlog: {file: \"\xc3\xbc\", levl: info}\n",
                 "p.yaml:2:19: error: unknown key");
}

static void twenty_mistakes_are_gathered_at_most(void **state)
{
    (void)state;
    char text[4096] = "server:\n";
    for (int i = 0; i < 40; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "  key%d: 1\n", i);
    struct notes notes;
    struct config config;
    notes_init(&notes);
    config_init(&config);
    assert_int_equal(config_parse(&config, "p.yaml", text, strlen(text), &notes), -EINVAL);
    assert_int_equal(notes.count, NOTES_ERRORS_MAX);
    notes_fini(&notes);
    config_fini(&config);
}

static void the_command_line_adds_addresses_and_zones(void **state)
{
    (void)state;
    struct notes notes;
    struct config config;
    char text[ADDRESS_TEXT_MAX];
    notes_init(&notes);
    config_init(&config);
    assert_int_equal(config_add_listen(&config, "127.0.0.1@5300", &notes), 0);
    assert_int_equal(config_add_zone(&config, "Example.com=a=b.zone", &notes), 0);
    assert_int_equal(config_add_zone(&config, "a\\=b.example=c", &notes), 0);
    assert_string_equal(address_to_text(&config.listen[0], text), "127.0.0.1@5300");
    assert_string_equal(config.zone[0].file, "a=b.zone");
    assert_memory_equal(config.zone[0].name.wire, "\7example\3com", 13);
    assert_memory_equal(config.zone[1].name.wire, "\3a=b\7example", 13);
    assert_int_equal(config_check(&config, &notes), 0);
    assert_int_equal(notes.count, 0);

    assert_int_equal(config_add_listen(&config, "127.0.0.1:5300", &notes), -EINVAL);
    assert_int_equal(config_add_zone(&config, "example.com", &notes), -EINVAL);
    assert_int_equal(config_add_zone(&config, "example.com=", &notes), -EINVAL);
    assert_int_equal(config_add_zone(&config, "a..b=c", &notes), -EINVAL);
    tell(&notes);
    assert_non_null(strstr(told, "error: --listen 127.0.0.1:5300: not an IP address"));
    assert_non_null(strstr(told, "error: --zone example.com: write it as NAME=FILE"));
    notes_fini(&notes);
    config_fini(&config);
}

static const char *checked(struct config *config, int expected)
{
    struct notes notes;
    notes_init(&notes);
    assert_int_equal(config_check(config, &notes), expected);
    tell(&notes);
    notes_fini(&notes);
    config_fini(config);
    return told;
}

static void the_last_check_looks_at_the_whole(void **state)
{
    (void)state;
    struct config config;
    take(&config, "zones: [{name: a, file: b}]");
    assert_non_null(strstr(checked(&config, -EINVAL), "no address to listen on"));

    take(&config, "server: {listen: ['::1']}");
    assert_non_null(strstr(checked(&config, 0), "warning: no zone"));

    take(&config, "server: {listen: ['::1'], run-dir: /dev/null, state-dir: "
                  "/nonexistent}\nzone-dirs: [/dev/null]");
    checked(&config, -EINVAL);
    assert_non_null(strstr(told, "server.state-dir /nonexistent: No such file"));
    assert_non_null(strstr(told, "server.run-dir /dev/null: not a folder"));
    assert_non_null(strstr(told, "zone-dirs: /dev/null: not a folder"));

    take(&config, "server: {listen: ['::1'], user: no-such-user}\nzone-dirs: [/]");
    assert_non_null(strstr(checked(&config, -EINVAL), "there's no user no-such-user"));

    take(&config, "server: {listen: ['::1'], run-dir: /}\nzone-dirs: [/]\n"
                  "route: {driver: log, groups: [{name: a, addresses: ['::2']}]}");
    assert_non_null(strstr(checked(&config, 0), "no address of server.listen covers ::2"));

    struct notes notes;
    notes_init(&notes);
    take(&config, "server: {listen: ['::1']}\nzones: [{name: a, file: b}]");
    assert_int_equal(config_add_zone(&config, "A=c", &notes), 0);
    assert_int_equal(config_add_listen(&config, "::1", &notes), 0);
    notes_fini(&notes);
    checked(&config, -EINVAL);
    assert_non_null(strstr(told, "zone a. is configured twice"));
    assert_non_null(strstr(told, "::1@53 is listened on twice"));
}

static void a_file_is_read_and_its_folder_is_where_paths_begin(void **state)
{
    (void)state;
    char folder[] = "/tmp/pharos-config-XXXXXX";
    char path[64], expected[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/p.yaml", folder);
    snprintf(expected, sizeof expected, "%s/a.zone", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("\xef\xbb\xbfzones: [{name: a, file: a.zone}]\r\n", file);
    fclose(file);

    struct notes notes;
    struct config config;
    notes_init(&notes);
    config_init(&config);
    assert_int_equal(config_load(&config, path, &notes), 0);
    assert_string_equal(config.zone[0].file, expected);
    unlink(path);
    assert_int_equal(config_load(&config, path, &notes), -ENOENT);
    assert_int_equal(config_load(&config, folder, &notes), -EISDIR);
    tell(&notes);
    assert_non_null(strstr(told, "p.yaml: error: can't be read: No such file or directory"));
    notes_fini(&notes);
    config_fini(&config);
    rmdir(folder);
}

static void the_example_configuration_is_right(void **state)
{
    (void)state;
    struct notes notes;
    struct config config;
    notes_init(&notes);
    config_init(&config);
    const int err = config_load(&config, "../../contrib/pharos.yaml", &notes);
    tell(&notes);
    assert_string_equal(told, "");
    assert_int_equal(err, 0);
    assert_int_equal(config.zones, 1);
    notes_fini(&notes);
    config_fini(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_is_all_defaults),
        cmocka_unit_test(every_key_sets_its_field),
        cmocka_unit_test(an_interface_of_listen_xdp_may_have_a_mode),
        cmocka_unit_test(an_interface_that_cannot_be_is_refused),
        cmocka_unit_test(a_service_address_has_the_port_that_is_listened_on),
        cmocka_unit_test(an_unknown_key_is_refused_with_what_may_have_been_meant),
        cmocka_unit_test(what_is_verified_is_the_servers_or_the_zones_own),
        cmocka_unit_test(a_wrong_type_is_refused),
        cmocka_unit_test(a_value_out_of_range_is_refused),
        cmocka_unit_test(a_fleet_that_cant_be_is_refused),
        cmocka_unit_test(an_address_that_is_none_is_refused),
        cmocka_unit_test(what_stands_twice_is_refused),
        cmocka_unit_test(what_lacks_is_told),
        cmocka_unit_test(a_name_that_is_no_zone_is_refused),
        cmocka_unit_test(what_is_no_yaml_is_told_where_it_breaks),
        cmocka_unit_test(yaml_beyond_maps_lists_and_words_is_refused),
        cmocka_unit_test(carets_stand_right_after_other_than_ascii),
        cmocka_unit_test(twenty_mistakes_are_gathered_at_most),
        cmocka_unit_test(the_command_line_adds_addresses_and_zones),
        cmocka_unit_test(the_last_check_looks_at_the_whole),
        cmocka_unit_test(a_file_is_read_and_its_folder_is_where_paths_begin),
        cmocka_unit_test(the_example_configuration_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
