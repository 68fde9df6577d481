/* test_metrics.c -- what the page of metrics says */
#include "server/sidecar/inventory.h"
#include "server/sidecar/metrics.h"

#include "server/base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static char *page_of(const struct metrics *metrics, const char *inventory, bool classic)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *to = open_memstream(&text, &octets);
    assert_non_null(to);
    struct exposition e = {.to = to, .classic = classic};
    metrics_write(&e, metrics, inventory, strlen(inventory));
    assert_int_equal(fclose(to), 0);
    return text;
}

/* A whole line of the page. */
static bool has_line(const char *page, const char *line)
{
    const size_t octets = strlen(line);
    for (const char *at = page; (at = strstr(at, line)) != NULL; at++) {
        if ((at == page || at[-1] == '\n') && at[octets] == '\n')
            return true;
    }
    return false;
}

static void assert_line(const char *page, const char *line)
{
    if (!has_line(page, line))
        fail_msg("not found: %s\nin:\n%s", line, page);
}

static void assert_no(const char *page, const char *text)
{
    if (strstr(page, text) != NULL)
        fail_msg("found: %s", text);
}

static struct metrics *some_metrics(void)
{
    struct metrics *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->now_ms = 5000;
    m->server = (struct metrics_server){.seen = true,
                                        .state = SERVER_WELL,
                                        .workers = 2,
                                        .heartbeat = {7, 8},
                                        .queries = {10, 3},
                                        .tcp_open = 2,
                                        .zones = 5,
                                        .zones_failed = 1,
                                        .zones_stale = 1};
    m->server.rcodes[0] = 9;
    m->server.rcodes[14] = 1;
    m->server.rcodes[PULSE_RCODES - 1] = 4;
    m->groups = 1;
    m->group[0] = (struct metrics_group){.name = "any",
                                         .state = VERDICT_SUSPECT,
                                         .route = ROUTE_UP,
                                         .progress = PROGRESS_APPLIED,
                                         .wish = WISH_UP,
                                         .since_ms = 3500,
                                         .late_us = 20000,
                                         .granted = 2,
                                         .refused = 3,
                                         .badness = 500};
    return m;
}

static void a_server_is_told_by_counters_with_total_and_an_end(void **state)
{
    (void)state;
    struct metrics *m = some_metrics();
    char *page = page_of(m, "", false);
    assert_line(page, "# TYPE pharos_queries counter");
    assert_line(page, "pharos_queries_total{transport=\"udp\"} 10");
    assert_line(page, "pharos_queries_total{transport=\"tcp\"} 3");
    assert_line(page, "pharos_responses_total{rcode=\"NOERROR\"} 9");
    assert_line(page, "pharos_responses_total{rcode=\"RCODE14\"} 1");
    assert_line(page, "pharos_responses_total{rcode=\"other\"} 4");
    assert_no(page, "RCODE12");
    assert_line(page, "pharos_worker_heartbeats_total{worker=\"1\"} 8");
    assert_line(page, "pharos_tcp_connections 2");
    assert_line(page, "pharos_zones{state=\"served\"} 3");
    assert_line(page, "pharos_server_state{pharos_server_state=\"well\"} 1");
    assert_line(page, "pharos_server_state{pharos_server_state=\"hung\"} 0");
    assert_string_equal(page + strlen(page) - 6, "# EOF\n");
    free(page);
    free(m);
}

static void the_older_format_has_neither_units_nor_an_end_nor_new_types(void **state)
{
    (void)state;
    struct metrics *m = some_metrics();
    char *page = page_of(m, "", true);
    assert_line(page, "# TYPE pharos_queries_total counter");
    assert_line(page, "# TYPE pharos_build_info gauge");
    assert_line(page, "# TYPE pharos_server_state gauge");
    assert_no(page, "# UNIT");
    assert_no(page, "# EOF");
    free(page);
    free(m);
}

