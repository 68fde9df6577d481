/* test_hand_message.c -- messages between two servers, whole and otherwise */
#include "server/admin/hand_message.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants some of the above */
#include <cmocka.h>

static int set_up(void **state)
{
    static int pair[2];
    *state = pair;
    return hand_socketpair(pair);
}

static int tear_down(void **state)
{
    const int *pair = *state;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void octets_and_descriptors_arrive_together(void **state)
{
    const int *pair = *state;
    int pipe_of[2];
    assert_int_equal(pipe2(pipe_of, O_CLOEXEC), 0);
    uint8_t text[] = "text";
    const struct hand_message sent = {
        .type = HAND_READY, .octets = 4, .octet = text, .fds = 1, .fd = {pipe_of[1]}};
    assert_int_equal(hand_send(pair[0], &sent), 0);
    assert_int_equal(hand_send(pair[0], &(struct hand_message){.type = HAND_ADOPT}), 0);

    struct hand_message got;
    assert_int_equal(hand_receive(pair[1], &got), 0);
    assert_int_equal(got.type, HAND_READY);
    assert_string_equal((char *)got.octet, "text");
    assert_int_equal(got.fds, 1);
    assert_int_equal(write(got.fd[0], "x", 1), 1);
    char octet = 0;
    assert_int_equal(read(pipe_of[0], &octet, 1), 1);
    assert_int_equal(octet, 'x');
    const int fd = got.fd[0];
    hand_message_fini(&got);
    assert_false(is_open(fd));

    assert_int_equal(hand_receive(pair[1], &got), 0);
    assert_int_equal(got.type, HAND_ADOPT);
    assert_int_equal(got.octets, 0);
    assert_int_equal(got.fds, 0);
    hand_message_fini(&got);
    close(pipe_of[0]);
    close(pipe_of[1]);
}

/* It doesn't fit into the socket's buffer. */
static void a_long_message_waits_for_its_reader(void **state)
{
    const int *pair = *state;
    uint8_t *octets = malloc(HAND_OCTETS_MAX);
    memset(octets, 7, HAND_OCTETS_MAX);
    const pid_t child = fork();
    if (child == 0) {
        const struct hand_message sent = {
            .type = HAND_CONNECTION, .octets = HAND_OCTETS_MAX, .octet = octets};
        _exit(hand_send(pair[0], &sent) == 0 ? 0 : 1);
    }
    struct hand_message got;
    assert_int_equal(hand_receive(pair[1], &got), 0);
    assert_int_equal(got.octets, HAND_OCTETS_MAX);
    assert_memory_equal(got.octet, octets, HAND_OCTETS_MAX);
    hand_message_fini(&got);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(octets);
}

static void the_end_is_told(void **state)
{
    int *pair = *state;
    close(pair[0]);
    pair[0] = -1;
    struct hand_message got;
    assert_int_equal(hand_receive(pair[1], &got), -EPIPE);
    assert_int_equal(hand_send(pair[1], &(struct hand_message){.type = HAND_ADOPT}), -EPIPE);
}

static void the_end_within_a_message_is_told(void **state)
{
    int *pair = *state;
    const uint32_t header[] = {HAND_MAGIC, HAND_FAILED, 100, 0};
    assert_int_equal(send(pair[0], header, sizeof header, 0), sizeof header);
    assert_int_equal(send(pair[0], "half", 4, 0), 4);
    close(pair[0]);
    pair[0] = -1;
    struct hand_message got;
    assert_int_equal(hand_receive(pair[1], &got), -EPIPE);
}

static void what_is_no_message_is_refused(void **state)
{
    const int *pair = *state;
    const uint32_t headers[][4] = {
        {HAND_MAGIC + 1, HAND_ADOPT, 0, 0},
        {HAND_MAGIC, 0, 0, 0},
        {HAND_MAGIC, HAND_FAREWELL + 1, 0, 0},
        {HAND_MAGIC, HAND_ADOPT, HAND_OCTETS_MAX + 1, 0},
        {HAND_MAGIC, HAND_ADOPT, UINT32_MAX, 0},
        {HAND_MAGIC, HAND_ADOPT, 0, 1}, /* a descriptor that didn't come */
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        assert_int_equal(send(pair[0], headers[i], sizeof headers[i], 0), sizeof headers[i]);
        struct hand_message got;
        assert_int_equal(hand_receive(pair[1], &got), -EBADMSG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(octets_and_descriptors_arrive_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_message_waits_for_its_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_within_a_message_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_message_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
