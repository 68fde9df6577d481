/* main.c -- pharosd: start, signals, drain, stop */
#include "server/admin/check.h"
#include "server/admin/control.h"
#include "server/admin/crash.h"
#include "server/admin/fd_store.h"
#include "server/admin/privileges.h"
#include "server/admin/progress.h"
#include "server/admin/pulse_groups.h"
#include "server/admin/reload.h"
#include "server/admin/run_dir.h"
#include "server/admin/server.h"
#include "server/admin/settle.h"
#include "server/admin/state_dir.h"
#include "server/admin/takeover.h"
#include "server/admin/upgrade.h"
#include "server/base/descriptors.h"
#include "server/base/log.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WITHDRAW_MS = 10000, /* how long the announcer may take to say that the route is gone */
    DRAIN_MS = 5000,
    END_MS = 1000, /* for the workers to end after another server has taken over */
};

enum { SIGNALS = 4 };

/* The process: the server and what only its main function needs. */
struct process {
    struct server server;
    struct program program;
    struct inherited inherited; /* sockets that the service manager kept */
    uv_loop_t loop;
    uv_signal_t signal[SIGNALS];
    uv_timer_t watchdog;
    uint64_t heartbeats; /* of all workers together, when the watchdog was last fed */
    int status;
};

static unsigned cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    const int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

/* The last step: ends the loop when nothing is under way any more. */
static void end_when_idle(struct server *server)
{
    if (server->drained && !reload_busy(server->reload))
        uv_stop(server->loop);
}

static void drain(void *context, bool withdrawn)
{
    struct server *server = context;
    if (server->drained)
        return;
    if (!withdrawn)
        log_warning("the announcer didn't say that the route is gone; stopping all the same");
    if (server->answering)
        front_drain(server->front, DRAIN_MS);
    atomic_store(&server->pulse->state, PULSE_STOPPING);
    server->drained = true;
    end_when_idle(server);
}

/* Withdraws the route, waits for that, answers what is under way. Asked a second time it
 * doesn't wait for the route. */
static void stop(struct server *server)
{
    if (server->stopping) {
        drain(server, true);
        return;
    }
    log_notice("stopping");
    server->stopping = true;
    upgrade_cancel(server->upgrade, "the server stops");
    atomic_store(&server->pulse->state, PULSE_DRAINING);
    notify_send(&server->notify, "STOPPING=1\nSTATUS=draining");
    maintain_cancel(server->maintain);
    if (server->pulse_socket != NULL)
        pulse_socket_wait_withdrawn(server->pulse_socket, WITHDRAW_MS, drain, server);
    else
        drain(server, true);
}

static void round_over(struct server *server)
{
    const struct maintain_totals totals = maintain_totals(server->maintain);
    struct pulse *pulse = server->pulse;
    atomic_store_explicit(&pulse->zones, (uint32_t)totals.zones, memory_order_relaxed);
    atomic_store_explicit(&pulse->zones_stale, (uint32_t)totals.stale, memory_order_relaxed);
    atomic_store_explicit(&pulse->zones_failed, (uint32_t)totals.failed, memory_order_relaxed);
    atomic_store_explicit(&pulse->signatures_expire, totals.signatures_expire,
                          memory_order_relaxed);
    pulse_groups_fill(pulse, &server->config.route, server->maintain);
    progress_stop(server->progress);
    if (server->answering && !server->stopping)
        notify_send(&server->notify, "READY=1\nSTATUS=%zu zones, %zu stale, %zu failed",
                    totals.zones, totals.stale, totals.failed);
    end_when_idle(server);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct server *server = signal->data;
    switch (number) {
    case SIGHUP:
        log_notice("SIGHUP: reloading");
        if (upgrade_busy(server->upgrade))
            upgrade_reload_after(server->upgrade);
        if (reload_request(server->reload, NULL, NULL, NULL) != 0)
            log_error("can't reload: too many reloads wait");
        return;
    case SIGUSR1:
        if (log_reopen() == 0)
            log_notice("SIGUSR1: log file opened again");
        return;
    default:
        log_notice("%s", number == SIGTERM ? "SIGTERM" : "SIGINT");
        stop(server);
    }
}

