/* hand.c -- see hand.h */
#include "server/sidecar/hand.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void hand_say(const char *format, ...)
{
    char text[512];
    struct timespec now;
    struct tm tm;
    char when[40] = "<5>";
    if (getenv("JOURNAL_STREAM") == NULL && clock_gettime(CLOCK_REALTIME, &now) == 0
        && gmtime_r(&now.tv_sec, &tm) != NULL) {
        const size_t len = strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(when + len, sizeof(when) - len, ".%03dZ notice ",
                 (int)(now.tv_nsec / 1000000));
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "%s%s\n", when, text);
}

const char *hand_route_to_text(enum hand_route route)
{
    static const char *const text[] = {"down", "drain", "up"};
    return text[route];
}

static void apply(struct hand *hand)
{
    hand->refreshed_ms = uv_now(hand->watch.loop);
    hand->driver.apply(hand, hand->route);
}

static void want(struct hand *hand, enum hand_route route, const char *reason)
{
    if (hand->route == route && strcmp(hand->reason, reason) == 0)
        return;
    if (hand->route != route) {
        hand->progress = HAND_PENDING;
        hand->wanted_ms = uv_now(hand->watch.loop);
    }
    hand->unknown = false;
    hand->route = route;
    hand->reason = reason;
    if (route != HAND_DOWN)
        watch_tell(&hand->watch, "up\n");
    hand->watch.greeting = "announcer\nup\n"; /* until it's down for certain */
    apply(hand);
    hand_say("%s: %s", hand_route_to_text(route), reason);
}

void hand_report(struct hand *hand, enum hand_route route, int err)
{
    if (route != hand->route)
        return;
    const enum hand_progress before = hand->progress;
    hand->progress = err == 0 ? HAND_APPLIED : HAND_FAILING;
    if (hand->progress == before)
        return;
    if (err != 0) {
        hand_say("%s: failed, trying again: %s", hand_route_to_text(route), uv_strerror(err));
        return;
    }
    if (route == HAND_DOWN) {
        hand->watch.greeting = "announcer\ndown\n";
        watch_tell(&hand->watch, "down\n");
    }
}

/* The dead man's rule: whatever the last word was, without a server there's no route. */
static void on_server(struct watch *watch)
{
    struct hand *hand = watch->data;
    static const char *const reason[] = {
        [SERVER_AWAY] = "server-away",
        [SERVER_STARTING] = "server-starting",
        [SERVER_HUNG] = "server-hung",
        [SERVER_LEAVING] = "server-leaving",
    };
    if (watch->server == SERVER_LEAVING && hand->route == HAND_UP && hand->driver.drains)
        want(hand, HAND_DRAIN, reason[SERVER_LEAVING]);
    else if ((hand->route != HAND_DOWN || hand->unknown) && watch->server != SERVER_WELL
             && watch->server != SERVER_UNKNOWN)
        want(hand, HAND_DOWN, reason[watch->server]);
    hand_say("server: %s", server_to_text(watch->server));
}

/* "Up" is put right or refreshed only while the server is well: without that, a lease runs out. */
static void on_tick(struct watch *watch)
{
    struct hand *hand = watch->data;
    const uint64_t now_ms = uv_now(watch->loop);
    notify_feed(&hand->notify, now_ms);
    if (hand->route == HAND_DRAIN && watch->server == SERVER_LEAVING
        && now_ms - hand->wanted_ms >= HAND_LEAVING_MS)
        want(hand, HAND_DOWN, "server-leaving");
    const bool well = watch->server == SERVER_WELL && watch->beats.moved;
    if (hand->unknown)
        return;
    if (now_ms - hand->refreshed_ms < hand->driver.refresh_ms
        || (hand->route != HAND_DOWN && !well))
        return;
    if (hand->driver.refreshes || hand->progress != HAND_APPLIED)
        apply(hand);
}

