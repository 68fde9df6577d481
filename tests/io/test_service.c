/* test_service.c -- a question whose zone can't be read doesn't take the others with it
 * respond() is a double: a query that begins with 'X' asks for memory that can't be had. */
#include "server/io/service.h"

#include "server/base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { PAGE = 4096, QUERIES = 5 };

static uint8_t *memory;

struct respond_scratch {
    int unused;
};

struct respond_scratch *respond_scratch_new(void)
{
    return calloc(1, sizeof(struct respond_scratch));
}

void respond_scratch_free(struct respond_scratch *scratch)
{
    free(scratch);
}

void respond(const struct answer_config *config, const struct view *view, uint64_t now,
             struct exchange *exchanges, size_t count, struct respond_scratch *scratch)
{
    (void)config, (void)view, (void)now, (void)scratch;
    for (size_t i = 0; i < count; i++) {
        exchanges[i].answer_octets = 1;
        exchanges[i].answer[0] = 'a';
        if (exchanges[i].query[0] == 'X')
            exchanges[i].answer[0] = *(volatile uint8_t *)memory;
    }
}

void respond_fail(const struct answer_config *config, uint64_t now, struct exchange *exchange,
                  struct respond_scratch *scratch)
{
    (void)config, (void)now, (void)scratch;
    exchange->answer_octets = 1;
    exchange->answer[0] = 'f';
}

static bool cannot_be_brought(void *context, const void *at)
{
    (void)context, (void)at;
    return false;
}

static const char *answers(struct service *service, const char *queries)
{
    static uint8_t answer[QUERIES];
    static char text[QUERIES + 1];
    struct exchange exchanges[QUERIES];
    const size_t count = strlen(queries);
    for (size_t i = 0; i < count; i++)
        exchanges[i] = (struct exchange){.query = (const uint8_t *)queries + i,
                                         .query_octets = 1,
                                         .answer = &answer[i],
                                         .answer_max = 1};
    service_answer(service, exchanges, count);
    memcpy(text, answer, count);
    text[count] = '\0';
    return text;
}

static void only_questions_whose_zone_cannot_be_read_fail(void **state)
{
    (void)state;
    struct store *store = store_new(1);
    struct service service;
    assert_non_null(store);
    assert_int_equal(service_init(&service, store, 0, NULL), 0);
    assert_string_equal(answers(&service, "..."), "aaa");

    memory = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    const int range = fault_watch(memory, PAGE, cannot_be_brought, NULL);
    assert_true(range >= 0);
    assert_string_equal(answers(&service, "....."), "aaaaa");
    assert_string_equal(answers(&service, "..X.X"), "aafaf");
    assert_string_equal(answers(&service, "X"), "f");
    assert_string_equal(answers(&service, ".X..."), "afaaa");
    fault_unwatch(range);
    munmap(memory, PAGE);
    service_fini(&service);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_questions_whose_zone_cannot_be_read_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