/* The service manager is told that we're alive as long as any worker is. */
static void feed_watchdog(uv_timer_t *timer)
{
    struct process *process = timer->data;
    const struct server *server = &process->server;
    uint64_t heartbeats = 0;
    for (unsigned i = 0; i < server->workers; i++)
        heartbeats +=
            atomic_load_explicit(&server->pulse->worker[i].heartbeat, memory_order_relaxed);
    if (heartbeats != process->heartbeats || !server->answering || server->stopping)
        notify_send(&server->notify, "WATCHDOG=1");
    process->heartbeats = heartbeats;
}

static void watch_heartbeats(struct process *process)
{
    const uint64_t every_ms = process->server.notify.watchdog_ms;
    if (every_ms > 0)
        uv_timer_start(&process->watchdog, feed_watchdog, 0, every_ms);
}

/* What a server does that is the only one: keeps its sockets, and says that it's ready. */
static void settle_in(struct process *process)
{
    struct server *server = &process->server;
    fd_store_forget(&server->notify, server->takeover != NULL ? &server->takeover->sockets
                                                              : &process->inherited);
    fd_store_keep(&server->notify, server->front);
    log_notice("ready");
    round_over(server);
}

static int open_sockets(struct server *server);

/* The server before us has given us everything, or is gone. */
static void take_charge(struct server *server)
{
    struct process *process = server->loop->data;
    struct takeover *takeover = server->takeover;
    int err = open_sockets(server);
    if (err == 0)
        err = run_dir_sign(server->lock);
    if (err != 0)
        log_error("can't take the whole of run-dir over: %s", strerror(-err));
    for (; server->pulse_socket != NULL && takeover->watchers > 0; takeover->watchers--)
        pulse_socket_adopt(server->pulse_socket, &takeover->watcher[takeover->watchers - 1]);
    notify_init(&server->notify);
    watch_heartbeats(process);
    settle_in(process);
    takeover_close(takeover);
    server->takeover = NULL;
}

static void fail_to_start(struct process *process, const char *why)
{
    struct server *server = &process->server;
    log_error("can't start: %s", why);
    takeover_fail(server->takeover, why);
    process->status = EXIT_FAILURE;
    server->stopping = server->drained = true;
    end_when_idle(server);
}

static void loaded(void *context, const struct reload_result *result)
{
    struct process *process = context;
    struct server *server = &process->server;
    if (server->stopping)
        return;
    const int err =
        result->outcome->err != 0 ? result->outcome->err : front_start(server->front);
    if (err != 0) {
        fail_to_start(process, strerror(-err));
        return;
    }
    server->answering = true;
    atomic_store(&server->pulse->state, PULSE_SERVING);
    for (size_t i = 0; i < server->config.listens; i++) {
        char text[ADDRESS_TEXT_MAX];
        log_info("listening on %s (udp, tcp)",
                 address_to_text(front_address(server->front, i), text));
    }
    for (size_t i = 0; i < front_xdps(server->front); i++)
        log_info("listening on %s", front_xdp_text(server->front, i));
    if (server->takeover != NULL)
        takeover_ready(server->takeover);
    else
        settle_in(process);
}

static void watch_signals(struct process *process)
{
    static const int numbers[SIGNALS] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of write() */
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&process->loop, &process->signal[i]);
        process->signal[i].data = &process->server;
        uv_signal_start(&process->signal[i], on_signal, numbers[i]);
    }
    uv_timer_init(&process->loop, &process->watchdog);
    process->watchdog.data = process;
    watch_heartbeats(process);
}

static int failed(const char *what, int err)
{
    log_error("%s: %s", what, strerror(-err));
    return err;
}

static int lock_run_dir(struct server *server, uid_t uid, gid_t gid, struct notes *notes)
{
    const char *run_dir = server->config.run_dir;
    if (run_dir == NULL)
        return 0;
    if (server->takeover == NULL)
        return run_dir_lock(run_dir, uid, gid, &server->lock, notes);
    server->lock = server->takeover->lock;
    server->takeover->lock = -1;
    return run_dir_inherit(run_dir, server->lock, notes);
}

