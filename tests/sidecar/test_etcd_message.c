/* test_etcd_message.c -- requests as etcd's gateway takes them, and what comes back */
#include "server/sidecar/etcd_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above */
#include <cmocka.h>

static const char prefix[] = "/p/any";

static void assert_written(const struct fleet_request *request, const char *path,
                           const char *body)
{
    struct etcd_text text;
    assert_int_equal(etcd_message_write(&text, request, prefix), 0);
    assert_string_equal(text.path, path);
    assert_string_equal(text.body, body);
    assert_int_equal(text.octets, strlen(body));
    free(text.body);
}

static enum etcd_trouble read_as(struct fleet_reply *reply, enum fleet_ask ask, long status,
                                 const char *body)
{
    char error[ETCD_ERROR_MAX];
    const struct fleet_request request = {.ask = ask};
    return etcd_message_read(reply, &request, prefix, status, body, strlen(body), error);
}

static void assert_no_answer(enum fleet_ask ask, const char *body)
{
    struct fleet_reply reply;
    assert_int_equal(read_as(&reply, ask, 200, body), ETCD_TROUBLE);
    assert_int_equal(reply.result, FLEET_LOST);
    assert_null(reply.reading.entry);
}

static void leases_are_granted_renewed_and_revoked(void **state)
{
    (void)state;
    assert_written(&(struct fleet_request){.ask = FLEET_GRANT}, "/v3/lease/grant",
                   "{\"TTL\":\"10\"}");
    assert_written(&(struct fleet_request){.ask = FLEET_RENEW, .lease = 77},
                   "/v3/lease/keepalive", "{\"ID\":\"77\"}");
    assert_written(&(struct fleet_request){.ask = FLEET_REVOKE, .lease = 77},
                   "/v3/lease/revoke", "{\"ID\":\"77\"}");
}

/* "/p/any/" to "/p/any0": all that begins with the first */
static void a_reading_asks_for_all_keys_or_for_what_changed(void **state)
{
    (void)state;
    assert_written(&(struct fleet_request){.ask = FLEET_READ}, "/v3/kv/range",
                   "{\"key\":\"L3AvYW55Lw==\",\"range_end\":\"L3AvYW55MA==\"}");
    assert_written(&(struct fleet_request){.ask = FLEET_READ, .since = 41}, "/v3/kv/range",
                   "{\"key\":\"L3AvYW55Lw==\",\"range_end\":\"L3AvYW55MA==\","
                   "\"min_mod_revision\":\"42\"}");
}

/* /p/any/health/a, /p/any/generation, /p/any/up/b below "0501"; /p/any/health/a = "0500" */
static void a_claim_compares_itself_the_generation_and_its_peers(void **state)
{
    (void)state;
    const struct fleet_request claim = {.ask = FLEET_WRITE,
                                        .lease = 7,
                                        .since = 9,
                                        .name = "a",
                                        .own = 5,
                                        .generation = 3,
                                        .peer = {"b"},
                                        .peers = 1,
                                        .level = 500,
                                        .badness = 500,
                                        .route = FLEET_ROUTE_OUT};
    assert_written(
        &claim, "/v3/kv/txn",
        "{\"compare\":[{\"key\":\"L3AvYW55L2hlYWx0aC9h\",\"target\":\"MOD\",\"result\":"
        "\"EQUAL\",\"mod_revision\":\"5\"},{\"key\":\"L3AvYW55L2dlbmVyYXRpb24=\",\"target\":"
        "\"MOD\",\"result\":\"EQUAL\",\"mod_revision\":\"3\"},{\"key\":\"L3AvYW55L3VwL2I=\","
        "\"target\":\"VALUE\",\"result\":\"LESS\",\"value\":\"MDUwMQ==\"}],\"success\":[{"
        "\"request_put\":{\"key\":\"L3AvYW55L2hlYWx0aC9h\",\"value\":\"MDUwMA==\",\"lease\":"
        "\"7\"}},{\"request_delete_range\":{\"key\":\"L3AvYW55L3VwL2E=\"}}],\"failure\":[{"
        "\"request_range\":{\"key\":\"L3AvYW55Lw==\",\"range_end\":\"L3AvYW55MA==\","
        "\"min_mod_revision\":\"10\"}}]}");
}

