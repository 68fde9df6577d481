/* pharosctl.c -- asks a running pharosd, over its control socket */
#include "server/admin/control_request.h"
#include "server/base/config.h"
#include "server/sidecar/route_request.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    STATUS_WELL = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_UNREACHABLE = 3,
    TIMEOUT_S = CONTROL_SECONDS, /* large zones take a while to load */
    UPGRADE_S = 30,              /* beyond the time that the new server has: to hand over */
};

static const char default_config[] = "/etc/pharos/pharos.yaml";
static const char default_run_dir[] = "/run/pharos";

static const char help[] =
    "Usage: pharosctl [OPTION]... COMMAND\n"
    "Ask a running pharosd, or the pharos-sidecar beside it.\n"
    "\n"
    "Commands:\n"
    "  status          how it's doing, and what is wrong with which zones\n"
    "  zones           all zones: name, state, serial, RRs, octets, when loaded, names changed, file\n"
    "  reload [ZONE]   load what changed, or ZONE if it changed, and wait for it\n"
    "  stats           counters since the start, of all workers together\n"
    "  upgrade         have a new pharosd take over from the running one, and wait for it\n"
    "  stop            drain and stop, and wait for it\n"
    "\n"
    "About the route of a GROUP of addresses, or of all; kept until \"release\":\n"
    "  route [GROUP]   state, signals, thresholds, guard and the last decisions\n"
    "  drain [GROUP]   let others take over, then withdraw\n"
    "  undrain [GROUP] come back from that, when it's clean\n"
    "  hold [GROUP]    leave the route as it is, whatever is measured\n"
    "  force-up, force-down [GROUP]  announce or withdraw in any case; a dead server's route "
    "goes\n"
    "  release [GROUP] no word counts any more: the sidecar decides\n"
    "\n"
    "  -c, --config FILE     find the server by its configuration\n"
    "      --run-dir DIR     find it by its run-dir\n"
    "      --socket PATH     find it by its control socket\n"
    "      --timeout SECONDS how long to wait for an answer (300)\n"
    "      --json            answer for machines\n"
    "      --help            show this and exit\n"
    "      --version         show the version and exit\n"
    "\n"
    "Without any of the first three the configuration is /etc/pharos/pharos.yaml, or where "
    "there's\n"
    "none the run-dir /run/pharos.\n"
    "Exit status: 0 done, 1 the command failed (a zone was refused, for one), 2 wrong usage, 3 "
    "the\n"
    "server can't be reached.\n";

struct arguments {
    const char *config, *run_dir, *socket;
    bool json;
    int timeout_s;
    char **word; /* the command and its argument */
    int words;
};

static int usage(const char *what, const char *argument)
{
    fprintf(stderr, "pharosctl: %s%s%s\nTry 'pharosctl --help'.\n", what,
            argument == NULL ? "" : ": ", argument == NULL ? "" : argument);
    return STATUS_USAGE;
}

static bool read_seconds(const char *text, int *seconds)
{
    char *end;
    const long value = strtol(text, &end, 10);
    *seconds = (int)value;
    return *text != '\0' && *end == '\0' && value > 0 && value <= 86400;
}

/* Returns -1 to go on, or the status to exit with. */
static int read_arguments(struct arguments *arguments, int argc, char **argv)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"run-dir", required_argument, NULL, 'r'},
        {"socket", required_argument, NULL, 's'}, {"timeout", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "c:", known, NULL)) != -1;) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'r':
            arguments->run_dir = optarg;
            break;
        case 's':
            arguments->socket = optarg;
            break;
        case 't':
            if (!read_seconds(optarg, &arguments->timeout_s))
                return usage("--timeout wants seconds, 1 to 86400", optarg);
            break;
        case 'j':
            arguments->json = true;
            break;
        case 'h':
            fputs(help, stdout);
            return STATUS_WELL;
        case 'v':
            puts("pharosctl " PHAROS_VERSION);
            return STATUS_WELL;
        default:
            return usage("wrong option", NULL);
        }
    }
    arguments->word = argv + optind;
    arguments->words = argc - optind;
    return -1;
}

