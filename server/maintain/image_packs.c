/* image_packs.c -- the small zones that packs hold, by name, while a server starts */
#include "server/maintain/image_packs.h"

#include "server/base/log.h"
#include "server/maintain/image_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct pack {
    unsigned number;
    uint8_t *body; /* NULL: it can't be used */
    size_t octets;
};

/* Where a piece is, and the upper half of its apex's hash: pieces are in no cache, so that one is looked at only
 * where it's most likely the one that is meant. */
struct place_of_piece {
    uint32_t pack; /* 1 and up; 0: free */
    uint32_t tag;
    size_t at;
};

struct image_packs {
    struct pack *pack; /* by ascending number */
    size_t count, capacity;
    struct place_of_piece *place; /* a hash table by apex, with probing */
    size_t places;                /* a power of two, at least twice the pieces; or 0 */
    uint64_t *image;              /* hashes of the names of single images, ascending */
    size_t images, images_capacity;
    bool all; /* that were there are in `image` */
};

unsigned image_pack_number(const char *name)
{
    unsigned number;
    char rest[8];
    /* sscanf() would take blanks and a sign as well. */
    const bool pack = *name >= '0' && *name <= '9'
                      && sscanf(name, "%8u.%7s", &number, rest) == 2
                      && strcmp(rest, "pack") == 0;
    return pack ? number : 0;
}

