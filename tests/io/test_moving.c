/* test_moving.c -- one front goes on with the sockets and the connections of another
 * Both are in one process here; tests/e2e/upgrade.bats has two. */
#include "tests/io/harness.h"

#include <errno.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG = 40000, LONG_ANSWERS = 200 };

struct fixture {
    struct harness old, new;
    struct moved *moved;
};

static void start_old(struct fixture *f, unsigned workers)
{
    harness_start(&f->old, (struct harness_config){
                               .listen = {"127.0.0.1@0"}, .workers = workers, .pulse = true});
}

static void copy(void *context, int fd, const struct address *address, int type)
{
    (void)address;
    (void)type;
    assert_int_equal(inherited_add(context, fcntl(fd, F_DUPFD_CLOEXEC, 3)), 0);
}

/* A front that inherits the sockets of the old one, and asks for any port. */
static void start_new(struct fixture *f, unsigned workers)
{
    struct inherited inherited = {0};
    front_each_socket(f->old.front, copy, &inherited);
    harness_start(&f->new, (struct harness_config){.listen = {"127.0.0.1@0"},
                                                   .workers = workers,
                                                   .pulse = true,
                                                   .inherited = &inherited});
    assert_int_equal(inherited_count(&inherited, front_address(f->old.front, 0), SOCK_DGRAM),
                     0);
    inherited_fini(&inherited);
}

static void move(struct fixture *f)
{
    assert_int_equal(front_rest(f->old.front, PATIENCE_MS, &f->moved), 0);
    front_adopt(f->new.front, f->moved);
    f->moved = NULL;
}

static void stop(struct fixture *f)
{
    harness_stop(&f->new);
    harness_stop(&f->old);
}

static int connection(const struct fixture *f)
{
    return client(SOCK_STREAM, NULL, "127.0.0.1", harness_port(&f->old, 0));
}

static void the_port_stays(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 2);
    start_new(&f, 2);
    assert_int_equal(harness_port(&f.new, 0), harness_port(&f.old, 0));
    move(&f);
    stop(&f);
}

static void half_a_query_is_answered_by_the_other(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 2);
    uint8_t frame[64];
    const size_t octets = frame_write(frame, 40, 7, NULL);
    int fd[40];
    for (size_t i = 0; i < 40; i++) {
        fd[i] = connection(&f);
        ask_tcp(fd[i], 1);
        send_all(fd[i], frame, i % octets);
    }
    start_new(&f, 3);
    move(&f);
    front_stop(f.old.front, PATIENCE_MS);
    for (size_t i = 0; i < 40; i++) {
        send_all(fd[i], frame + i % octets, octets - i % octets);
        assert_int_equal(receive_frame(fd[i], NULL), 7);
        ask_tcp(fd[i], 8);
        close(fd[i]);
    }
    stop(&f);
}

static void answers_that_were_not_taken_come_from_the_other(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 1);
    const int fd = connection(&f);
    uint8_t *frames = malloc(LONG_ANSWERS * 64);
    size_t octets = 0;
    for (uint16_t id = 0; id < LONG_ANSWERS; id++)
        octets += frame_write(frames + octets, 40, id, "B9C40"); /* LONG octets */
    send_all(fd, frames, octets);
    free(frames);
    wait_for(&f.old.pulse->worker[0].answers[1], 1);
    start_new(&f, 1);
    move(&f);
    assert_true(f.old.pulse->worker[0].answers[1] < LONG_ANSWERS);
    for (uint16_t id = 0; id < LONG_ANSWERS; id++) {
        size_t got = 0;
        assert_int_equal(receive_frame(fd, &got), id);
        assert_int_equal(got, LONG);
    }
    ask_tcp(fd, 1);
    close(fd);
    stop(&f);
}

/* RFC 7766 section 6.2.4: a client may close its half and still wants its answers. */
static void a_client_that_closed_its_half_gets_the_rest(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 1);
    const int fd = connection(&f);
    uint8_t frames[20 * 64];
    size_t octets = 0;
    for (uint16_t id = 0; id < 20; id++)
        octets += frame_write(frames + octets, 40, id, "B9C40");
    send_all(fd, frames, octets);
    shutdown(fd, SHUT_WR);
    wait_for(&f.old.pulse->worker[0].answers[1], 1);
    start_new(&f, 1);
    move(&f);
    for (uint16_t id = 0; id < 20; id++)
        assert_int_equal(receive_frame(fd, NULL), id);
    assert_true(ended(fd));
    close(fd);
    stop(&f);
}

static void one_that_rests_reads_nothing_and_resumes(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 2);
    const int fd = connection(&f);
    ask_tcp(fd, 1);
    assert_int_equal(front_rest(f.old.front, PATIENCE_MS, &f.moved), 0);
    assert_non_null(f.moved);
    const uint64_t beat = f.old.pulse->worker[0].heartbeat;
    wait_for(&f.old.pulse->worker[0].heartbeat, beat + 3); /* its heart beats on */

    const int udp = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&f.old, 0));
    uint8_t query[12];
    uint8_t answer[64];
    query_write(query, sizeof(query), 5, NULL);
    send_all(udp, query, sizeof(query));
    assert_int_equal(recv(udp, answer, sizeof(answer), MSG_DONTWAIT), -1);
    front_resume(f.old.front);
    front_adopt(f.old.front, f.moved);
    assert_int_equal(recv(udp, answer, sizeof(answer), 0), sizeof(query));
    ask_tcp(fd, 2);
    close(fd);
    close(udp);
    harness_stop(&f.old);
}

static void more_sockets_than_workers_are_all_read(void **state)
{
    (void)state;
    struct fixture f = {0};
    start_old(&f, 5);
    start_new(&f, 2);
    move(&f);
    front_stop(f.old.front, PATIENCE_MS);
    uint8_t answer[64];
    for (uint16_t id = 0; id < 64; id++) {
        const int udp = client(SOCK_DGRAM, NULL, "127.0.0.1", harness_port(&f.old, 0));
        assert_int_equal(ask_udp(udp, id, NULL, answer, sizeof(answer)), 40);
        close(udp);
        const int tcp = connection(&f);
        ask_tcp(tcp, id);
        close(tcp);
    }
    stop(&f);
}

static void what_cannot_be_shared_is_not_inherited(void **state)
{
    (void)state;
    struct inherited inherited = {0};
    assert_int_equal(inherited_add(&inherited, socket(AF_INET, SOCK_DGRAM, 0)), -EINVAL);
    assert_int_equal(inherited_add(&inherited, socket(AF_UNIX, SOCK_STREAM, 0)), -EINVAL);
    assert_int_equal(inherited_add(&inherited, open("/dev/null", O_RDWR)), -EINVAL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int bound = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(bound, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(inherited_add(&inherited, bound), -EINVAL);
    const int on = 1;
    const int idle = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(idle, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    assert_int_equal(bind(idle, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(inherited_add(&inherited, idle), -EINVAL); /* it doesn't listen */
    assert_int_equal(inherited.count, 0);
    inherited_fini(&inherited);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_port_stays),
        cmocka_unit_test(half_a_query_is_answered_by_the_other),
        cmocka_unit_test(answers_that_were_not_taken_come_from_the_other),
        cmocka_unit_test(a_client_that_closed_its_half_gets_the_rest),
        cmocka_unit_test(one_that_rests_reads_nothing_and_resumes),
        cmocka_unit_test(more_sockets_than_workers_are_all_read),
        cmocka_unit_test(what_cannot_be_shared_is_not_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