/* /p/any/health/a, /p/any/up/a, /p/any/generation */
static void a_registration_that_goes_by_no_claim_changes_the_generation(void **state)
{
    (void)state;
    const struct fleet_request loss = {.ask = FLEET_WRITE,
                                       .lease = 7,
                                       .since = 9,
                                       .name = "a",
                                       .own = 5,
                                       .badness = 1000,
                                       .route = FLEET_ROUTE_OUT,
                                       .recount = true};
    assert_written(
        &loss, "/v3/kv/txn",
        "{\"compare\":[{\"key\":\"L3AvYW55L2hlYWx0aC9h\",\"target\":\"MOD\",\"result\":"
        "\"EQUAL\",\"mod_revision\":\"5\"}],\"success\":[{\"request_put\":{\"key\":"
        "\"L3AvYW55L2hlYWx0aC9h\",\"value\":\"MTAwMA==\",\"lease\":\"7\"}},{"
        "\"request_delete_range\":{\"key\":\"L3AvYW55L3VwL2E=\"}},{\"request_put\":{\"key\":"
        "\"L3AvYW55L2dlbmVyYXRpb24=\",\"value\":\"MTAwMA==\"}}],\"failure\":[{"
        "\"request_range\":{\"key\":\"L3AvYW55Lw==\",\"range_end\":\"L3AvYW55MA==\","
        "\"min_mod_revision\":\"10\"}}]}");
}

static void a_login_is_json_whatever_the_password(void **state)
{
    (void)state;
    struct etcd_text text;
    assert_int_equal(etcd_message_write_login(&text, "pharos", "a\"b\\c"), 0);
    assert_string_equal(text.path, "/v3/auth/authenticate");
    assert_string_equal(text.body, "{\"name\":\"pharos\",\"password\":\"a\\\"b\\\\c\"}");
    free(text.body);
}

/* As etcd 3.4 writes it. */
static void keys_are_read_with_their_revisions_and_badness(void **state)
{
    (void)state;
    struct fleet_reply reply;
    const char body[] =
        "{\"header\":{\"cluster_id\":\"14841639068965178418\",\"revision\":\"12\"},\"kvs\":["
        "{\"key\":\"L3AvYW55L2dlbmVyYXRpb24=\",\"mod_revision\":\"2\",\"value\":\"MDAwMA==\"},"
        "{\"key\":\"L3AvYW55L2hlYWx0aC9h\",\"mod_revision\":\"8\",\"value\":\"MDUwMA==\","
        "\"lease\":\"7\"},"
        "{\"key\":\"L3AvYW55L3VwL2E=\",\"mod_revision\":\"9\",\"value\":\"bm9uZQ==\"},"
        "{\"key\":\"L3AvYW55L290aGVy\",\"mod_revision\":\"3\"}],\"count\":\"4\"}";
    assert_int_equal(read_as(&reply, FLEET_READ, 200, body), ETCD_FINE);
    assert_int_equal(reply.result, FLEET_DONE);
    assert_true(reply.reading.whole);
    assert_int_equal(reply.reading.revision, 12);
    assert_int_equal(reply.reading.count, 4);
    assert_int_equal(reply.reading.entries, 4);
    const struct fleet_entry *e = reply.reading.entry;
    assert_int_equal(e[0].key, FLEET_KEY_GENERATION);
    assert_int_equal(e[1].key, FLEET_KEY_HEALTH);
    assert_string_equal(e[1].name, "a");
    assert_int_equal(e[1].badness, 500);
    assert_int_equal(e[1].revision, 8);
    assert_int_equal(e[2].key, FLEET_KEY_UP);
    assert_int_equal(e[2].badness, GUARD_BADNESS_MAX); /* "none" */
    assert_int_equal(e[3].key, FLEET_KEY_OTHER);
    etcd_reply_fini(&reply);
}