static void a_group_is_told_by_its_states_and_numbers(void **state)
{
    (void)state;
    struct metrics *m = some_metrics();
    char *page = page_of(m, "", false);
    assert_line(page, "pharos_route_state{group=\"any\",pharos_route_state=\"SUSPECT\"} 1");
    assert_line(page, "pharos_route_state{group=\"any\",pharos_route_state=\"UP\"} 0");
    assert_line(page, "pharos_route_announced{group=\"any\"} 1");
    assert_line(page, "pharos_route_leaves_granted_total{group=\"any\"} 2");
    assert_line(page, "pharos_route_leaves_refused_total{group=\"any\"} 3");
    assert_line(page, "pharos_route_state_age_seconds{group=\"any\"} 1.5");
    assert_line(page, "# UNIT pharos_route_late_seconds seconds");
    assert_line(page, "pharos_route_late_seconds{group=\"any\"} 0.02");
    assert_line(page, "pharos_route_badness_ratio{group=\"any\"} 0.5");
    assert_line(page, "pharos_fleet_configured{group=\"any\"} 0");
    assert_no(page, "pharos_fleet_members{");
    free(page);
    m->group[0].fleet = (struct guard_view){
        .fleet = true, .reachable = true, .members = 3, .announcers = 2, .bad = 1, .keep = 2};
    m->group[0].zones_known = true;
    m->group[0].signatures_expire = 1700000000;
    page = page_of(m, "", false);
    assert_line(page, "pharos_fleet_members{group=\"any\"} 3");
    assert_line(page, "pharos_fleet_announcers{group=\"any\"} 2");
    assert_line(page, "pharos_fleet_keep{group=\"any\"} 2");
    assert_line(page, "pharos_fleet_reachable{group=\"any\"} 1");
    assert_line(page,
                "pharos_group_signatures_expire_timestamp_seconds{group=\"any\"} 1700000000");
    assert_no(page, "pharos_group_zones_expire_timestamp_seconds{");
    free(page);
    free(m);
}

/* What the driver wants and what stands are two things. */
static void a_route_is_announced_only_when_the_driver_has_applied_it(void **state)
{
    (void)state;
    static const struct {
        enum route route;
        enum progress progress;
        const char *announced; /* NULL: not known */
        bool ready;
    } table[] = {
        {ROUTE_UP, PROGRESS_APPLIED, "1", true},
        {ROUTE_UP, PROGRESS_PENDING, "0", false},
        {ROUTE_UP, PROGRESS_FAILING, "0", false},
        {ROUTE_DRAIN, PROGRESS_APPLIED, "1", false},
        {ROUTE_DOWN, PROGRESS_APPLIED, "0", false},
        {ROUTE_DOWN, PROGRESS_FAILING, NULL, false},
        {ROUTE_UNKNOWN, PROGRESS_UNKNOWN, NULL, true}, /* the word counts, for a moment */
    };
    FILE *nowhere = fopen("/dev/null", "w");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct metrics *m = some_metrics();
        char line[100];
        m->group[0].route = table[i].route;
        m->group[0].progress = table[i].progress;
        char *page = page_of(m, "", false);
        snprintf(line, sizeof line, "pharos_route_announced{group=\"any\"} %s",
                 table[i].announced != NULL ? table[i].announced : "");
        if (table[i].announced != NULL)
            assert_line(page, line);
        else
            assert_no(page, line);
        snprintf(line, sizeof line,
                 "pharos_route_progress{group=\"any\",pharos_route_progress=\"%s\"} 1",
                 progress_to_text(table[i].progress));
        assert_line(page, line);
        assert_int_equal(metrics_ready(nowhere, m), table[i].ready);
        free(page);
        free(m);
    }
    fclose(nowhere);
}

static void without_a_server_only_the_sidecar_and_its_groups_are_told(void **state)
{
    (void)state;
    struct metrics *m = some_metrics();
    m->server = (struct metrics_server){.state = SERVER_AWAY};
    char *page = page_of(m, "", false);
    assert_line(page, "pharos_server_state{pharos_server_state=\"away\"} 1");
    assert_no(page, "pharos_queries_total{");
    assert_no(page, "pharos_zones{");
    assert_line(page, "pharos_route_announced{group=\"any\"} 1");
    free(page);
    free(m);
}

