/* test_fleet.c -- what nodes say to the store, and what they take from it */
#include "server/sidecar/fleet.h"
#include "store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the four above */
#include <cmocka.h>

enum { NODES_MAX = 260 };

struct scene {
    struct store *store;
    struct fleet fleet[NODES_MAX];
    size_t nodes;
    uint64_t now_ms;
};

/* Says all that a node has to say at this moment; what its requests get is `result` where that isn't
 * FLEET_DONE. Returns how many there were. */
static unsigned speak(struct scene *s, size_t i, enum fleet_result result)
{
    struct fleet_request request;
    unsigned said = 0;
    while (said < 50 && fleet_next(&s->fleet[i], &request, s->now_ms)) {
        struct fleet_reply reply = {.result = result};
        if (result == FLEET_DONE)
            reply = store_answer(s->store, &request, s->now_ms);
        fleet_hear(&s->fleet[i], &reply, s->now_ms);
        store_reply_fini(&reply);
        said++;
    }
    return said;
}

static void pass(struct scene *s, unsigned ms)
{
    for (unsigned at = 0; at < ms; at += 50) {
        s->now_ms += 50;
        store_pass(s->store, s->now_ms);
        for (size_t i = 0; i < s->nodes; i++)
            speak(s, i, FLEET_DONE);
    }
}

static struct scene *begin(size_t nodes, unsigned keep)
{
    struct scene *s = test_calloc(1, sizeof(*s));
    s->store = store_new(nodes);
    assert_non_null(s->store);
    s->nodes = nodes;
    s->now_ms = 1000000;
    for (size_t i = 0; i < nodes; i++) {
        fleet_init(&s->fleet[i], s->store->slot[i].name, keep, i + 1);
        fleet_returned(&s->fleet[i]);
    }
    pass(s, 2500);
    assert_int_equal(store_announcers(s->store), nodes);
    return s;
}

static void end(struct scene *s)
{
    for (size_t i = 0; i < s->nodes; i++)
        fleet_fini(&s->fleet[i]);
    store_free(s->store);
    test_free(s);
}

/* What pharos-sidecar does at each tick while the verdict wants to leave. */
static enum guard_answer ask(struct scene *s, size_t i, unsigned badness)
{
    fleet_ask(&s->fleet[i], badness);
    speak(s, i, FLEET_DONE);
    return fleet_ask(&s->fleet[i], badness);
}

static void leave(struct scene *s, size_t i, unsigned badness)
{
    assert_int_equal(ask(s, i, badness), GUARD_GRANTED);
    fleet_withdrawn(&s->fleet[i], badness);
}

static struct guard_view view_of(const struct scene *s, size_t i)
{
    return fleet_guard_view(&s->fleet[i], s->now_ms);
}

static void members_and_announcers_are_counted_by_every_node(void **state)
{
    (void)state;
    struct scene *s = begin(5, 0);
    for (size_t i = 0; i < 5; i++) {
        const struct guard_view view = view_of(s, i);
        assert_true(view.fleet && view.reachable);
        assert_int_equal(view.members, 5);
        assert_int_equal(view.announcers, 5);
        assert_int_equal(view.bad, 0);
        assert_int_equal(view.keep, 3);
    }
    end(s);
}

static void slow_nodes_leave_until_k_announcers_are_left(void **state)
{
    (void)state;
    struct scene *s = begin(5, 2);
    for (size_t i = 0; i < 3; i++)
        leave(s, i, 700);
    assert_int_equal(ask(s, 3, 700), GUARD_STAY);
    assert_int_equal(ask(s, 4, 900), GUARD_STAY);
    pass(s, 5000);
    assert_int_equal(ask(s, 3, 700), GUARD_STAY);
    assert_int_equal(store_announcers(s->store), 2);
    end(s);
}

static void k_is_half_of_the_members_however_many_have_left(void **state)
{
    (void)state;
    struct scene *s = begin(4, 0);
    leave(s, 0, 700);
    leave(s, 1, 700);
    pass(s, 2000);
    assert_int_equal(view_of(s, 2).members, 4);
    assert_int_equal(ask(s, 2, 700), GUARD_STAY);
    end(s);
}

