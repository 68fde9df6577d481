/* hook.c -- see hook.h */
#include "server/sidecar/hook.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

static void run(struct hook *hook);

static void on_pause_over(uv_timer_t *timer)
{
    struct hook *hook = timer->data;
    hook->pausing = false;
    if (hook->wanted)
        run(hook);
}

static void fail(struct hook *hook, int err)
{
    hook->pausing = true;
    uv_timer_start(&hook->timer, on_pause_over, hook->pause_ms, 0);
    hook->pause_ms =
        hook->pause_ms * 2 < hook->pause_max_ms ? hook->pause_ms * 2 : hook->pause_max_ms;
    hook->finished(hook, hook->wanted_route, err);
}

/* The handle of the process may be used again only now that it has closed. */
static void on_closed(uv_handle_t *handle)
{
    struct hook *hook = handle->data;
    const enum hand_route route = hook->running_route;
    const bool well = hook->exited_well;
    hook->running = false;
    if (!hook->wanted)
        return;
    if (route != hook->wanted_route) {
        run(hook);
    } else if (well) {
        hook->wanted = false;
        hook->pause_ms = HOOK_PAUSE_FIRST_MS;
        hook->finished(hook, route, 0);
    } else {
        fail(hook, -EIO);
    }
}

/* The run is a process group of its own: what it has started would announce after the next run has withdrawn. */
static void kill_all(const struct hook *hook)
{
    assert(hook->process.pid > 1);
    uv_kill(-hook->process.pid, SIGKILL);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct hook *hook = process->data;
    uv_timer_stop(&hook->timer);
    hook->exited_well = status == 0 && signal == 0;
    if (!hook->exited_well)
        kill_all(hook);
    uv_close((uv_handle_t *)process, on_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    struct hook *hook = timer->data;
    if (hook->running && !uv_is_closing((uv_handle_t *)&hook->process))
        kill_all(hook);
}

static void run(struct hook *hook)
{
    char *arguments[HOOK_ADDRESSES_MAX + 3] = {
        (char *)(uintptr_t)hook->path,
        (char *)(uintptr_t)hand_route_to_text(hook->wanted_route)};
    memcpy(arguments + 2, hook->address, sizeof(hook->address));
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE},
                                     {.flags = UV_INHERIT_FD, .data.fd = 2},
                                     {.flags = UV_INHERIT_FD, .data.fd = 2}};
    const uv_process_options_t options = {.exit_cb = on_exit_of,
                                          .file = hook->path,
                                          .args = arguments,
                                          .flags = UV_PROCESS_DETACHED,
                                          .stdio = stdio,
                                          .stdio_count = 3};
    hook->running = true;
    hook->running_route = hook->wanted_route;
    hook->exited_well = false;
    hook->process.data = hook;
    const int err = uv_spawn(hook->loop, &hook->process, &options);
    if (err != 0) {
        uv_close((uv_handle_t *)&hook->process, on_closed);
        return;
    }
    uv_timer_start(&hook->timer, on_timeout, hook->timeout_ms, 0);
}

void hook_start(struct hook *hook, uv_loop_t *loop)
{
    hook->loop = loop;
    hook->pause_ms = HOOK_PAUSE_FIRST_MS;
    hook->timer.data = hook;
    uv_timer_init(loop, &hook->timer);
}

void hook_want(struct hook *hook, enum hand_route route)
{
    const bool turned = hook->wanted_route != route;
    hook->wanted_route = route;
    hook->wanted = true;
    if (turned) {
        hook->pause_ms = HOOK_PAUSE_FIRST_MS;
        on_timeout(&hook->timer); /* what runs is of no use any more */
    }
    if (hook->running || (hook->pausing && !turned))
        return;
    hook->pausing = false;
    run(hook);
}

void hook_stop(struct hook *hook)
{
    hook->wanted = false;
    uv_close((uv_handle_t *)&hook->timer, NULL);
    if (hook->running)
        uv_unref((uv_handle_t *)&hook->process);
}