/* The request's line, checked here as the server will, so that mistakes are found without it.
 */
static int make_line(const struct arguments *arguments, char line[CONTROL_LINE_MAX],
                     struct control_request *request)
{
    if (arguments->words == 0)
        return usage("a command is missing", NULL);
    size_t len = 0;
    for (int i = 0; i < arguments->words; i++) {
        const int octets = snprintf(line + len, CONTROL_LINE_MAX - len, "%s%s",
                                    i == 0 ? "" : " ", arguments->word[i]);
        if (octets < 0 || (size_t)octets >= CONTROL_LINE_MAX - len)
            return usage("the command is too long", NULL);
        len += (size_t)octets;
    }
    struct route_request route = {0};
    const bool to_sidecar = route_request_is(line);
    const char *wrong = to_sidecar ? route_request_parse(&route, line)
                                   : control_request_parse(request, line, len);
    if (wrong != NULL)
        return usage(wrong, line);
    request->json = request->json || route.json;
    const char *json = arguments->json && !request->json ? " json" : "";
    char end[32];
    if (request->command == CONTROL_UPGRADE && arguments->words == 1)
        snprintf(end, sizeof end, " %d%s\n", arguments->timeout_s, json);
    else
        snprintf(end, sizeof end, "%s\n", json);
    if (len + strlen(end) >= CONTROL_LINE_MAX)
        return usage("the command is too long", NULL);
    strcpy(line + len, end);
    return -1;
}

static bool path_in(const char *run_dir, const char *name, char *path, size_t size)
{
    const int octets = snprintf(path, size, "%s/%s", run_dir, name);
    return octets > 0 && (size_t)octets < size;
}

static int path_by_config(const char *file, const char *name, char *path, size_t size)
{
    struct config config;
    struct notes notes;
    config_init(&config);
    notes_init(&notes);
    int status = -1;
    if (config_load(&config, file, &notes) != 0) {
        notes_print(&notes, stderr);
        status = STATUS_UNREACHABLE;
    } else if (config.run_dir == NULL) {
        fprintf(stderr, "pharosctl: %s has no server.run-dir, so its server has no socket\n",
                file);
        status = STATUS_UNREACHABLE;
    } else if (!path_in(config.run_dir, name, path, size)) {
        status = usage("the path of run-dir is too long", NULL);
    }
    notes_fini(&notes);
    config_fini(&config);
    return status;
}

static int find_socket(const struct arguments *arguments, const char *name, char *path,
                       size_t size)
{
    if (arguments->socket != NULL) {
        if (strlen(arguments->socket) >= size)
            return usage("the socket's path is too long", NULL);
        strcpy(path, arguments->socket);
        return -1;
    }
    if (arguments->run_dir != NULL)
        return path_in(arguments->run_dir, name, path, size)
                   ? -1
                   : usage("the path of run-dir is too long", NULL);
    if (arguments->config != NULL)
        return path_by_config(arguments->config, name, path, size);
    if (access(default_config, F_OK) == 0)
        return path_by_config(default_config, name, path, size);
    return path_in(default_run_dir, name, path, size) ? -1 : STATUS_UNREACHABLE;
}

static int unreachable(const char *what, int err)
{
    fprintf(stderr, "pharosctl: %s%s%s\n", what, err == 0 ? "" : ": ",
            err == 0 ? "" : strerror(err));
    return STATUS_UNREACHABLE;
}

static int connect_to(const struct sockaddr_un *address, int timeout_s)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval timeout = {.tv_sec = timeout_s};
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0
        || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0
        || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        const int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

/* Everything until the server ends the connection; malloc'd, NUL-terminated. NULL with errno
 * set. */
static char *receive_all(int fd, size_t *len)
{
    size_t capacity = 4096;
    char *text = malloc(capacity);
    *len = 0;
    while (text != NULL) {
        const ssize_t octets = recv(fd, text + *len, capacity - *len - 1, 0);
        if (octets < 0 && errno == EINTR)
            continue;
        if (octets < 0) {
            const int err = errno;
            free(text);
            errno = err;
            return NULL;
        }
        *len += (size_t)octets;
        text[*len] = '\0';
        if (octets == 0)
            return text;
        if (*len + 1 == capacity) {
            char *grown = realloc(text, capacity *= 2);
            if (grown == NULL)
                free(text);
            text = grown;
        }
    }
    errno = ENOMEM;
    return NULL;
}