static void a_lone_node_stays(void **state)
{
    (void)state;
    struct scene *s = begin(1, 1);
    assert_int_equal(ask(s, 0, 900), GUARD_STAY);
    assert_int_equal(store_announcers(s->store), 1);
    end(s);
}

static void a_node_doesnt_leave_to_those_that_are_worse(void **state)
{
    (void)state;
    struct scene *s = begin(3, 1);
    fleet_report(&s->fleet[1], 900);
    fleet_report(&s->fleet[2], 800);
    pass(s, 2500);
    assert_int_equal(ask(s, 0, 600), GUARD_STAY);
    assert_int_equal(ask(s, 1, 900), GUARD_GRANTED);
    end(s);
}

static void a_peer_that_became_worse_since_it_was_read_fails_the_claim(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    s->store->slot[1].up.badness = 900;
    s->store->slot[1].up.revision = ++s->store->revision;
    assert_int_equal(ask(s, 0, 600), GUARD_STAY);
    assert_int_equal(store_announcers(s->store), 2);
    end(s);
}

static void two_claims_that_count_on_each_other_dont_both_hold(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    struct fleet_request first, second;
    fleet_ask(&s->fleet[0], 700);
    fleet_ask(&s->fleet[1], 700);
    assert_true(fleet_next(&s->fleet[0], &first, s->now_ms));
    assert_true(fleet_next(&s->fleet[1], &second, s->now_ms));
    assert_int_equal(first.peers, 1);
    assert_int_equal(second.peers, 1);
    struct fleet_reply a = store_answer(s->store, &first, s->now_ms);
    struct fleet_reply b = store_answer(s->store, &second, s->now_ms);
    assert_true(a.held);
    assert_false(b.held);
    fleet_hear(&s->fleet[0], &a, s->now_ms);
    fleet_hear(&s->fleet[1], &b, s->now_ms);
    store_reply_fini(&b);
    assert_int_equal(ask(s, 0, 700), GUARD_GRANTED);
    assert_int_equal(ask(s, 1, 700), GUARD_STAY);
    end(s);
}

static void a_member_that_joins_fails_claims_that_didnt_count_it(void **state)
{
    (void)state;
    struct scene *s = begin(2, 0);
    s->store->generation = ++s->store->revision;
    struct fleet_request request;
    fleet_ask(&s->fleet[0], 700);
    assert_true(fleet_next(&s->fleet[0], &request, s->now_ms));
    struct fleet_reply reply = store_answer(s->store, &request, s->now_ms);
    assert_false(reply.held);
    fleet_hear(&s->fleet[0], &reply, s->now_ms);
    store_reply_fini(&reply);
    assert_int_equal(ask(s, 0, 700), GUARD_GRANTED); /* now that it's known */
    end(s);
}

static void a_leave_that_isnt_taken_goes_back(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    assert_int_equal(ask(s, 0, 700), GUARD_GRANTED);
    assert_int_equal(store_announcers(s->store), 1);
    fleet_cancel(&s->fleet[0]);
    pass(s, 50);
    assert_int_equal(store_announcers(s->store), 2);
    end(s);
}

/* A registration that was thought lost must not come true after the node has left. */
static void a_write_that_comes_late_doesnt_hold(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    struct fleet_request late;
    fleet_report(&s->fleet[0], 600);
    assert_true(fleet_next(&s->fleet[0], &late, s->now_ms));
    assert_int_equal(late.route, FLEET_ROUTE_IN);
    fleet_hear(&s->fleet[0], &(struct fleet_reply){.result = FLEET_LOST}, s->now_ms);
    s->now_ms += FLEET_BACKOFF_MAX_MS;
    leave(s, 0, 700);
    struct fleet_reply reply = store_answer(s->store, &late, s->now_ms);
    assert_false(reply.held);
    store_reply_fini(&reply);
    assert_int_equal(store_announcers(s->store), 1);
    end(s);
}

