/* master.h -- records of a master file, one after the other
 * Takes the scanner's tokens for what RFC 1035 section 5.1 says they are: owner, TTL, class, type and
 * RDATA with their defaults, and the directives. Mistakes go to notes, and reading goes on with the
 * next record. One thread at a time. */
#ifndef PHAROS_ZONE_MASTER_H
#define PHAROS_ZONE_MASTER_H

#include "zone/name.h"
#include "zone/notes.h"
#include "zone/rdata_text.h"
#include "zone/scan_name.h"
#include "zone/scanner.h"
#include "zone/zone.h"

enum {
    MASTER_GENERATED_MAX = 65536, /* records of one $GENERATE */
    MASTER_WORDS = 64,            /* a power of two */
};

/* Where records go. Non-zero returns (negative errno) end the reading. */
struct master_sink {
    int (*record)(void *context, const struct name *owner, uint16_t type, uint32_t ttl,
                  const uint8_t *rdata, uint16_t rdata_octets, struct place place);
    /* Reads the file that $INCLUDE names with this same master, whose origin is set already.
     * `token` is where that stands. A mistake (no such file, a loop) is recorded in the scanner, and
     * 0 returned. NULL: $INCLUDE is refused. */
    int (*include)(void *context, const char *path, const struct token *token);
    void *context;
};

/* What a short word stands for between owner and RDATA. */
enum master_word { MASTER_WORD_NONE, MASTER_WORD_TTL, MASTER_WORD_CLASS, MASTER_WORD_TYPE };

struct master_entry {
    uint64_t text; /* up to 8 octets, zeros behind */
    uint32_t value;
    enum master_word word;
};

struct master {
    struct scanner scanner;
    struct name apex;
    struct name origin;
    struct name owner;                                    /* of the last record */
    uint8_t owner_room[SCAN_NAME_ROOM - NAME_OCTETS_MAX]; /* scan_name() may write on behind */
    bool has_owner;     /* a record with an owner came before */
    bool owner_refused; /* and it was wrong: so it goes for those without one behind it */
    bool origin_in_zone;
    bool has_default_ttl, has_last_ttl;
    uint32_t default_ttl; /* $TTL */
    uint32_t last_ttl;    /* the last one stated, RFC 1035 section 5.1 */
    uint64_t records;
    uint64_t generated, generated_max; /* by $GENERATE, in all */

    const char *file; /* borrowed; as notes name it */
    uint32_t file_index;
    const struct spot *generating; /* the $GENERATE under way, or NULL */
    struct notes *notes;
    struct master_sink sink;
    struct master_entry words[MASTER_WORDS]; /* seen before: nearly all are */
    uint8_t rdata[RDATA_ROOM];
};

/* Sets up; `apex`, in any case, is the origin too. The scanner is the caller's to set. It's large:
 * allocate it. */
void master_init(struct master *master, const struct name *apex, struct notes *notes,
                 const struct master_sink *sink);

/* Reads records while there's at least `low` octets of text ahead, or to its end where the scanner
 * has the last of it. Returns 0: more text is wanted (`scanner.starved` tells if the record under
 * way didn't fit) or all is read; or what the sink returned, or -EBADMSG where too many mistakes
 * were met. */
int master_read(struct master *master, size_t low);

/* A record on its way: what stands before its RDATA. */
struct master_head {
    const uint8_t *first; /* the record's first token */
    struct token type_token;
    uint16_t type;
    uint32_t ttl;
    bool has_ttl, has_class;
};

/* Reads TTL, class and type, from the token in `token` on, which may be the type already. False with
 * a mistake recorded or the scanner starved. */
bool master_read_head(struct master *master, struct token *token, struct master_head *head);

/* True where `name` is at or below `apex`. */
bool master_in_zone(const struct name *name, const struct name *apex);

/* Carries out a directive whose first token is `directive`, and reads to the end of its record.
 * False with a mistake recorded or the scanner starved; `*err` is what the sink returned. */
bool master_directive(struct master *master, const struct token *directive, int *err);

/* $GENERATE, as above (generate.c). */
bool master_generate(struct master *master, int *err);

/* Reads one record or directive, or an empty line. Returns as master_read(). */
int master_read_record(struct master *master);

#endif