/* Takes the header off: "ok LENGTH\n" or "failed LENGTH\n". False where the answer isn't whole.
 */
static bool read_answer(char *text, size_t len, bool *ok, char **body)
{
    char *newline = memchr(text, '\n', len);
    if (newline == NULL)
        return false;
    *newline = '\0';
    *ok = strncmp(text, "ok ", 3) == 0;
    if (!*ok && strncmp(text, "failed ", 7) != 0)
        return false;
    char *end;
    const unsigned long long octets = strtoull(strchr(text, ' ') + 1, &end, 10);
    *body = newline + 1;
    return end == newline && octets == len - (size_t)(*body - text);
}

static int ask(int fd, const char *line, bool json)
{
    size_t len = strlen(line);
    if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len)
        return unreachable("can't ask the server", errno);
    char *text = receive_all(fd, &len);
    if (text == NULL)
        return unreachable("no answer from the server", errno);
    bool ok;
    char *body;
    int status;
    if (!read_answer(text, len, &ok, &body)) {
        status = unreachable("the server ended the connection before it had answered", 0);
    } else {
        fputs(body, ok || json ? stdout : stderr);
        status = ok ? STATUS_WELL : STATUS_FAILED;
    }
    free(text);
    return status;
}

/* A descriptor for the process behind the socket; -1 where there's none. */
static int open_process(int fd)
{
    struct ucred peer;
    socklen_t octets = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &octets) != 0 || peer.pid <= 0)
        return -1;
    return (int)syscall(SYS_pidfd_open, peer.pid, 0);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the process has ended; without a descriptor of it (another pid namespace, or an
 * old kernel) until nobody listens any more. */
static int wait_for_end(int process, const struct sockaddr_un *address, int timeout_s)
{
    const int64_t until = now_ms() + (int64_t)timeout_s * 1000;
    struct pollfd poll_for = {.fd = process, .events = POLLIN};
    for (int64_t left; (left = until - now_ms()) > 0;) {
        if (process >= 0) {
            if (poll(&poll_for, 1, (int)left) > 0)
                return STATUS_WELL;
            continue;
        }
        const int fd = connect_to(address, 1);
        if (fd == -ENOENT || fd == -ECONNREFUSED)
            return STATUS_WELL;
        if (fd >= 0)
            close(fd);
        poll(NULL, 0, 50);
    }
    fputs("pharosctl: the server hasn't ended yet\n", stderr);
    return STATUS_FAILED;
}

static int run(const struct arguments *arguments)
{
    char line[CONTROL_LINE_MAX];
    struct control_request request = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int status = make_line(arguments, line, &request);
    if (status < 0)
        status = find_socket(arguments, route_request_is(line) ? ROUTE_SOCKET : CONTROL_SOCKET,
                             address.sun_path, sizeof address.sun_path);
    if (status >= 0)
        return status;
    const bool upgrades = request.command == CONTROL_UPGRADE;
    const int fd = connect_to(&address, arguments->timeout_s + (upgrades ? UPGRADE_S : 0));
    if (fd < 0) {
        fprintf(stderr, "pharosctl: no %s at %s: %s\n",
                route_request_is(line) ? "pharos-sidecar" : "pharosd", address.sun_path,
                strerror(-fd));
        return STATUS_UNREACHABLE;
    }
    const bool stops = !route_request_is(line) && request.command == CONTROL_STOP;
    const int process = stops ? open_process(fd) : -1;
    status = ask(fd, line, arguments->json || request.json);
    close(fd);
    if (stops && status == STATUS_WELL)
        status = wait_for_end(process, &address, arguments->timeout_s);
    if (process >= 0)
        close(process);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.timeout_s = TIMEOUT_S};
    int status = read_arguments(&arguments, argc, argv);
    if (status < 0)
        status = run(&arguments);
    if (fflush(stdout) != 0)
        return STATUS_FAILED;
    return status;
}
