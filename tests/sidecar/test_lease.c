/* test_lease.c -- addresses with a lifetime, in a network namespace of the test's own
 * Its loopback interface plays the marker: there is one in every kernel. */
#include "server/sidecar/lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static int enter_namespace(void **state)
{
    (void)state;
    if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER) != 0)
        return -1;
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    const int err = ioctl(fd, SIOCSIFFLAGS, &lo);
    close(fd);
    return err;
}

static struct lease open_lease(const char *interface, uint32_t seconds)
{
    struct lease lease = {.seconds = seconds};
    strcpy(lease.interface[LEASE_UP], interface);
    assert_int_equal(lease_add_address(&lease, "192.0.2.53"), 0);
    assert_int_equal(lease_add_address(&lease, "2001:db8::53"), 0);
    assert_int_equal(lease_open(&lease), 0);
    return lease;
}

static int can_bind(const char *text)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (void *)&address;
    struct sockaddr_in6 *v6 = (void *)&address;
    const int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    address.ss_family = (sa_family_t)family;
    inet_pton(family, text, family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr);
    const int fd = socket(family, SOCK_DGRAM, 0);
    const int ok = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return ok;
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    struct lease lease = {0};
    static const char *const wrong[] = {"", "192.0.2", "192.0.2.53/32", "2001:db8::g", "any0"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(lease_add_address(&lease, wrong[i]), -EINVAL);
    for (int i = 0; i < LEASE_ADDRESSES_MAX; i++)
        assert_int_equal(lease_add_address(&lease, "192.0.2.53"), 0);
    assert_int_equal(lease_add_address(&lease, "192.0.2.53"), -ENOSPC);
}

static void addresses_come_and_go_and_both_may_be_said_twice(void **state)
{
    (void)state;
    struct lease lease = open_lease("lo", 60);
    assert_int_equal(lease_look(&lease), LEASE_NOWHERE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lease_set(&lease, LEASE_UP), 0);
        assert_int_equal(lease_look(&lease), LEASE_UP);
        assert_true(can_bind("192.0.2.53"));
        assert_true(can_bind("2001:db8::53"));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lease_set(&lease, LEASE_NOWHERE), 0);
        assert_int_equal(lease_look(&lease), LEASE_NOWHERE);
        assert_false(can_bind("192.0.2.53"));
        assert_false(can_bind("2001:db8::53"));
    }
    close(lease.fd);
}

static void another_ones_address_is_not_taken_for_ours(void **state)
{
    (void)state;
    struct lease other = {.seconds = 60, .interface = {"lo"}};
    assert_int_equal(lease_add_address(&other, "192.0.2.54"), 0);
    assert_int_equal(lease_open(&other), 0);
    assert_int_equal(lease_set(&other, LEASE_UP), 0);
    struct lease lease = open_lease("lo", 60);
    assert_int_equal(lease_look(&lease), LEASE_NOWHERE);
    assert_int_equal(lease_set(&lease, LEASE_NOWHERE), 0);
    assert_int_equal(lease_look(&other), LEASE_UP);
    assert_int_equal(lease_set(&other, LEASE_NOWHERE), 0);
    close(other.fd);
    close(lease.fd);
}

static void what_is_not_renewed_the_kernel_takes_away(void **state)
{
    (void)state;
    struct lease lease = open_lease("lo", 1);
    assert_int_equal(lease_set(&lease, LEASE_UP), 0);
    const struct timespec pause = {.tv_nsec = 20000000};
    int turns = 0;
    while (lease_look(&lease) == LEASE_UP && turns++ < 250)
        nanosleep(&pause, NULL);
    assert_in_range(turns, 20, 200);
    close(lease.fd);
}

static void without_the_interface_it_can_not_be_put_and_is_gone(void **state)
{
    (void)state;
    struct lease lease = open_lease("any0", 60);
    assert_int_equal(lease_set(&lease, LEASE_UP), -ENODEV);
    assert_int_equal(lease_look(&lease), LEASE_NOWHERE);
    assert_int_equal(lease_set(&lease, LEASE_NOWHERE), 0);
    close(lease.fd);
}

static void draining_moves_the_addresses_to_the_other_interface(void **state)
{
    (void)state;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCBRADDBR, "any1"), 0);
    close(fd);
    struct lease lease = open_lease("lo", 60);
    strcpy(lease.interface[LEASE_DRAIN], "any1");
    assert_int_equal(lease_set(&lease, LEASE_UP), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lease_set(&lease, LEASE_DRAIN), 0);
        assert_int_equal(lease_look(&lease), LEASE_DRAIN);
    }
    assert_int_equal(lease_set(&lease, LEASE_UP), 0);
    assert_int_equal(lease_look(&lease), LEASE_UP);
    assert_int_equal(lease_set(&lease, LEASE_NOWHERE), 0);
    assert_int_equal(lease_look(&lease), LEASE_NOWHERE);
    close(lease.fd);
}

static void breaking_first_moves_the_addresses_too(void **state)
{
    (void)state;
    struct lease lease = open_lease("lo", 60);
    strcpy(lease.interface[LEASE_DRAIN], "any1");
    lease.break_first = true;
    assert_int_equal(lease_set(&lease, LEASE_UP), 0);
    assert_int_equal(lease_set(&lease, LEASE_DRAIN), 0);
    assert_int_equal(lease_look(&lease), LEASE_DRAIN);
    strcpy(lease.interface[LEASE_UP], "any9");
    assert_int_equal(lease_set(&lease, LEASE_UP), -ENODEV);
    assert_int_equal(lease_look(&lease),
                     LEASE_NOWHERE); /* make before break would have kept it */
    close(lease.fd);
}

static void what_can_not_be_put_elsewhere_stays_where_it_is(void **state)
{
    (void)state;
    struct lease lease = open_lease("lo", 60);
    strcpy(lease.interface[LEASE_DRAIN], "any9");
    assert_int_equal(lease_set(&lease, LEASE_UP), 0);
    assert_int_equal(lease_set(&lease, LEASE_DRAIN), -ENODEV);
    assert_int_equal(lease_look(&lease), LEASE_UP);
    assert_int_equal(lease_set(&lease, LEASE_NOWHERE), 0);
    close(lease.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(addresses_come_and_go_and_both_may_be_said_twice),
        cmocka_unit_test(another_ones_address_is_not_taken_for_ours),
        cmocka_unit_test(draining_moves_the_addresses_to_the_other_interface),
        cmocka_unit_test(breaking_first_moves_the_addresses_too),
        cmocka_unit_test(what_can_not_be_put_elsewhere_stays_where_it_is),
        cmocka_unit_test(what_is_not_renewed_the_kernel_takes_away),
        cmocka_unit_test(without_the_interface_it_can_not_be_put_and_is_gone),
    };
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