static void a_write_has_held_or_brings_what_is(void **state)
{
    (void)state;
    struct fleet_reply reply;
    assert_int_equal(
        read_as(&reply, FLEET_WRITE, 200,
                "{\"header\":{\"revision\":\"6\"},\"succeeded\":true,\"responses\":"
                "[{\"response_put\":{\"header\":{\"revision\":\"6\"}}}]}"),
        ETCD_FINE);
    assert_true(reply.held);
    assert_int_equal(reply.revision, 6);
    assert_int_equal(read_as(&reply, FLEET_WRITE, 200,
                             "{\"header\":{\"revision\":\"6\"},\"responses\":[{"
                             "\"response_range\":{\"header\":{\"revision\":\"6\"},\"count\":"
                             "\"2\"}}]}"),
                     ETCD_FINE);
    assert_false(reply.held);
    assert_int_equal(reply.reading.count, 2);
    etcd_reply_fini(&reply);
}

static void a_lease_that_is_gone_is_renewed_for_no_time(void **state)
{
    (void)state;
    struct fleet_reply reply;
    assert_int_equal(
        read_as(&reply, FLEET_RENEW, 200,
                "{\"result\":{\"header\":{\"revision\":\"1\"},\"ID\":\"12345\"}}\n"),
        ETCD_FINE);
    assert_int_equal(reply.ttl_s, 0);
    assert_int_equal(
        read_as(&reply, FLEET_RENEW, 200,
                "{\"result\":{\"header\":{\"revision\":\"1\"},\"ID\":\"5\",\"TTL\":\"10\"}}\n"),
        ETCD_FINE);
    assert_int_equal(reply.ttl_s, 10);
}

static void refusals_are_told_from_faults(void **state)
{
    (void)state;
    struct fleet_reply reply;
    /* what follows the JSON is as etcd 3.4 sends it */
    assert_int_equal(
        read_as(&reply, FLEET_WRITE, 404,
                "{\"error\":\"etcdserver: requested lease not found\",\"message\":"
                "\"etcdserver: requested lease not found\",\"code\":5}Grpc-Trailer-Content-"
                "Type: application/grpc\r\n"),
        ETCD_FINE);
    assert_int_equal(reply.result, FLEET_LEASE_GONE);
    assert_int_equal(read_as(&reply, FLEET_WRITE, 429,
                             "{\"message\":\"etcdserver: mvcc: database space exceeded\","
                             "\"code\":8}"),
                     ETCD_FINE);
    assert_int_equal(reply.result, FLEET_REFUSED);
    assert_int_equal(read_as(&reply, FLEET_WRITE, 403,
                             "{\"message\":\"etcdserver: permission denied\",\"code\":7}"),
                     ETCD_FINE);
    assert_int_equal(reply.result, FLEET_REFUSED);
    assert_int_equal(read_as(&reply, FLEET_READ, 401,
                             "{\"message\":\"etcdserver: invalid auth token\",\"code\":16}"),
                     ETCD_LOGIN);
    assert_int_equal(read_as(&reply, FLEET_READ, 503,
                             "{\"message\":\"etcdserver: request timed out\",\"code\":14}"),
                     ETCD_TROUBLE);
    assert_int_equal(reply.result, FLEET_LOST);
    assert_int_equal(read_as(&reply, FLEET_READ, 404, "<html>no etcd</html>"), ETCD_TROUBLE);
}

