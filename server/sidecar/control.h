/* control.h -- a unix socket that takes lines and gives a line for each
 * Lines are at most CONTROL_LINE_MAX octets; a client that sends a longer one, or doesn't read its
 * answers, is dropped. When all places are taken the one who was silent longest makes room. For one
 * loop's thread. */
#ifndef PHAROS_SERVER_SIDECAR_CONTROL_H
#define PHAROS_SERVER_SIDECAR_CONTROL_H

#include <uv.h>

enum { CONTROL_LINE_MAX = 128, CONTROL_CLIENTS_MAX = 16 };

struct control;

/* Answers `line`, which has no newline, with a line of at most CONTROL_LINE_MAX octets. */
typedef void control_answer(void *arg, char *line, char answer[CONTROL_LINE_MAX]);

/* Listens at `path`. An old socket that nobody listens at is replaced. Returns 0 or a negative errno:
 * -EADDRINUSE where somebody answers there. */
int control_open(struct control **out, uv_loop_t *loop, const char *path,
                 control_answer *answer, void *arg);

/* Removes an old socket that nobody listens at. Returns 0 or a negative errno: -EADDRINUSE where somebody
 * answers there. */
int control_clear_way(const char *path);

/* Ends all connections, removes the socket and frees once the loop has turned. */
void control_close(struct control *control);

#endif