static bool instance_matches(const struct hand *hand, const char *hex)
{
    char own[2 * PULSE_INSTANCE + 1];
    for (size_t i = 0; i < PULSE_INSTANCE; i++)
        snprintf(own + 2 * i, 3, "%02x", hand->watch.view.instance[i]);
    return strcmp(own, hex) == 0;
}

static void answer_up(struct hand *hand, const char *instance, char answer[CONTROL_LINE_MAX])
{
    if (hand->watch.server != SERVER_WELL) {
        snprintf(answer, CONTROL_LINE_MAX, "refused: the server is %s",
                 server_to_text(hand->watch.server));
    } else if (*instance != '\0' && !instance_matches(hand, instance)) {
        snprintf(answer, CONTROL_LINE_MAX, "refused: another instance serves");
    } else {
        want(hand, HAND_UP, "word");
    }
}

/* Only what is announced can be drained: the word never brings a route up. What isn't known is withdrawn. */
static void drain(struct hand *hand)
{
    if (hand->route == HAND_UP)
        want(hand, hand->driver.drains ? HAND_DRAIN : HAND_DOWN, "word");
    else if (hand->unknown)
        want(hand, HAND_DOWN, "word");
}

void hand_answer(void *arg, char *line, char answer[CONTROL_LINE_MAX])
{
    struct hand *hand = arg;
    if (strcmp(line, "down") == 0)
        want(hand, HAND_DOWN, "word");
    else if (strcmp(line, "up") == 0)
        answer_up(hand, "", answer);
    else if (strncmp(line, "up ", 3) == 0)
        answer_up(hand, line + 3, answer);
    else if (strcmp(line, "drain") == 0)
        drain(hand);
    else if (strcmp(line, "get") != 0)
        snprintf(answer, CONTROL_LINE_MAX, "error: say up, drain, down or get");
    if (answer[0] == '\0')
        snprintf(answer, CONTROL_LINE_MAX, "%s %s %s", hand_route_to_text(hand->route),
                 hand->reason,
                 hand->progress == HAND_APPLIED   ? "applied"
                 : hand->progress == HAND_PENDING ? "pending"
                                                  : "failing");
}

static void take_over(struct hand *hand, enum hand_route found)
{
    hand->route = found;
    hand->reason = found != HAND_DOWN ? "taken-over" : "start";
}

void hand_found(struct hand *hand, enum hand_route found)
{
    if (!hand->unknown)
        return;
    hand->unknown = false;
    take_over(hand, found);
    hand_say("%s: %s", hand_route_to_text(found), hand->reason);
}

int hand_start(struct hand *hand, uv_loop_t *loop, const struct hand_driver *driver,
               enum hand_route found, const char *pulse_path, const char *control_path)
{
    hand->driver = *driver;
    take_over(hand, found);
    hand->unknown = driver->looks;
    hand->wanted_ms = uv_now(loop);
    hand->progress = HAND_PENDING;
    hand->refreshed_ms = 0;
    hand->watch.changed = on_server;
    hand->watch.ticked = on_tick;
    hand->watch.data = hand;
    hand->watch.greeting = "announcer\nup\n";
    int err = control_open(&hand->control, loop, control_path, hand_answer, hand);
    if (err == 0)
        err = watch_start(&hand->watch, loop, pulse_path);
    if (err != 0)
        return err;
    notify_init(&hand->notify);
    notify_send(&hand->notify, "READY=1");
    return 0;
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    uv_stop(signal->loop);
}

void hand_run(struct hand *hand)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    uv_signal_t signals[2];
    for (int i = 0; i < 2; i++) {
        uv_signal_init(hand->watch.loop, &signals[i]);
        uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    uv_run(hand->watch.loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&signals[i], NULL);
    uv_run(hand->watch.loop, UV_RUN_NOWAIT); /* they're on this stack */
}

void hand_stop(struct hand *hand)
{
    notify_send(&hand->notify, "STOPPING=1");
    notify_fini(&hand->notify);
    watch_stop(&hand->watch);
    control_close(hand->control);
}