static void without_the_store_nothing_is_granted(void **state)
{
    (void)state;
    struct scene *s = begin(3, 1);
    for (unsigned i = 0; i < 20 * 30; i++) {
        s->now_ms += 50;
        assert_int_equal(fleet_ask(&s->fleet[0], 900), GUARD_PENDING);
        speak(s, 0, FLEET_LOST);
    }
    assert_false(view_of(s, 0).reachable);
    assert_int_equal(fleet_may_return(&s->fleet[0], 900, s->now_ms), GUARD_RETURN_FREE);
    end(s);
}

static void after_the_store_was_away_all_register_again(void **state)
{
    (void)state;
    struct scene *s = begin(3, 1);
    for (unsigned i = 0; i < 20 * 30; i++) {
        s->now_ms += 50;
        for (size_t j = 0; j < 3; j++)
            speak(s, j, FLEET_LOST);
        store_pass(s->store, s->now_ms);
    }
    assert_int_equal(store_announcers(s->store), 0);
    pass(s, FLEET_BACKOFF_MAX_MS + 1000);
    assert_int_equal(store_announcers(s->store), 3);
    assert_int_equal(view_of(s, 0).announcers, 3);
    end(s);
}

static void a_store_that_is_away_is_asked_ever_less(void **state)
{
    (void)state;
    struct scene *s = begin(1, 1);
    unsigned asked = 0;
    for (unsigned i = 0; i < 20 * 60; i++) {
        s->now_ms += 50;
        asked += speak(s, 0, FLEET_LOST);
    }
    assert_in_range(asked, 60 / 5, 40);
    end(s);
}

/* Deletions and ends of leases are all that a full store takes. */
static void a_full_store_keeps_slow_nodes_and_lets_dead_ones_go(void **state)
{
    (void)state;
    struct scene *s = begin(3, 1);
    s->store->full = true;
    assert_int_equal(ask(s, 0, 700), GUARD_STAY);
    fleet_withdrawn(&s->fleet[1], GUARD_BADNESS_MAX);
    pass(s, 3000);
    assert_int_equal(s->store->slot[1].up.revision, 0);
    assert_int_equal(store_announcers(s->store), 2);
    assert_true(view_of(s, 0).reachable);
    s->store->full = false;
    fleet_cancel(&s->fleet[0]);
    fleet_returned(&s->fleet[1]);
    pass(s, 4000);
    assert_int_equal(store_announcers(s->store), 3);
    assert_int_equal(ask(s, 0, 700), GUARD_GRANTED);
    end(s);
}

static void a_new_sidecar_leaves_the_registration_alone_until_it_knows(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    fleet_fini(&s->fleet[0]);
    fleet_init(&s->fleet[0], "n0", 1, 99);
    pass(s, 2000);
    assert_int_equal(store_announcers(s->store), 2);
    fleet_returned(&s->fleet[0]);
    pass(s, 2 * FLEET_LEASE_S * 1000); /* the lease before ends */
    assert_int_equal(store_announcers(s->store), 2);
    end(s);
}

static void the_least_sick_returns_first_and_then_the_next(void **state)
{
    (void)state;
    struct scene *s = begin(3, 1);
    leave(s, 0, 900);
    leave(s, 1, 600);
    pass(s, 2500);
    assert_int_equal(fleet_may_return(&s->fleet[1], 600, s->now_ms), GUARD_RETURN_FREE);
    fleet_withdrawn(&s->fleet[2], GUARD_BADNESS_MAX);
    pass(s, 2500);
    assert_int_equal(fleet_may_return(&s->fleet[1], 600, s->now_ms), GUARD_RETURN_NEEDED);
    assert_int_equal(fleet_may_return(&s->fleet[0], 900, s->now_ms), GUARD_RETURN_WAIT);
    s->now_ms += FLEET_RETURN_MS; /* and doesn't come */
    assert_int_equal(fleet_may_return(&s->fleet[0], 900, s->now_ms), GUARD_RETURN_NEEDED);
    fleet_returned(&s->fleet[1]);
    pass(s, 2500);
    assert_int_equal(fleet_may_return(&s->fleet[0], 900, s->now_ms), GUARD_RETURN_FREE);
    end(s);
}

