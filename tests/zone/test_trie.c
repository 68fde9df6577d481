/* The trie against a sorted array that is searched the slow way. */
#include "zone/trie.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { NAMES = 3000, ROUNDS = 12 };

/* Values of the trie are references to these. */
struct item {
    struct name name;
    uint8_t key[NAME_KEY_MAX];
    size_t len;
    bool in, mark;
    uint32_t value;
};

struct fixture {
    struct arena arena;
    struct trie trie;
    struct item item[NAMES]; /* in canonical order */
    uint64_t random;
};

static uint64_t next_random(struct fixture *f)
{
    f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return f->random >> 33;
}

static size_t key_of(const void *context, uint32_t value, uint8_t key[NAME_KEY_MAX])
{
    const struct arena *arena = context;
    uint32_t index;
    memcpy(&index, arena_at(arena, value), sizeof index);
    const struct fixture *f = (const void *)arena;
    memcpy(key, f->item[index].key, f->item[index].len);
    return f->item[index].len;
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return name_compare(x->name.wire, y->name.wire);
}

/* Names of few distinct octets and labels, so that they share prefixes of all kinds. */
static void invent(struct fixture *f, struct name *name)
{
    static const uint8_t octets[] = {0, '*', '-', 'a', 'b', 'z', 0xff};
    unsigned at = 0;
    for (uint64_t labels = next_random(f) % 5; labels > 0; labels--) {
        const uint8_t len = (uint8_t)(1 + next_random(f) % 4);
        name->wire[at++] = len;
        for (unsigned i = 0; i < len; i++)
            name->wire[at++] = octets[next_random(f) % sizeof octets];
    }
    name->wire[at++] = 0;
    name->octets = (uint8_t)at;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->random = 20;
    if (arena_init(&f->arena, (size_t)1 << 30) != 0)
        return -1;
    for (unsigned i = 0; i < NAMES;) {
        bool known = false;
        invent(f, &f->item[i].name);
        for (unsigned j = 0; j < i && !known; j++)
            known = name_equal(f->item[i].name.wire, f->item[j].name.wire);
        i += known ? 0 : 1;
    }
    qsort(f->item, NAMES, sizeof *f->item, compare_items);
    for (unsigned i = 0; i < NAMES; i++) {
        struct item *item = &f->item[i];
        item->len = name_key(item->key, item->name.wire, item->name.octets);
        item->value = arena_append(&f->arena, sizeof i);
        memcpy(arena_edit(&f->arena, item->value), &i, sizeof i);
    }
    f->trie = (struct trie){.arena = &f->arena, .key_of = key_of, .context = &f->arena};
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static uint32_t model_predecessor(const struct fixture *f, unsigned index)
{
    uint32_t greatest = 0;
    for (unsigned i = NAMES; i-- > 0;) {
        if (!f->item[i].in || !f->item[i].mark)
            continue;
        if (greatest == 0)
            greatest = f->item[i].value;
        if (i <= index)
            return f->item[i].value;
    }
    return greatest;
}

struct order {
    const struct fixture *f;
    unsigned at;
};

static int expect_next(void *context, uint32_t value)
{
    struct order *order = context;
    while (order->at < NAMES && !order->f->item[order->at].in)
        order->at++;
    assert_true(order->at < NAMES);
    assert_int_equal(value, order->f->item[order->at].value);
    order->at++;
    return 0;
}

static void assert_like_model(const struct fixture *f, const struct trie *trie)
{
    for (unsigned i = 0; i < NAMES; i++) {
        const struct item *item = &f->item[i];
        assert_int_equal(trie_get(trie, item->key, item->len), item->in ? item->value : 0);
        assert_int_equal(trie_predecessor(trie, item->key, item->len), model_predecessor(f, i));
    }
    struct order order = {.f = f};
    assert_int_equal(trie_walk(trie, expect_next, &order), 0);
    while (order.at < NAMES)
        assert_false(f->item[order.at++].in);
}

static void change_some(struct fixture *f, unsigned changes)
{
    for (unsigned i = 0; i < changes; i++) {
        struct item *item = &f->item[next_random(f) % NAMES];
        if (item->in && next_random(f) % 3 == 0) {
            assert_int_equal(trie_remove(&f->trie, item->key, item->len), 0);
            item->in = false;
        } else {
            item->mark = next_random(f) % 4 == 0;
            item->in = true;
            assert_int_equal(trie_put(&f->trie, item->key, item->len, item->value, item->mark),
                             0);
        }
    }
}

static void changes_give_what_a_sorted_array_gives(void **state)
{
    struct fixture *f = *state;
    assert_like_model(f, &f->trie);
    for (unsigned round = 0; round < ROUNDS; round++) {
        change_some(f, 400);
        assert_like_model(f, &f->trie);
        if (round % 2 == 0)
            f->trie.shared = (uint32_t)(f->arena.used / ARENA_UNIT);
    }
}

static void a_published_root_stays_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct item *before = malloc(sizeof f->item);
    assert_non_null(before);
    for (unsigned round = 0; round < 4; round++) {
        change_some(f, 300);
        f->trie.shared = (uint32_t)(f->arena.used / ARENA_UNIT);
        const struct trie published = f->trie;
        memcpy(before, f->item, sizeof f->item);
        change_some(f, 500);
        struct item *after = malloc(sizeof f->item);
        assert_non_null(after);
        memcpy(after, f->item, sizeof f->item);
        memcpy(f->item, before, sizeof f->item);
        assert_like_model(f, &published);
        memcpy(f->item, after, sizeof f->item);
        free(after);
    }
    free(before);
}