static void what_isnt_etcds_is_no_answer(void **state)
{
    (void)state;
    assert_no_answer(FLEET_READ, "");
    assert_no_answer(FLEET_READ, "[]");
    assert_no_answer(FLEET_READ, "{\"kvs\":[]}");
    assert_no_answer(FLEET_READ, "{\"header\":{\"revision\":\"-1\"}}");
    assert_no_answer(FLEET_READ, "{\"header\":{\"revision\":\"99999999999999999999\"}}");
    assert_no_answer(FLEET_READ, "{\"header\":{\"revision\":\"1\"},\"kvs\":{}}");
    assert_no_answer(FLEET_READ, "{\"header\":{\"revision\":\"1\"},\"kvs\":[1]}");
    assert_no_answer(FLEET_READ, "{\"header\":{\"revision\":\"1\"},\"more\":true}");
    assert_no_answer(FLEET_WRITE, "{\"header\":{\"revision\":\"1\"},\"succeeded\":false}");
    assert_no_answer(FLEET_WRITE, "{\"succeeded\":true}");
    assert_no_answer(FLEET_GRANT, "{\"header\":{\"revision\":\"1\"}}");
    assert_no_answer(FLEET_RENEW, "{\"header\":{\"revision\":\"1\"}}");
}

static void keys_of_others_and_names_that_cant_be_are_none_of_ours(void **state)
{
    (void)state;
    struct fleet_reply reply;
    const char body[] = /* /p/any/up/ and /p/any/up/a b, no base64, an octet of 0 in a value */
        "{\"header\":{\"revision\":\"2\"},\"kvs\":[{\"key\":\"L3AvYW55L3VwLw==\",\"mod_"
        "revision\":"
        "\"1\"},{\"key\":\"L3AvYW55L3VwL2EgYg==\",\"mod_revision\":\"1\"},{\"key\":\"***\","
        "\"mod_revision\":\"1\"},{\"key\":\"L3AvYW55L3VwL2E=\",\"mod_revision\":\"1\","
        "\"value\":"
        "\"ADEwMA==\"}],\"count\":\"4\"}";
    assert_int_equal(read_as(&reply, FLEET_READ, 200, body), ETCD_FINE);
    assert_int_equal(reply.reading.entries, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(reply.reading.entry[i].key, FLEET_KEY_OTHER);
    assert_int_equal(reply.reading.entry[3].badness, GUARD_BADNESS_MAX);
    etcd_reply_fini(&reply);
}

static void a_token_is_one_word(void **state)
{
    (void)state;
    char token[ETCD_TOKEN_MAX], error[ETCD_ERROR_MAX];
    const char good[] = "{\"header\":{},\"token\":\"sdf.17\"}";
    const char evil[] = "{\"token\":\"a\\r\\nHost: b\"}";
    const char wrong[] =
        "{\"message\":\"etcdserver: authentication failed\\u001b[0m\",\"code\":3}";
    assert_true(etcd_message_read_login(token, 200, good, strlen(good), error));
    assert_string_equal(token, "sdf.17");
    assert_false(etcd_message_read_login(token, 200, evil, strlen(evil), error));
    assert_false(etcd_message_read_login(token, 400, wrong, strlen(wrong), error));
    assert_string_equal(error, "etcdserver: authentication failed?[0m");
    assert_false(etcd_message_read_login(token, 400, "no\n", 3, error));
    assert_string_equal(error, "HTTP status 400: no?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leases_are_granted_renewed_and_revoked),
        cmocka_unit_test(a_reading_asks_for_all_keys_or_for_what_changed),
        cmocka_unit_test(a_claim_compares_itself_the_generation_and_its_peers),
        cmocka_unit_test(a_registration_that_goes_by_no_claim_changes_the_generation),
        cmocka_unit_test(a_login_is_json_whatever_the_password),
        cmocka_unit_test(keys_are_read_with_their_revisions_and_badness),
        cmocka_unit_test(a_write_has_held_or_brings_what_is),
        cmocka_unit_test(a_lease_that_is_gone_is_renewed_for_no_time),
        cmocka_unit_test(refusals_are_told_from_faults),
        cmocka_unit_test(what_isnt_etcds_is_no_answer),
        cmocka_unit_test(keys_of_others_and_names_that_cant_be_are_none_of_ours),
        cmocka_unit_test(a_token_is_one_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
