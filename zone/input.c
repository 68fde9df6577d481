/* input.c -- the text of a master file, piece by piece */
#include "zone/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Large enough that moving the rest of a piece costs nothing, small enough for a second-level cache. */
enum { PIECE_OCTETS = 256 * 1024 };

static int init(struct input *input, size_t size)
{
    input->buffer = malloc(size + SCANNER_PAD);
    if (input->buffer == NULL)
        return -ENOMEM;
    memset(input->buffer, 0, SCANNER_PAD);
    input->size = size;
    return 0;
}

int input_init_file(struct input *input, int fd, uint64_t octets)
{
    *input = (struct input){.fd = fd, .left = octets};
    return init(input, octets != 0 && octets < PIECE_OCTETS ? (size_t)octets : PIECE_OCTETS);
}

int input_init_memory(struct input *input, const char *text, size_t len)
{
    *input = (struct input){.fd = -1, .memory = text, .memory_left = len};
    return init(input, len < PIECE_OCTETS ? len + 1 : PIECE_OCTETS);
}

void input_fini(struct input *input)
{
    free(input->buffer);
    if (input->fd >= 0)
        close(input->fd);
}

/* A file whose size is known is read that far: to be told of its end would cost another read() each. One
 * that grew is met by whoever compares its state afterwards. */
static bool is_all(struct input *input, size_t count)
{
    if (input->left == 0)
        return false;
    input->left -= count < input->left ? count : input->left;
    return input->left == 0;
}

static ptrdiff_t read_some(struct input *input, uint8_t *to, size_t count)
{
    if (input->fd < 0) {
        if (count > input->memory_left)
            count = input->memory_left;
        if (count > 0)
            memcpy(to, input->memory, count);
        input->memory += count;
        input->memory_left -= count;
        return (ptrdiff_t)count;
    }
    ssize_t got;
    do {
        got = read(input->fd, to, count);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

/* A record longer than the buffer: it's copied once per doubling. */
static int grow(struct input *input, struct scanner *scanner)
{
    const size_t used = (size_t)(scanner->end - scanner->at);
    const size_t size = input->size * 2;
    uint8_t *buffer = malloc(size + SCANNER_PAD);
    if (buffer == NULL)
        return -ENOMEM;
    memcpy(buffer, scanner->at, used);
    free(input->buffer);
    input->buffer = buffer;
    input->size = size;
    scanner->at = buffer;
    scanner->end = buffer + used;
    return 0;
}

ptrdiff_t input_fill(struct input *input, struct scanner *scanner)
{
    size_t used = (size_t)(scanner->end - scanner->at);
    if (used > input->size / 2) {
        const int err = grow(input, scanner);
        if (err != 0)
            return err;
    }
    if (used > 0)
        memmove(input->buffer, scanner->at, used);
    size_t got = 0;
    while (used < input->size) {
        const ptrdiff_t count = read_some(input, input->buffer + used, input->size - used);
        if (count < 0)
            return count;
        if (count == 0) {
            scanner->last = true;
            break;
        }
        used += (size_t)count;
        got += (size_t)count;
        if (is_all(input, (size_t)count)) {
            scanner->last = true;
            break;
        }
    }
    memset(input->buffer + used, 0, SCANNER_PAD);
    scanner->at = input->buffer;
    scanner->end = input->buffer + used;
    scanner->record = scanner->at;
    return (ptrdiff_t)got;
}
