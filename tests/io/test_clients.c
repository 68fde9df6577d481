#include "server/io/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct config_limits limits = {.tcp_connections = 4, .tcp_connections_client = 2};

static struct client *enter(struct clients *clients, const char *address,
                            enum admission expected)
{
    struct sockaddr_storage peer = {.ss_family = AF_INET};
    if (strchr(address, ':') != NULL) {
        peer.ss_family = AF_INET6;
        inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)&peer)->sin6_addr);
    } else {
        inet_pton(AF_INET, address, &((struct sockaddr_in *)&peer)->sin_addr);
    }
    struct client *client = NULL;
    assert_int_equal(clients_enter(clients, (struct sockaddr *)&peer, &client), expected);
    return client;
}

static void an_ipv4_address_is_one_client(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 1);
    struct client *first = enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    assert_ptr_equal(enter(clients, "192.0.2.1", ADMISSION_GRANTED), first);
    assert_ptr_not_equal(enter(clients, "192.0.2.2", ADMISSION_GRANTED), first);
    assert_ptr_equal(enter(clients, "192.0.2.1", ADMISSION_CLIENT_FULL), first);
    clients_free(clients);
}

static void an_ipv6_prefix_of_64_bits_is_one_client(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 1);
    struct client *first = enter(clients, "2001:db8:0:1::1", ADMISSION_GRANTED);
    assert_ptr_equal(enter(clients, "2001:db8:0:1:ffff::2", ADMISSION_GRANTED), first);
    assert_ptr_not_equal(enter(clients, "2001:db8:0:2::1", ADMISSION_GRANTED), first);
    clients_free(clients);
}

static void connections_that_end_make_room(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 1);
    struct client *first = enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    enter(clients, "192.0.2.2", ADMISSION_GRANTED);
    enter(clients, "192.0.2.3", ADMISSION_GRANTED);
    enter(clients, "192.0.2.4", ADMISSION_GRANTED);
    struct client *fifth = enter(clients, "192.0.2.5", ADMISSION_FULL);
    clients_leave(clients, fifth);
    clients_leave(clients, first);
    assert_int_equal(clients_open(clients), 3);
    enter(clients, "192.0.2.5", ADMISSION_GRANTED);
    clients_free(clients);
}

/* A worker that has no idle connection to close can't close another's: it asks. */
static void a_place_is_asked_of_the_worker_that_has_an_idle_connection(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 2);
    struct client *client = enter(clients, "192.0.2.1", ADMISSION_GRANTED), *asked = NULL;
    enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    struct link connection;
    link_init(&connection);
    link_append(&client->idle[1], &connection);
    assert_int_equal(clients_wish(clients, 1, true, &asked), CLIENTS_WISH_NONE);

    enter(clients, "192.0.2.1", ADMISSION_CLIENT_FULL);
    clients_want(clients, client);
    clients_want(clients, client);
    clients_leave(clients, client);
    assert_int_equal(clients_wish(clients, 0, true, &asked), CLIENTS_WISH_NONE);
    assert_int_equal(clients_wish(clients, 1, true, &asked), CLIENTS_WISH_CLIENT);
    assert_ptr_equal(asked, client);
    assert_int_equal(clients_wish(clients, 1, true, &asked), CLIENTS_WISH_NONE);
    link_remove(&connection);
    clients_free(clients);
}

static void a_place_for_anybody_is_asked_of_one_worker(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 2);
    struct client *asked = NULL;
    enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    enter(clients, "192.0.2.2", ADMISSION_GRANTED);
    enter(clients, "192.0.2.3", ADMISSION_GRANTED);
    enter(clients, "192.0.2.4", ADMISSION_GRANTED);
    clients_want(clients, NULL);
    assert_int_equal(clients_wish(clients, 0, false, &asked), CLIENTS_WISH_NONE);
    assert_int_equal(clients_wish(clients, 1, true, &asked), CLIENTS_WISH_ANY);
    assert_int_equal(clients_wish(clients, 0, true, &asked), CLIENTS_WISH_NONE);
    clients_free(clients);
}

static void a_wish_is_forgotten_when_there_is_room(void **state)
{
    (void)state;
    struct clients *clients = clients_new(&limits, 1);
    struct client *client = enter(clients, "192.0.2.1", ADMISSION_GRANTED), *asked = NULL;
    enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    struct link connection;
    link_init(&connection);
    link_append(&client->idle[0], &connection);
    clients_want(clients, client);
    clients_want(clients, NULL);
    clients_leave(clients, client);
    assert_int_equal(clients_wish(clients, 0, true, &asked), CLIENTS_WISH_NONE);
    enter(clients, "192.0.2.1", ADMISSION_GRANTED);
    assert_int_equal(clients_wish(clients, 0, true, &asked), CLIENTS_WISH_NONE);
    link_remove(&connection);
    clients_free(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_one_client),
        cmocka_unit_test(an_ipv6_prefix_of_64_bits_is_one_client),
        cmocka_unit_test(connections_that_end_make_room),
        cmocka_unit_test(a_place_is_asked_of_the_worker_that_has_an_idle_connection),
        cmocka_unit_test(a_place_for_anybody_is_asked_of_one_worker),
        cmocka_unit_test(a_wish_is_forgotten_when_there_is_room),
    };
    return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
