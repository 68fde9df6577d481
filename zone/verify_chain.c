/* verify_chain.c -- what NSEC and NSEC3 chains have in common
 * Which names they have, and which types they list. */
#include "zone/verify_chain.h"

#include "zone/rrtype.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_MAX = 2 * NAME_TEXT_MAX + 256 };

void chain_say(const struct chain *chain, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    notes_add(chain->notes, SEVERITY_ERROR, chain->file, 0, 0, 1, NULL, 0, "%s", message);
}

const char *chain_owner(const struct chain *chain, const struct node *node,
                        char text[NAME_TEXT_MAX])
{
    struct name owner;
    zone_owner(chain->zone, node, &owner);
    name_to_text(owner.wire, text);
    return text;
}

bool chain_occluded(const struct node *node)
{
    return (node->flags & (NODE_BELOW_CUT | NODE_BELOW_DNAME)) != 0;
}

bool chain_owns_data(const struct node *node)
{
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block))
        if (block->type != BLOCK_GLUE && block->type != RRTYPE_NSEC && block->count > 0)
            return true;
    return false;
}

static void types_set(struct types *types, uint16_t type)
{
    types->bit[type / 8] |= (uint8_t)(0x80 >> type % 8);
}

static bool types_has(const struct types *types, uint16_t type)
{
    return (types->bit[type / 8] & 0x80 >> type % 8) != 0;
}

/* At a cut NS and DS alone are the parent's to list (RFC 4035 section 2.3), and only what is
 * authoritative is signed. */
void types_of(const struct node *node, struct types *types)
{
    memset(types, 0, sizeof *types);
    const struct block *block = node_first(node);
    for (unsigned i = 0; i < node->blocks; i++, block = block_next(block)) {
        const bool cut = (node->flags & NODE_CUT) != 0;
        const bool own = !cut || block->type == RRTYPE_DS || block->type == RRTYPE_NSEC;
        if (block->type == BLOCK_GLUE || (!own && block->type != RRTYPE_NS))
            continue;
        if (block->count > 0)
            types_set(types, block->type);
        if (own && block->sig_count > 0)
            types_set(types, RRTYPE_RRSIG);
    }
}

/* RFC 4034 section 4.1.2. The form was checked when the RDATA was read. */
void types_read(const uint8_t *bitmap, size_t octets, struct types *types)
{
    memset(types, 0, sizeof *types);
    for (size_t at = 0;
         at + 2 <= octets && bitmap[at + 1] <= 32 && at + 2 + bitmap[at + 1] <= octets;
         at += 2u + bitmap[at + 1])
        memcpy(types->bit + 32u * bitmap[at], bitmap + at + 2, bitmap[at + 1]);
}

static bool types_next(const struct types *types, unsigned *type)
{
    for (; *type <= UINT16_MAX; ++*type)
        if (types_has(types, (uint16_t)*type))
            return true;
    return false;
}

/* "A TXT": those of `a` that `b` lacks; false where there are none. */
static bool types_beyond(const struct types *a, const struct types *b, char text[128])
{
    size_t len = 0;
    text[0] = '\0';
    for (unsigned type = 0; types_next(a, &type); type++) {
        char one[RRTYPE_TEXT_MAX];
        if (types_has(b, (uint16_t)type))
            continue;
        rrtype_to_text((uint16_t)type, one);
        if (len < 100)
            len += (size_t)snprintf(text + len, 128 - len, "%s%s", len == 0 ? "" : " ", one);
    }
    return len > 0;
}

void chain_types(const struct chain *chain, const char *what, const struct types *is,
                 const struct types *listed)
{
    char text[128];
    if (memcmp(is, listed, sizeof *is) == 0)
        return;
    if (types_beyond(is, listed, text))
        chain_say(chain, "the %s doesn't list %s", what, text);
    if (types_beyond(listed, is, text))
        chain_say(chain, "the %s lists %s, which isn't there", what, text);
}
