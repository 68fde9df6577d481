/* input.h -- the text of a master file, piece by piece, in a buffer that stays in the cache */
#ifndef PHAROS_ZONE_INPUT_H
#define PHAROS_ZONE_INPUT_H

#include "zone/scanner.h"

struct input {
    int fd;             /* owned; -1: from memory */
    uint64_t left;      /* octets of the file that are still to come; 0: until it says that it ends */
    const char *memory; /* borrowed */
    size_t memory_left;
    uint8_t *buffer;
    size_t size; /* of it, less SCANNER_PAD */
};

/* Takes the file over, of which `octets` are to be read; 0: as many as there are. Return 0 or -ENOMEM, with
 * nothing taken. */
int input_init_file(struct input *input, int fd, uint64_t octets);
int input_init_memory(struct input *input, const char *text, size_t len);

/* Closes the file. */
void input_fini(struct input *input);

/* Moves what the scanner hasn't read to the front, and fills up behind it, making the buffer larger
 * where the record under way doesn't fit. Returns the octets read (0 at the end, and then it is the
 * scanner's `last`), -ENOMEM or what read() gave. */
ptrdiff_t input_fill(struct input *input, struct scanner *scanner);

#endif
