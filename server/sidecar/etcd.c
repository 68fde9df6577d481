/* etcd.c -- see etcd.h
 * libcurl says which sockets to watch and when to be woken; libuv does. */
#include "server/sidecar/etcd.h"

#include "server/base/log.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct etcd {
    struct config_fleet config; /* its texts are borrowed */
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    unsigned handles; /* to be closed before this is freed */
    bool closing;
    size_t endpoint;
    bool away;                 /* the log has it */
    char told[ETCD_ERROR_MAX]; /* the last refusal that the log has */
    char password[ETCD_PASSWORD_MAX];
    char token[ETCD_TOKEN_MAX];
};

/* A socket of libcurl's. */
struct watched {
    uv_poll_t poll;
    struct etcd *etcd;
    curl_socket_t socket;
};

static const char *endpoint_of(const struct etcd *e)
{
    return e->config.etcd[e->endpoint];
}

static void forget_body(struct etcd_call *call)
{
    free(call->body);
    call->body = NULL;
    call->octets = call->room = 0;
}

/* What was sent may hold a password. */
static void forget_text(struct etcd_text *text)
{
    if (text->body != NULL)
        explicit_bzero(text->body, text->octets);
    free(text->body);
    *text = (struct etcd_text){0};
}

static void end_transfer(struct etcd_call *call)
{
    curl_multi_remove_handle(call->etcd->multi, call->easy);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    call->easy = call->headers = NULL;
    forget_body(call);
    forget_text(&call->login_text);
}

void etcd_drop(struct etcd_call *call)
{
    if (call->easy != NULL)
        end_transfer(call);
    forget_text(&call->text);
}

static void pass_on(struct etcd *e)
{
    e->endpoint = (e->endpoint + 1) % e->config.etcds;
}

static void tell_away(struct etcd *e, const char *why)
{
    if (!e->away)
        log_warning("fleet: the store is away: %s: %s", endpoint_of(e), why);
    e->away = true;
    pass_on(e);
}

/* A refusal is an answer: the store is there. But it may be this endpoint's alone, as a learner's or that
 * of a proxy. */
static void tell_here(struct etcd *e, enum fleet_result result, const char *refusal)
{
    if (e->away)
        log_notice("fleet: the store answers: %s", endpoint_of(e));
    e->away = false;
    if (*refusal != '\0' && strcmp(refusal, e->told) != 0) {
        log_warning("fleet: the store refuses: %s", refusal);
        memcpy(e->told, refusal, sizeof(e->told));
    }
    if (result == FLEET_REFUSED)
        pass_on(e);
}

static void answer(struct etcd_call *call, struct fleet_reply *reply)
{
    etcd_drop(call);
    call->answered(call, reply);
    etcd_reply_fini(reply);
}

static size_t on_octets(char *octets, size_t size, size_t count, void *data)
{
    struct etcd_call *call = data;
    const size_t more = size * count;
    if (more > ETCD_REPLY_MAX - call->octets)
        return 0;
    if (call->octets + more > call->room) {
        const size_t room = 2 * (call->octets + more);
        char *body = realloc(call->body, room);
        if (body == NULL)
            return 0;
        call->body = body;
        call->room = room;
    }
    memcpy(call->body + call->octets, octets, more);
    call->octets += more;
    return more;
}

static bool add_header(struct etcd_call *call, const char *header)
{
    struct curl_slist *more = curl_slist_append(call->headers, header);
    if (more != NULL)
        call->headers = more;
    return more != NULL;
}

static bool set_headers(struct etcd_call *call)
{
    char token[ETCD_TOKEN_MAX + 32];
    bool done =
        add_header(call, "Content-Type: application/json") && add_header(call, "Expect:");
    if (!call->login && call->etcd->token[0] != '\0') {
        snprintf(token, sizeof(token), "Authorization: %s", call->etcd->token);
        done = done && add_header(call, token);
    }
    return done && curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK;
}

