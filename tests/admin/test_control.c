/* test_control.c -- the control socket, with clients well and ill */
#include "server/admin/control.h"

#include "server/admin/control_request.h"
#include "server/admin/progress.h"
#include "server/admin/reload.h"
#include "server/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A server without a front end. */
struct fixture {
    struct server server; /* first */
    uv_loop_t loop;
    char folder[64], config[96];
    struct options options;
    unsigned stops;
};

static void count_stop(struct server *server)
{
    ((struct fixture *)server)->stops++;
}

static void ignore_round(struct server *server)
{
    (void)server;
}

static void write_file(const struct fixture *f, const char *file, const char *text)
{
    char temporary[128], path[128];
    snprintf(temporary, sizeof temporary, "%s/.new", f->folder);
    snprintf(path, sizeof path, "%s/%s", f->folder, file);
    FILE *to = fopen(temporary, "w");
    assert_non_null(to);
    fputs(text, to);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(rename(temporary, path), 0);
}

static void write_zone(const struct fixture *f, unsigned serial, const char *more)
{
    char text[512];
    snprintf(text, sizeof text,
             "@ 3600 SOA ns hostmaster %u 7200 900 1209600 300\n"
             "@ 3600 NS ns\nns 3600 A 192.0.2.1\n%s",
             serial, more);
    write_file(f, "com", text);
}