static uint64_t hash(const void *octets, size_t count)
{
    const uint8_t *octet = octets;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++)
        h = (h ^ octet[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static void add_image(struct image_packs *packs, const char *name)
{
    const size_t len = strlen(name), tail = strlen(IMAGE_ENDING);
    if (len <= tail || strcmp(name + len - tail, IMAGE_ENDING) != 0)
        return;
    if (packs->images == packs->images_capacity) {
        const size_t capacity = packs->images_capacity == 0 ? 64 : packs->images_capacity * 2;
        uint64_t *grown = realloc(packs->image, capacity * sizeof *grown);
        if (grown == NULL) {
            packs->all = false;
            return;
        }
        packs->image = grown;
        packs->images_capacity = capacity;
    }
    packs->image[packs->images++] = hash(name, len);
}

static void add_file(void *context, const char *name)
{
    struct image_packs *packs = context;
    const unsigned number = image_pack_number(name);
    if (number == 0) {
        add_image(packs, name);
        return;
    }
    if (packs->count == packs->capacity) {
        const size_t capacity = packs->capacity == 0 ? 8 : packs->capacity * 2;
        struct pack *grown = realloc(packs->pack, capacity * sizeof *grown);
        if (grown == NULL)
            return; /* its zones are loaded from text */
        packs->pack = grown;
        packs->capacity = capacity;
    }
    packs->pack[packs->count++] = (struct pack){.number = number};
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

static int by_number(const void *a, const void *b)
{
    const unsigned one = ((const struct pack *)a)->number,
                   other = ((const struct pack *)b)->number;
    return (one > other) - (one < other);
}

static int read_body(struct pack *pack, const struct image_file *file)
{
    const size_t octets = (size_t)file->body_octets;
    void *body = octets == 0 ? MAP_FAILED
                             : mmap(NULL, octets, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (body == MAP_FAILED)
        return octets == 0 ? 0 : -ENOMEM;
    madvise(body, octets, MADV_HUGEPAGE);
    const size_t chunks = image_chunks(file->body_octets, file->chunk_octets);
    int err = 0;
    for (size_t i = 0; err == 0 && i < chunks; i++)
        err = image_chunk_read(file, i, (uint8_t *)body + i * file->chunk_octets);
    if (err != 0) {
        munmap(body, octets);
        return err;
    }
    pack->body = body;
    pack->octets = octets;
    return 0;
}

static void read_pack(struct pack *pack, int folder)
{
    char name[IMAGE_NAME_MAX];
    snprintf(name, sizeof name, "%08u.pack", pack->number);
    const int fd = image_folder_file(folder, name, false);
    struct image_file file;
    int err = fd < 0 ? fd : image_file_open(&file, fd);
    if (err == 0) {
        err = read_body(pack, &file);
        image_file_fini(&file);
    }
    if (fd >= 0)
        close(fd);
    if (err == -EBADMSG || err == -ENODATA) {
        image_folder_set_aside(folder, name);
        log_error("the images in %s are damaged: set aside, their zones are loaded from text",
                  name);
    } else if (err != 0 && err != -ENOEXEC) {
        log_warning("can't use the images in %s: %s", name, strerror(-err));
    }
}

static bool piece_at(const struct image_packs *packs, const struct place_of_piece *place,
                     struct image_piece *piece, const uint8_t **about, const uint8_t **arena)
{
    const struct pack *pack = &packs->pack[place->pack - 1];
    size_t at = place->at;
    return image_next_piece(pack->body, pack->octets, &at, piece, about, arena);
}

static bool is_at(const struct image_packs *packs, const struct place_of_piece *place,
                  const struct name *apex)
{
    struct image_piece piece;
    const uint8_t *about, *arena;
    struct name other;
    return piece_at(packs, place, &piece, &about, &arena)
           && image_about_apex(about, piece.about_octets, &other) != NULL
           && other.octets == apex->octets && memcmp(other.wire, apex->wire, apex->octets) == 0;
}

static uint32_t tag_of(uint64_t hashed)
{
    return (uint32_t)(hashed >> 32);
}

/* The place of an apex in the table, or the free one where it would be. */
static struct place_of_piece *place_of(const struct image_packs *packs, const struct name *apex,
                                       uint64_t hashed)
{
    for (uint64_t i = hashed;; i++) {
        struct place_of_piece *place = &packs->place[i & (packs->places - 1)];
        if (place->pack == 0 || (place->tag == tag_of(hashed) && is_at(packs, place, apex)))
            return place;
    }
}

static size_t count_pieces(const struct image_packs *packs)
{
    size_t count = 0;
    struct image_piece piece;
    const uint8_t *about, *arena;
    for (size_t i = 0; i < packs->count; i++)
        for (size_t at = 0; image_next_piece(packs->pack[i].body, packs->pack[i].octets, &at,
                                             &piece, &about, &arena);)
            count++;
    return count;
}

/* Later packs come after earlier ones, and so take their places. */
static void index_pack(struct image_packs *packs, uint32_t number)
{
    const struct pack *pack = &packs->pack[number - 1];
    struct image_piece piece;
    const uint8_t *about, *arena;
    struct name apex;
    for (size_t at = 0, next = 0;
         image_next_piece(pack->body, pack->octets, &next, &piece, &about, &arena); at = next) {
        if (image_about_apex(about, piece.about_octets, &apex) == NULL)
            continue;
        const uint64_t hashed = hash(apex.wire, apex.octets);
        *place_of(packs, &apex, hashed) =
            (struct place_of_piece){.pack = number, .tag = tag_of(hashed), .at = at};
    }
}

static void make_index(struct image_packs *packs)
{
    const size_t pieces = count_pieces(packs);
    size_t places = 16;
    while (places < 2 * pieces)
        places *= 2;
    packs->place = pieces == 0 ? NULL : calloc(places, sizeof *packs->place);
    if (packs->place == NULL)
        return;
    packs->places = places;
    for (size_t i = 0; i < packs->count; i++)
        index_pack(packs, (uint32_t)i + 1);
}

struct image_packs *image_packs_read(int folder)
{
    struct image_packs *packs = calloc(1, sizeof *packs);
    if (packs == NULL)
        return NULL;
    packs->all = true;
    const int err = image_folder_walk(folder, add_file, packs);
    if (err != 0) {
        log_warning("can't read the folder of images: %s", strerror(-err));
        packs->all = false;
    }
    if (packs->images > 0)
        qsort(packs->image, packs->images, sizeof *packs->image, by_value);
    if (packs->count > 0)
        qsort(packs->pack, packs->count, sizeof *packs->pack, by_number);
    for (size_t i = 0; i < packs->count; i++)
        read_pack(&packs->pack[i], folder);
    make_index(packs);
    return packs;
}

void image_packs_free(struct image_packs *packs)
{
    if (packs == NULL)
        return;
    for (size_t i = 0; i < packs->count; i++) {
        if (packs->pack[i].body != NULL)
            munmap(packs->pack[i].body, packs->pack[i].octets);
    }
    free(packs->pack);
    free(packs->place);
    free(packs->image);
    free(packs);
}

int image_packs_load(const struct image_packs *packs, const struct name *apex,
                     struct zone **zone, struct sources *sources, struct image_demands *demands)
{
    if (packs->places == 0)
        return -ENOENT;
    const struct place_of_piece *place = place_of(packs, apex, hash(apex->wire, apex->octets));
    struct image_piece piece;
    const uint8_t *about, *arena;
    if (place->pack == 0 || !piece_at(packs, place, &piece, &about, &arena))
        return -ENOENT;
    return image_read_piece(&piece, about, arena, zone, sources, demands);
}

bool image_packs_file(const struct image_packs *packs, const char *name)
{
    const uint64_t wanted = hash(name, strlen(name));
    return !packs->all
           || (packs->images > 0
               && bsearch(&wanted, packs->image, packs->images, sizeof wanted, by_value)
                      != NULL);
}

size_t image_packs_count(const struct image_packs *packs)
{
    return packs->count;
}

unsigned image_packs_last(const struct image_packs *packs)
{
    return packs->count == 0 ? 0 : packs->pack[packs->count - 1].number;
}

uint64_t image_packs_octets(const struct image_packs *packs)
{
    uint64_t octets = 0;
    for (size_t i = 0; i < packs->count; i++)
        octets += packs->pack[i].octets;
    return octets;
}