/* What needs privileges: the lock in a folder that may be root's, and the sockets. */
static int open_privileged(struct process *process, struct notes *notes)
{
    struct server *server = &process->server;
    const struct config *config = &server->config;
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;
    int err = 0;
    if (config->user != NULL && geteuid() == 0)
        err = privileges_find_user(config->user, &uid, &gid, notes);
    if (err == 0)
        err = lock_run_dir(server, uid, gid, notes);
    if (err != 0)
        return err;
    if (config->state_dir != NULL)
        state_dir_prepare(config->state_dir, uid, gid, notes);
    const struct front_config front = {
        .listen = config->listen,
        .listens = config->listens,
        .xdp = config->xdp,
        .xdps = config->xdps,
        .workers = server->workers,
        .limits = config->limits,
        .by_cpu = config->spread == SPREAD_CPU,
        .busy_poll = config->busy_poll != 0,
        .inherited =
            server->takeover != NULL ? &server->takeover->sockets : &process->inherited,
        .store = server->store,
        .pulse = server->pulse,
    };
    err = front_open(&server->front, &front, notes);
    return err == 0 ? privileges_drop(config->user, notes) : err;
}

static int open_pulse_socket(struct server *server)
{
    const char *run_dir = server->config.run_dir;
    if (server->takeover == NULL)
        return pulse_socket_open(&server->pulse_socket, server->loop, run_dir, server->memfd);
    const int err = pulse_socket_inherit(&server->pulse_socket, server->loop, run_dir,
                                         server->memfd, server->takeover->pulse);
    if (err == 0)
        server->takeover->pulse = -1;
    return err;
}

static int open_control(struct server *server)
{
    const char *run_dir = server->config.run_dir;
    if (server->takeover == NULL)
        return control_open(&server->control, server, run_dir);
    const int listener = server->takeover->control;
    server->takeover->control = -1;
    return control_inherit(&server->control, server, run_dir, listener);
}

/* For the only server, or the one in charge. */
static int open_sockets(struct server *server)
{
    if (server->config.run_dir == NULL)
        return 0;
    int err = open_pulse_socket(server);
    if (err != 0)
        return failed("can't open the pulse's socket in run-dir", err);
    crash_watch(server->pulse_socket);
    err = open_control(server);
    return err == 0 ? 0 : failed("can't open the control socket in run-dir", err);
}

/* The image of a zone turned out to be damaged: its text is loaded. */
static void load_text(void *context, const struct name *name)
{
    const struct server *server = context;
    if (server->stopping || reload_request(server->reload, name, NULL, NULL) == 0)
        return;
    log_error("can't load the text of a zone whose image is damaged: too many reloads wait");
}

static int keep_images(struct server *server)
{
    const struct image_settings settings = {.folder = server->config.state_dir};
    return settings.folder == NULL
               ? 0
               : maintain_keep_images(server->maintain, &settings, load_text, server);
}

static int open_all(struct process *process)
{
    struct server *server = &process->server;
    server->pulse = pulse_new(server->workers, server->config.listen, server->config.listens,
                              &server->memfd);
    server->store = store_new(server->workers);
    if (server->pulse == NULL || server->store == NULL)
        return failed("can't start", -ENOMEM);
    int err = settle_begin(server);
    if (err != 0)
        return failed("can't draw a cookie secret", err);
    settle_answer(server, &server->config.answer);

    struct notes notes;
    notes_init(&notes);
    err = open_privileged(process, &notes);
    log_notes(&notes);
    if (err != 0)
        takeover_fail_notes(server->takeover, &notes);
    notes_fini(&notes);
    if (err != 0)
        return err;
    if (geteuid() == 0)
        log_warning("running as root: server.user names the user to become");

    server->maintain = maintain_new(&process->loop, server->store, server->threads);
    server->reload = reload_new(server);
    server->progress = progress_new(server);
    server->upgrade = upgrade_new(server, &process->program);
    if (server->maintain == NULL || server->reload == NULL || server->progress == NULL
        || server->upgrade == NULL || keep_images(server) != 0)
        return failed("can't start", -ENOMEM);
    if (server->takeover == NULL) {
        /* Nobody asks anything yet. In an upgrade the server before this one answers meanwhile. */
        maintain_first_threads(server->maintain, cpus());
        return open_sockets(server);
    }
    takeover_watch(server->takeover, server, take_charge);
    return 0;
}