static bool set_tls(CURL *easy, const struct config_fleet *config)
{
    bool done = true;
    if (config->ca_file != NULL)
        done = curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file) == CURLE_OK
               && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
    if (done && config->cert_file != NULL)
        done = curl_easy_setopt(easy, CURLOPT_SSLCERT, config->cert_file) == CURLE_OK;
    if (done && config->key_file != NULL)
        done = curl_easy_setopt(easy, CURLOPT_SSLKEY, config->key_file) == CURLE_OK;
    return done;
}

/* Redirections and proxies of the environment aren't for us, and other protocols neither. A thread that
 * looks a name up is left to itself when the transfer ends: libcurl would wait for it by default, for
 * seconds where the resolver is silent. */
static bool set_transfer(struct etcd_call *call, const char *url, const struct etcd_text *text)
{
    CURL *easy = call->easy;
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ETCD_TIMEOUT_MS) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ETCD_CONNECT_MS)
                  == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)text->octets) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text->body) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_octets) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK;
}

/* Sends a text to the endpoint whose turn it is. */
static int transfer(struct etcd_call *call, const struct etcd_text *text)
{
    struct etcd *e = call->etcd;
    char url[512];
    snprintf(url, sizeof(url), "%s%s", endpoint_of(e), text->path);
    call->error[0] = '\0';
    call->easy = curl_easy_init();
    if (call->easy == NULL)
        return -ENOMEM;
    if (set_transfer(call, url, text) && set_headers(call) && set_tls(call->easy, &e->config)
        && curl_multi_add_handle(e->multi, call->easy) == CURLM_OK)
        return 0;
    end_transfer(call);
    return -ENOMEM;
}

/* A token first, where one is needed. */
static int begin(struct etcd_call *call)
{
    const struct config_fleet *config = &call->etcd->config;
    call->login = config->user != NULL && call->etcd->token[0] == '\0';
    if (!call->login)
        return transfer(call, &call->text);
    const int err =
        etcd_message_write_login(&call->login_text, config->user, call->etcd->password);
    return err != 0 ? err : transfer(call, &call->login_text);
}

int etcd_ask(struct etcd *etcd, struct etcd_call *call, const struct fleet_request *request,
             const char *prefix)
{
    call->etcd = etcd;
    call->request = *request;
    call->logged_in = false;
    snprintf(call->prefix, sizeof(call->prefix), "%s", prefix);
    int err = etcd_message_write(&call->text, request, prefix);
    if (err == 0)
        err = begin(call);
    if (err != 0)
        etcd_drop(call);
    return err;
}

/* Once more, with a token that is new; or not at all. */
static void begin_again(struct etcd_call *call)
{
    struct fleet_reply reply = {.result = FLEET_LOST};
    end_transfer(call);
    if (begin(call) != 0)
        answer(call, &reply);
}

static void end_login(struct etcd_call *call, long status)
{
    struct etcd *e = call->etcd;
    char error[ETCD_ERROR_MAX];
    struct fleet_reply reply = {.result = status >= 500 ? FLEET_LOST : FLEET_REFUSED};
    if (etcd_message_read_login(e->token, status, call->body, call->octets, error)) {
        begin_again(call);
        return;
    }
    if (reply.result == FLEET_LOST)
        tell_away(e, error);
    else
        tell_here(e, reply.result, error);
    answer(call, &reply);
}

static void end_request(struct etcd_call *call, long status)
{
    struct etcd *e = call->etcd;
    char error[ETCD_ERROR_MAX];
    struct fleet_reply reply;
    const enum etcd_trouble trouble = etcd_message_read(
        &reply, &call->request, call->prefix, status, call->body, call->octets, error);
    if (trouble == ETCD_LOGIN && e->config.user != NULL && !call->logged_in) {
        e->token[0] = '\0';
        call->logged_in = true;
        begin_again(call);
        return;
    }
    if (trouble == ETCD_TROUBLE)
        tell_away(e, error);
    else
        tell_here(e, reply.result, error);
    answer(call, &reply);
}

static void end_call(struct etcd_call *call, CURLcode code)
{
    struct fleet_reply reply = {.result = FLEET_LOST};
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        tell_away(call->etcd, call->error[0] != '\0' ? call->error : curl_easy_strerror(code));
        answer(call, &reply);
    } else if (call->login) {
        end_login(call, status);
    } else {
        end_request(call, status);
    }
}

