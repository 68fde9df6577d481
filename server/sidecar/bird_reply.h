/* bird_reply.h -- what BIRD says over its control socket
 * BIRD 2 answers each command with lines "CODE-TEXT" and at last one "CODE TEXT"; a line that begins with
 * a space goes on as the one before. "+TEXT" is none of that: it's what BIRD writes to its log
 * ("echo"), told at any time. Any octets may come; no line is trusted to be one. No socket, no clock. */
#ifndef PHAROS_SERVER_SIDECAR_BIRD_REPLY_H
#define PHAROS_SERVER_SIDECAR_BIRD_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum { BIRD_LINE_MAX = 512 };

enum bird_kind {
    BIRD_MORE,     /* of a reply that goes on */
    BIRD_LAST,     /* of a reply */
    BIRD_NOTICE,   /* of the log */
    BIRD_NONSENSE, /* follows no rule: the connection isn't with BIRD */
};

/* Codes of replies, 0 to 9999, as far as they matter here. */
enum {
    BIRD_READY = 1,
    BIRD_ALREADY_DISABLED = 8,
    BIRD_DISABLED = 9,
    BIRD_ALREADY_ENABLED = 10,
    BIRD_ENABLED = 11,
    BIRD_PROTOCOL = 1002,       /* a line of "show protocols" */
    BIRD_FIRST_OF_ERRORS = 8000 /* and all above */
};

struct bird_line {
    enum bird_kind kind;
    unsigned code;    /* of the line before, where it goes on; 0 for notices and nonsense */
    const char *text; /* after all that; in the reader, until the next line */
};

/* Cuts octets into lines; begins with zeros. A line that is too long loses its end. */
struct bird_reader {
    size_t filled;
    unsigned code;
    char line[BIRD_LINE_MAX];
};

/* Takes one octet. True: `line` is whole. */
bool bird_reader_take(struct bird_reader *reader, char octet, struct bird_line *line);

/* Whether a line of "show protocols" says that the protocol is up, or on its way there. */
bool bird_protocol_is_up(const struct bird_line *line);

/* Whether a notice tells that protocols may have been enabled or disabled. */
bool bird_notice_matters(const struct bird_line *line);

#endif