static void close_all(struct process *process)
{
    struct server *server = &process->server;
    upgrade_close(server->upgrade);
    takeover_close(server->takeover);
    server->takeover = NULL;
    control_close(server->control);
    crash_watch(NULL);
    if (server->pulse_socket != NULL)
        pulse_socket_close(server->pulse_socket);
    progress_close(server->progress);
    if (server->maintain != NULL)
        maintain_close(server->maintain);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&process->signal[i], NULL);
    uv_close((uv_handle_t *)&process->watchdog, NULL);
    uv_run(&process->loop, UV_RUN_DEFAULT);

    if (server->handed_over && !front_stop(server->front, END_MS))
        _exit(process->status); /* a stuck worker's end isn't waited for */
    if (server->front != NULL)
        front_free(server->front);
    reload_free(server->reload);
    maintain_free(server->maintain);
    store_free(server->store);
    if (server->pulse != NULL)
        pulse_free(server->pulse);
    if (server->memfd >= 0)
        close(server->memfd);
    run_dir_unlock(server->lock);
    notify_fini(&server->notify);
}

static int serve(struct process *process)
{
    struct server *server = &process->server;
    server->loop = &process->loop;
    server->lock = server->memfd = -1;
    server->started = time(NULL);
    server->stop = stop;
    server->round_over = round_over;
    if (uv_loop_init(&process->loop) != 0)
        return EXIT_FAILURE;
    process->loop.data = process;
    server->started_ms = uv_now(&process->loop);
    server->notify.fd = -1;
    if (server->takeover == NULL)
        notify_init(&server->notify);
    log_notice("pharosd %s starts with %u workers", PHAROS_VERSION, server->workers);

    const int err = open_all(process);
    watch_signals(process);
    process->status = err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    if (err == 0) {
        progress_watch(server->progress);
        if (reload_first(server->reload, loaded, process) == 0)
            uv_run(&process->loop, UV_RUN_DEFAULT);
    }
    close_all(process);
    uv_loop_close(&process->loop);
    if (process->status == EXIT_SUCCESS)
        log_notice("stopped");
    return process->status;
}

/* What another process has for us: the server before, or the service manager. */
static int inherit(struct process *process)
{
    if (takeover_wanted()) {
        const int err = takeover_begin(&process->server.takeover);
        if (err != 0)
            fprintf(stderr, "pharosd: can't take over from another server: %s\n",
                    strerror(-err));
        return err;
    }
    const unsigned refused = fd_store_take(&process->inherited);
    if (refused != 0)
        fprintf(stderr, "pharosd: %u of the sockets that were passed can't be used\n", refused);
    return 0;
}

static int run(struct process *process)
{
    struct config *config = &process->server.config;
    const unsigned threads = cpus() > 1 ? cpus() - 1 : 1;
    process->server.workers = config->workers == 0 ? cpus() : config->workers;
    process->server.threads = threads;
    char text[16];
    snprintf(text, sizeof text, "%u", cpus()); /* they all load when it starts */
    setenv("UV_THREADPOOL_SIZE", text, 0);
    if (process->server.options->check_config)
        return check_zones(config, threads);
    const int err =
        log_open("pharosd", config->log_level, config->log_format, config->log_file);
    if (err == 0)
        return serve(process);
    fprintf(stderr, "pharosd: can't open the log: %s\n", strerror(-err));
    takeover_fail(process->server.takeover, "can't open the log");
    return EXIT_FAILURE;
}

static int start(const struct options *options, char **argv)
{
    static struct process process; /* too large for a stack, and one a process */
    struct server *server = &process.server;
    server->options = options;
    int err = inherit(&process);
    if (err == 0)
        err = program_init(&process.program, argv);
    if (err != 0)
        return EXIT_FAILURE;
    struct notes notes;
    notes_init(&notes);
    err = options_config(options, &server->config, &notes);
    notes_print(&notes, stderr);
    if (err != 0)
        takeover_fail_notes(server->takeover, &notes);
    notes_fini(&notes);
    const int status = err == 0 ? run(&process) : EXIT_FAILURE;
    config_fini(&server->config);
    takeover_close(server->takeover);
    inherited_fini(&process.inherited);
    program_fini(&process.program);
    return status;
}

int main(int argc, char **argv)
{
    if (descriptors_reserve() != 0)
        return EXIT_FAILURE;
    struct options options;
    int status = options_parse(&options, argc, argv);
    if (status == 0 && options.help)
        options_print_help();
    else if (status == 0 && options.version)
        puts("pharosd " PHAROS_VERSION);
    else if (status == 0)
        status = start(&options, argv);
    options_fini(&options);
    return status;
}