static void look_for_ends(struct etcd *e)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(e->multi, &left)) != NULL) {
        char *call = NULL;
        const CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE
            && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call) == CURLE_OK)
            end_call((struct etcd_call *)(void *)call, code);
    }
}

static void act(struct etcd *e, curl_socket_t socket, int events)
{
    int running;
    curl_multi_socket_action(e->multi, socket, events, &running);
    look_for_ends(e);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct watched *w = poll->data;
    const int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0)
                     | (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    act(w->etcd, w->socket, status < 0 ? CURL_CSELECT_ERR : what);
}

static int on_wake(CURLM *multi, long timeout_ms, void *data)
{
    struct etcd *e = data;
    (void)multi;
    if (timeout_ms < 0)
        uv_timer_stop(&e->timer);
    else
        uv_timer_start(&e->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void let_go(struct etcd *e)
{
    if (--e->handles != 0 || !e->closing)
        return;
    explicit_bzero(e, sizeof(*e));
    free(e);
    curl_global_cleanup();
}

static void on_timer_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct watched *w = handle->data;
    struct etcd *e = w->etcd;
    free(w);
    let_go(e);
}

static struct watched *watch_socket(struct etcd *e, curl_socket_t socket)
{
    struct watched *w = calloc(1, sizeof(*w));
    if (w == NULL || uv_poll_init_socket(e->loop, &w->poll, socket) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->etcd = e;
    w->socket = socket;
    e->handles++;
    curl_multi_assign(e->multi, socket, w);
    return w;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *data, void *of_socket)
{
    struct etcd *e = data;
    struct watched *w = of_socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, on_poll_closed);
            curl_multi_assign(e->multi, socket, NULL);
        }
        return 0;
    }
    if (w == NULL && (w = watch_socket(e, socket)) == NULL)
        return -1;
    const int events =
        (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&w->poll, events, on_poll) == 0 ? 0 : -1;
}

/* Its first line. */
static int read_password(struct etcd *e, char why[ETCD_ERROR_MAX])
{
    const char *path = e->config.password_file;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const ssize_t octets = fd < 0 ? -1 : read(fd, e->password, sizeof(e->password) - 1);
    const int err = octets < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    e->password[octets > 0 ? octets : 0] = '\0';
    e->password[strcspn(e->password, "\r\n")] = '\0';
    if (err == 0 && e->password[0] != '\0')
        return 0;
    snprintf(why, ETCD_ERROR_MAX, "%.150s: %s", path,
             err != 0 ? strerror(-err) : "no password");
    return err != 0 ? err : -EINVAL;
}

static bool set_multi(struct etcd *e)
{
    return curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK
           && curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e) == CURLM_OK
           && curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, on_wake) == CURLM_OK
           && curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e) == CURLM_OK;
}

int etcd_open(struct etcd **out, uv_loop_t *loop, const struct config_fleet *fleet,
              char why[ETCD_ERROR_MAX])
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(why, ETCD_ERROR_MAX, "libcurl doesn't start");
        return -EIO;
    }
    struct etcd *e = calloc(1, sizeof(*e));
    int err = -ENOMEM;
    snprintf(why, ETCD_ERROR_MAX, "out of memory");
    if (e != NULL) {
        *e = (struct etcd){.config = *fleet, .loop = loop, .handles = 1};
        e->multi = curl_multi_init();
        err = e->multi == NULL || !set_multi(e) ? -ENOMEM : 0;
    }
    if (err == 0 && fleet->user != NULL)
        err = read_password(e, why);
    if (err != 0) {
        if (e != NULL)
            curl_multi_cleanup(e->multi);
        free(e);
        curl_global_cleanup();
        return err;
    }
    uv_timer_init(loop, &e->timer);
    e->timer.data = e;
    *out = e;
    return 0;
}

void etcd_close(struct etcd *e)
{
    e->closing = true;
    curl_multi_cleanup(e->multi);
    uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}