static void a_built_trie_is_like_one_that_grew(void **state)
{
    struct fixture *f = *state;
    for (unsigned sparse = 1; sparse <= NAMES; sparse *= 3) {
        struct trie_builder *builder = trie_builder_new(&f->arena);
        assert_non_null(builder);
        for (unsigned i = 0; i < NAMES; i++) {
            struct item *item = &f->item[i];
            item->in = i % sparse == 0;
            item->mark = i % 5 == 0;
            if (item->in)
                assert_int_equal(
                    trie_builder_add(builder, item->key, item->len, item->value, item->mark),
                    0);
        }
        assert_int_equal(trie_builder_finish(builder, &f->trie.root), 0);
        trie_builder_free(builder);
        assert_like_model(f, &f->trie);
    }
}

static void nothing_is_in_an_empty_trie(void **state)
{
    struct fixture *f = *state;
    struct trie_builder *builder = trie_builder_new(&f->arena);
    assert_int_equal(trie_builder_finish(builder, &f->trie.root), 0);
    trie_builder_free(builder);
    assert_int_equal(f->trie.root, 0);
    assert_int_equal(trie_remove(&f->trie, f->item[0].key, f->item[0].len), -ENOENT);
    assert_like_model(f, &f->trie);
}

static void without_memory_a_trie_stays_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct arena small;
    assert_int_equal(arena_init(&small, 8000), 0);
    struct trie trie = {.arena = &small, .key_of = key_of, .context = &f->arena};
    unsigned put = 0;
    for (;; put++) {
        struct item *item = &f->item[(put * 7) % NAMES];
        trie.shared = (uint32_t)(small.used / ARENA_UNIT);
        const int err = trie_put(&trie, item->key, item->len, item->value, true);
        if (err != 0) {
            assert_int_equal(err, -ENOMEM);
            break;
        }
        item->in = item->mark = true;
    }
    assert_in_range(put, 5, NAMES);
    assert_like_model(f, &trie);
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_give_what_a_sorted_array_gives, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_published_root_stays_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_built_trie_is_like_one_that_grew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_in_an_empty_trie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_a_trie_stays_as_it_was, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