static const char config_text[] = "server: {listen: [\"127.0.0.1@5300\"]}\n"
                                  "log: {file: /dev/null}\n"
                                  "zones:\n"
                                  "  - {name: example.com, file: com}\n";

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct server *server = &f->server;
    struct notes notes;
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/pharos-control-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->config, sizeof f->config, "%s/pharos.yaml", f->folder);
    write_file(f, "pharos.yaml", config_text);
    write_zone(f, 1, "");
    f->options.config_path = f->config;

    notes_init(&notes);
    assert_int_equal(options_config(&f->options, &server->config, &notes), 0);
    notes_fini(&notes);
    assert_int_equal(log_open("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, "/dev/null"), 0);
    uv_loop_init(&f->loop);
    server->loop = &f->loop;
    server->options = &f->options;
    server->workers = 1;
    server->pulse = pulse_new(1, NULL, 0, &server->memfd);
    server->store = store_new(1);
    server->maintain = maintain_new(&f->loop, server->store, 1);
    server->reload = reload_new(server);
    server->notify.fd = -1;
    server->stop = count_stop;
    server->round_over = ignore_round;
    assert_non_null(server->pulse);
    assert_int_equal(control_open(&server->control, server, f->folder), 0);
    assert_int_equal(reload_first(server->reload, NULL, NULL), 0);
    while (reload_busy(server->reload))
        uv_run(&f->loop, UV_RUN_ONCE);
    server->config.listens = 0; /* no front to ask for its addresses */
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct server *server = &f->server;
    control_close(server->control);
    maintain_close(server->maintain);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    reload_free(server->reload);
    maintain_free(server->maintain);
    store_free(server->store);
    pulse_free(server->pulse);
    close(server->memfd);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    config_fini(&server->config);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static int client(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/" CONTROL_SOCKET, f->folder);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Turns the loop until the server ended the connection; what it said. */
static const char *hear(struct fixture *f, int fd)
{
    static char text[65536];
    size_t len = 0;
    for (;;) {
        const ssize_t octets = recv(fd, text + len, sizeof text - len - 1, 0);
        if (octets == 0 || (octets < 0 && errno == ECONNRESET))
            break;
        if (octets > 0)
            len += (size_t)octets;
        else
            uv_run(&f->loop, UV_RUN_ONCE);
    }
    text[len] = '\0';
    close(fd);
    return text;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static const char *ask(struct fixture *f, const char *line)
{
    const int fd = client(f);
    say(fd, line);
    return hear(f, fd);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" isn't in \"%s\"", part, text);
}

static void assert_begins(const char *text, const char *begin)
{
    if (strncmp(text, begin, strlen(begin)) != 0)
        fail_msg("\"%s\" doesn't begin with \"%s\"", text, begin);
}

static void an_answer_has_a_status_its_length_and_that_many_octets(void **state)
{
    const char *text = ask(*state, "status\n");
    unsigned length;
    int header;
    assert_int_equal(sscanf(text, "ok %u\n%n", &length, &header), 1);
    assert_int_equal(strlen(text + header), length);
    assert_contains(text, "zones: 1, of which 1 served, 0 stale, 0 failed");
}

static void zones_are_listed(void **state)
{
    assert_contains(ask(*state, "zones\n"), "\nexample.com served 1 3 ");
    assert_contains(ask(*state, "zones json\n"),
                    "{\"ok\":true,\"zones\":[{\"zone\":\"example.com\",\"state\":\"served\",");
}

static void counters_of_workers_are_listed(void **state)
{
    struct fixture *f = *state;
    pulse_add(&f->server.pulse->worker[0].queries[0], 7);
    assert_contains(ask(f, "stats\n"), "\nqueries_udp 7\n");
    assert_contains(ask(f, "stats json\n"), "{\"ok\":true,\"queries_udp\":7,");
}

static void a_reload_answers_when_it_is_done(void **state)
{
    struct fixture *f = *state;
    write_zone(f, 2, "");
    const char *text = ask(f, "reload\n");
    assert_begins(text, "ok ");
    assert_contains(text, "zone example.com: serial 2, 3 RRs, loaded in ");
    assert_contains(text, "1 loaded (0 new), 0 refused, 0 gone, 0 unchanged");
    assert_contains(ask(f, "zones\n"), "example.com served 2 ");
}

static void a_reload_with_a_broken_zone_fails_with_the_caret(void **state)
{
    struct fixture *f = *state;
    write_zone(f, 2, "www 3600 A 192.0.2.256\n");
    const char *text = ask(f, "reload\n");
    assert_begins(text, "failed ");
    assert_contains(text, "zone example.com: refused; serial 1 is served on\n");
    assert_contains(text, "com:4:");
    assert_contains(text, "^");
    assert_begins(ask(f, "reload example.com json\n"), "failed ");
    assert_contains(ask(f, "status\n"), "com:4:");
    assert_contains(ask(f, "zones\n"), "example.com stale 1 ");
}

static void a_reload_of_a_zone_that_isnt_served_fails(void **state)
{
    assert_begins(ask(*state, "reload example.net\n"), "failed ");
}

static void a_refused_configuration_changes_nothing(void **state)
{
    struct fixture *f = *state;
    write_zone(f, 2, "");
    write_file(f, "pharos.yaml", "server: {lisden: [\"127.0.0.1@5300\"]}\n");
    const char *text = ask(f, "reload\n");
    assert_begins(text, "failed ");
    assert_contains(text, "pharos.yaml:1:");
    assert_contains(text, "the configuration is refused; the one before stays");
    assert_contains(ask(f, "zones\n"), "example.com served 1 ");
    assert_contains(ask(f, "status json\n"), "\"last_reload\":{\"at\":");
}

static void reloads_that_come_together_are_each_answered(void **state)
{
    struct fixture *f = *state;
    int fd[8];
    write_zone(f, 2, "");
    for (size_t i = 0; i < 8; i++) {
        fd[i] = client(f);
        say(fd[i], i % 2 == 0 ? "reload\n" : "reload example.com\n");
    }
    for (size_t i = 0; i < 8; i++)
        assert_begins(hear(f, fd[i]), "ok ");
}

static void a_client_that_leaves_during_its_reload_does_no_harm(void **state)
{
    struct fixture *f = *state;
    const int fd = client(f);
    say(fd, "reload\n");
    close(fd);
    while (atomic_load(&f->server.pulse->reloads) == 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_begins(ask(f, "status\n"), "ok ");
}

static void stop_is_answered_and_carried_out(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "stop\n"), "ok 9\nstopping\n");
    assert_int_equal(f->stops, 1);
}

static void a_request_may_come_in_pieces(void **state)
{
    struct fixture *f = *state;
    const int fd = client(f);
    for (const char *at = "stats\n"; *at != '\0'; at++) {
        assert_int_equal(send(fd, at, 1, MSG_NOSIGNAL), 1);
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_begins(hear(f, fd), "ok ");
}

static void nonsense_is_refused_and_too_long_a_line_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    assert_begins(ask(f, "\n"), "failed ");
    assert_begins(ask(f, "\xff\xfe\n"), "failed ");
    assert_begins(ask(f, "drop tables\n"), "failed ");
    char line[CONTROL_LINE_MAX * 2];
    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    assert_string_equal(ask(f, line), "");
    assert_begins(ask(f, "status\n"), "ok ");
}

static void clients_beyond_the_limit_are_turned_away(void **state)
{
    struct fixture *f = *state;
    enum { CLIENTS = CONTROL_CLIENTS_MAX };
    int fd[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        fd[i] = client(f);
        for (int turn = 0; turn < 3; turn++)
            uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    assert_string_equal(hear(f, client(f)), "");
    for (size_t i = 0; i < CLIENTS; i++)
        close(fd[i]);
    for (int turn = 0; turn < 10; turn++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_begins(ask(f, "status\n"), "ok ");
}

#define control_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        control_test(an_answer_has_a_status_its_length_and_that_many_octets),
        control_test(zones_are_listed),
        control_test(counters_of_workers_are_listed),
        control_test(a_reload_answers_when_it_is_done),
        control_test(a_reload_with_a_broken_zone_fails_with_the_caret),
        control_test(a_reload_of_a_zone_that_isnt_served_fails),
        control_test(a_refused_configuration_changes_nothing),
        control_test(reloads_that_come_together_are_each_answered),
        control_test(a_client_that_leaves_during_its_reload_does_no_harm),
        control_test(stop_is_answered_and_carried_out),
        control_test(a_request_may_come_in_pieces),
        control_test(nonsense_is_refused_and_too_long_a_line_ends_the_connection),
        control_test(clients_beyond_the_limit_are_turned_away),
    };
    signal(SIGPIPE, SIG_IGN); /* as main.c does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