static void zones_that_are_not_well_are_told_by_name(void **state)
{
    (void)state;
    static const char inventory[] =
        "started 1600000000\n"
        "reload 1600000100 0 250000\n"
        "zones 3 1 1 1000 65536 1600000000 1600000100\n"
        "zone bad.example failed 0 0 0 0 0\n"
        "zone old\\\".example stale 7 10 684 1600000000 1700000000\n"
        "zone example.com served 42 5 684 1600000100 0\n";
    struct metrics *m = some_metrics();
    m->inventory_at = 1600000200;
    char *page = page_of(m, inventory, false);
    assert_line(page, "pharos_zone_bad{zone=\"bad.example\",state=\"failed\"} 1");
    assert_line(page, "pharos_zone_bad{zone=\"old\\\\\\\".example\",state=\"stale\"} 1");
    assert_no(page, "pharos_zone_bad{zone=\"example.com\"");
    assert_line(page, "pharos_zone_serial{zone=\"example.com\"} 42");
    assert_no(page, "pharos_zone_serial{zone=\"bad.example\"}");
    assert_line(page, "pharos_server_start_time_seconds 1600000000");
    assert_line(page, "pharos_last_reload_success 0");
    assert_line(page, "pharos_last_reload_duration_seconds 0.25");
    assert_line(page, "pharos_zone_records 1000");
    assert_line(page, "pharos_zone_memory_bytes 65536");
    free(page);
    free(m);
}

static void lines_of_an_inventory_that_are_not_right_are_passed_over(void **state)
{
    (void)state;
    static const char text[] = "zones 1 2\n"
                               "zones 1 2 3 4 5 6 99999999999999999999\n"
                               "zones 1 2 3 4 5 6 9999999999999999999\n"
                               "zones 1 2 3 4 5 6 -7\n"
                               "zone a served 1 2 3 4\n"
                               "zone b served 1 2 3 4 5 6\n"
                               "zone c\td served 1 2 3 4 5\n"
                               "\n"
                               "later 1 2 3\n"
                               "zone well served 4294967295 2 3 4 5";
    struct inventory inventory;
    struct inventory_zone zone;
    size_t at = 0;
    inventory_read(&inventory, text, sizeof text - 1);
    assert_false(inventory.zones);
    assert_true(inventory_next(&zone, text, sizeof text - 1, &at));
    assert_string_equal(zone.name, "well");
    assert_int_equal(zone.serial, UINT32_MAX);
    assert_true(zone.served);
    assert_false(inventory_next(&zone, text, sizeof text - 1, &at));
}