static void a_clean_node_waits_for_nobody(void **state)
{
    (void)state;
    struct scene *s = begin(3, 3);
    fleet_withdrawn(&s->fleet[0], 0);
    fleet_withdrawn(&s->fleet[1], 100);
    pass(s, 2500);
    s->fleet[1].keep = s->fleet[0].keep = 2;
    assert_int_equal(fleet_may_return(&s->fleet[1], 100, s->now_ms), GUARD_RETURN_FREE);
    end(s);
}

static void above_a_hundred_nodes_shards_keep_their_share(void **state)
{
    (void)state;
    struct scene *s = begin(NODES_MAX, 0);
    pass(s, 5000);
    assert_int_equal(view_of(s, 0).keep, NODES_MAX / 2);
    unsigned left = 0;
    for (size_t i = 0; i < NODES_MAX; i++) {
        if (ask(s, i, 700) == GUARD_GRANTED) {
            fleet_withdrawn(&s->fleet[i], 700);
            left++;
        }
    }
    assert_in_range(NODES_MAX - left, NODES_MAX / 2, NODES_MAX / 2 + 3);
    assert_int_equal(store_announcers(s->store), NODES_MAX - left);
    end(s);
}

/* All nodes of a shard, or of the others, that may leave do so; they ask without having read anything new. */
static void leave_all(struct scene *s, uint32_t number, bool others)
{
    for (size_t i = 0; i < s->nodes; i++) {
        const struct fleet *f = &s->fleet[i];
        const struct fleet_shard shard = fleet_view_shard(&f->view, f->name, f->keep);
        if ((shard.number == number) != others && ask(s, i, 700) == GUARD_GRANTED)
            fleet_withdrawn(&s->fleet[i], 700);
    }
}

static void what_a_shard_has_lost_to_death_others_dont_give_away(void **state)
{
    (void)state;
    struct scene *s = begin(NODES_MAX, 0);
    pass(s, 5000);
    leave_all(s, 0, true);
    for (size_t i = 0; i < NODES_MAX && store_announcers(s->store) > NODES_MAX / 2; i++) {
        struct fleet *f = &s->fleet[i];
        if (fleet_view_shard(&f->view, f->name, f->keep).number != 1)
            continue;
        fleet_withdrawn(f, 1000);
        speak(s, i, FLEET_DONE);
    }
    leave_all(s, 0, false);
    assert_int_equal(store_announcers(s->store), NODES_MAX / 2);
    end(s);
}

static void what_a_shard_cant_replace_others_do_after_a_while(void **state)
{
    (void)state;
    struct scene *s = begin(NODES_MAX, 0);
    pass(s, 5000);
    leave_all(s, UINT32_MAX, true);
    const unsigned before = store_announcers(s->store);
    assert_in_range(before, NODES_MAX / 2, NODES_MAX / 2 + 2);
    size_t away = NODES_MAX;
    for (size_t i = 0; i < NODES_MAX; i++) {
        struct fleet *f = &s->fleet[i];
        const uint32_t number = fleet_view_shard(&f->view, f->name, f->keep).number;
        if (number == 1 && f->told == FLEET_ROUTE_IN)
            fleet_withdrawn(f, 1000);
        if (number == 0 && f->told == FLEET_ROUTE_OUT)
            away = i;
    }
    assert_true(away < NODES_MAX);
    pass(s, 2500);
    assert_true(store_announcers(s->store) < before);
    assert_int_equal(fleet_may_return(&s->fleet[away], 600, s->now_ms), GUARD_RETURN_WAIT);
    pass(s, FLEET_RETURN_MS);
    assert_int_equal(fleet_may_return(&s->fleet[away], 600, s->now_ms), GUARD_RETURN_NEEDED);
    end(s);
}