/* OpenMetrics 1.0, "Histogram": buckets are cumulative, and the last one is the count. */
static void a_histogram_adds_up_what_was_counted_in_slices(void **state)
{
    (void)state;
    struct address address;
    struct pulse_view view;
    int fd;
    assert_null(address_from_text(&address, "192.0.2.1@5300", 53));
    struct pulse *pulse = pulse_new(2, &address, 1, &fd);
    assert_non_null(pulse);
    assert_int_equal(pulse_map(&view, fd), 0);
    struct metrics *m = some_metrics();

    for (uint64_t now = 10000; now < 10000 + 10 * PULSE_SLICE_MS; now += PULSE_SLICE_MS) {
        for (unsigned worker = 0; worker < 2; worker++) {
            struct pulse_slice *slice = pulse_slice_now(pulse_rings(pulse, worker), now);
            pulse_add32(&slice->queries, 2);
            pulse_add32(&slice->latency[pulse_bucket(20)], 1);
            pulse_add32(&slice->latency[pulse_bucket(5000000)], 1);
        }
        path_totals_read(&m->totals, &view, now);
        path_totals_read(&m->totals, &view, now);
    }
    char *page = page_of(m, "", false);
    /* The tenth slice isn't finished yet; the first call began with the one before. */
    assert_line(page, "pharos_address_queries_total{address=\"192.0.2.1\",port=\"5300\","
                      "transport=\"udp\"} 36");
    assert_line(page,
                "pharos_answer_latency_seconds_bucket{address=\"192.0.2.1\",port=\"5300\","
                "transport=\"udp\",le=\"1.6e-05\"} 0");
    assert_line(page,
                "pharos_answer_latency_seconds_bucket{address=\"192.0.2.1\",port=\"5300\","
                "transport=\"udp\",le=\"2.4e-05\"} 18");
    assert_line(page,
                "pharos_answer_latency_seconds_bucket{address=\"192.0.2.1\",port=\"5300\","
                "transport=\"udp\",le=\"0.786432\"} 18");
    assert_line(page,
                "pharos_answer_latency_seconds_bucket{address=\"192.0.2.1\",port=\"5300\","
                "transport=\"udp\",le=\"+Inf\"} 36");
    assert_line(page, "pharos_answer_latency_seconds_count{address=\"192.0.2.1\",port=\"5300\","
                      "transport=\"udp\"} 36");
    free(page);
    free(m);
    pulse_unmap(&view);
    pulse_free(pulse);
    close(fd);
}

static void a_sleeper_does_not_count_what_the_ring_has_lost_or_twice(void **state)
{
    (void)state;
    struct pulse_view view;
    int fd;
    struct pulse *pulse = pulse_new(1, NULL, 0, &fd);
    assert_non_null(pulse);
    assert_int_equal(pulse_map(&view, fd), 0);
    struct path_totals *totals = calloc(1, sizeof *totals);
    assert_non_null(totals);
    path_totals_read(totals, &view, 10000);
    uint64_t now = 10000;
    for (unsigned i = 0; i < 3 * PULSE_SLICES; i++, now += PULSE_SLICE_MS)
        pulse_add32(&pulse_slice_now(pulse_rings(pulse, 0), now)->queries, 1);
    path_totals_read(totals, &view, now);
    assert_in_range(totals->path[0].queries, PULSE_SLICES - 4, PULSE_SLICES);
    const uint64_t before = totals->path[0].queries;
    path_totals_read(totals, &view, now + PULSE_SLICES * PULSE_SLICE_MS * 5);
    assert_int_equal(totals->path[0].queries, before);
    free(totals);
    pulse_unmap(&view);
    pulse_free(pulse);
    close(fd);
}

static void a_node_is_ready_when_every_route_is_announced(void **state)
{
    (void)state;
    struct metrics *m = some_metrics();
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    assert_true(metrics_ready(nowhere, m));
    m->groups = 2;
    m->group[1] = (struct metrics_group){.name = "b", .route = ROUTE_DRAIN};
    assert_false(metrics_ready(nowhere, m));
    m->group[1].route = ROUTE_UNKNOWN;
    assert_false(metrics_ready(nowhere, m));
    m->group[1].wish = WISH_UP;
    assert_true(metrics_ready(nowhere, m));
    m->groups = 0;
    assert_false(metrics_ready(nowhere, m));
    fclose(nowhere);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_told_by_counters_with_total_and_an_end),
        cmocka_unit_test(the_older_format_has_neither_units_nor_an_end_nor_new_types),
        cmocka_unit_test(a_group_is_told_by_its_states_and_numbers),
        cmocka_unit_test(a_route_is_announced_only_when_the_driver_has_applied_it),
        cmocka_unit_test(without_a_server_only_the_sidecar_and_its_groups_are_told),
        cmocka_unit_test(zones_that_are_not_well_are_told_by_name),
        cmocka_unit_test(lines_of_an_inventory_that_are_not_right_are_passed_over),
        cmocka_unit_test(a_histogram_adds_up_what_was_counted_in_slices),
        cmocka_unit_test(a_sleeper_does_not_count_what_the_ring_has_lost_or_twice),
        cmocka_unit_test(a_node_is_ready_when_every_route_is_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