static void more_announcers_to_keep_than_a_claim_can_name_means_stay(void **state)
{
    (void)state;
    struct scene *s = begin(NODES_MAX, 3 * FLEET_PEERS_MAX + 3);
    pass(s, 5000);
    assert_int_equal(ask(s, 0, 900), GUARD_STAY);
    end(s);
}

static void a_second_node_of_the_same_name_is_noticed(void **state)
{
    (void)state;
    struct scene *s = begin(2, 1);
    assert_int_equal(s->fleet[0].doubles, 0);
    s->store->slot[0].health.revision = ++s->store->revision;
    pass(s, 2500);
    assert_int_equal(s->fleet[0].doubles, 1);
    end(s);
}

static void changes_that_dont_tell_all_have_the_whole_read_again(void **state)
{
    (void)state;
    struct fleet_view view = {0};
    struct fleet_entry entry[] = {{.key = FLEET_KEY_MEMBER, .name = "a", .revision = 2},
                                  {.key = FLEET_KEY_UP, .name = "a", .revision = 2},
                                  {.key = FLEET_KEY_OTHER, .revision = 1}};
    struct fleet_reading r = {
        .whole = true, .revision = 5, .count = 3, .entry = entry, .entries = 3};
    assert_int_equal(fleet_view_take(&view, &r), 0);
    r = (struct fleet_reading){.revision = 6, .count = 3};
    assert_int_equal(fleet_view_take(&view, &r), 0);
    r = (struct fleet_reading){.revision = 7, .count = 2}; /* one has gone: which? */
    assert_int_equal(fleet_view_take(&view, &r), -EAGAIN);
    assert_int_equal(view.revision, 0);
    r = (struct fleet_reading){.revision = 8, .count = 0};
    assert_int_equal(fleet_view_take(&view, &r), -EAGAIN); /* changes of nothing */
    r = (struct fleet_reading){
        .whole = true, .revision = 9, .count = 7, .entry = entry, .entries = 3};
    assert_int_equal(fleet_view_take(&view, &r), -EAGAIN); /* a store that can't count */
    fleet_view_fini(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_announcers_are_counted_by_every_node),
        cmocka_unit_test(slow_nodes_leave_until_k_announcers_are_left),
        cmocka_unit_test(k_is_half_of_the_members_however_many_have_left),
        cmocka_unit_test(a_lone_node_stays),
        cmocka_unit_test(a_node_doesnt_leave_to_those_that_are_worse),
        cmocka_unit_test(a_peer_that_became_worse_since_it_was_read_fails_the_claim),
        cmocka_unit_test(two_claims_that_count_on_each_other_dont_both_hold),
        cmocka_unit_test(a_member_that_joins_fails_claims_that_didnt_count_it),
        cmocka_unit_test(a_leave_that_isnt_taken_goes_back),
        cmocka_unit_test(a_write_that_comes_late_doesnt_hold),
        cmocka_unit_test(without_the_store_nothing_is_granted),
        cmocka_unit_test(after_the_store_was_away_all_register_again),
        cmocka_unit_test(a_store_that_is_away_is_asked_ever_less),
        cmocka_unit_test(a_full_store_keeps_slow_nodes_and_lets_dead_ones_go),
        cmocka_unit_test(a_new_sidecar_leaves_the_registration_alone_until_it_knows),
        cmocka_unit_test(the_least_sick_returns_first_and_then_the_next),
        cmocka_unit_test(a_clean_node_waits_for_nobody),
        cmocka_unit_test(above_a_hundred_nodes_shards_keep_their_share),
        cmocka_unit_test(what_a_shard_has_lost_to_death_others_dont_give_away),
        cmocka_unit_test(what_a_shard_cant_replace_others_do_after_a_while),
        cmocka_unit_test(more_announcers_to_keep_than_a_claim_can_name_means_stay),
        cmocka_unit_test(a_second_node_of_the_same_name_is_noticed),
        cmocka_unit_test(changes_that_dont_tell_all_have_the_whole_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
