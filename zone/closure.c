/* closure.c -- which names a difference touches, and all that they own now */
#include "zone/closure.h"

#include "zone/rrset.h"

#include <errno.h>
#include <string.h>

static int touch(struct closure *closure, const uint8_t *owner, uint8_t octets, uint8_t flags)
{
    struct touched_name *name = touched_find(&closure->touched, owner, octets);
    if (name == NULL) {
        if (closure->touched.count >= closure->limit)
            return -E2BIG;
        const int err = touched_add(&closure->touched, owner, octets,
                                    difference_find(closure->difference, false, owner, octets),
                                    difference_find(closure->difference, true, owner, octets));
        if (err != 0)
            return err;
        name = touched_at(&closure->touched, closure->touched.count - 1);
    }
    name->flags |= flags;
    return 0;
}

static int touch_lost(void *context, const struct node *node)
{
    return touch(context, node_owner(node), node->owner_octets, TOUCHED_CHANGED);
}

static int touch_changed(struct closure *closure)
{
    const struct records *added = closure->added;
    for (size_t i = 0; i < added->runs; i++) {
        uint8_t octets;
        const uint8_t *owner = run_owner(added, &added->run[i], &octets);
        const int err = touch(closure, owner, octets, TOUCHED_CHANGED);
        if (err != 0)
            return err;
    }
    return difference_lost(closure->difference, touch_lost, closure);
}

/* A touched name, and what is found of it. */
struct subject {
    struct closure *closure;
    struct name name;                          /* absolute, lower case */
    uint8_t octets;                            /* before the apex */
    const struct node *before, *hashed_before; /* NULL: none */
    bool owns;                                 /* RRs, NSEC3s and their signatures left out */
    bool ns, dname;
};

static const struct zone *served(const struct subject *subject)
{
    return subject->closure->difference->zone;
}

/* The glue of a delegation is in its block: so both are made anew together, and from the same records. */
static int touch_server(struct subject *subject, const uint8_t *rdata)
{
    struct name server;
    name_from_wire(&server, rdata, true);
    if (!name_at_or_below(&server, &subject->name))
        return 0;
    const uint8_t octets = (uint8_t)(server.octets - served(subject)->apex.octets);
    if (difference_find(subject->closure->difference, false, server.wire, octets) == 0)
        return 0; /* if it's new, it's touched already */
    return touch(subject->closure, server.wire, octets, 0);
}

static int add_record(struct subject *subject, const struct record *record)
{
    const int err = records_add(&subject->closure->records, &subject->name, record);
    if (err != 0)
        return err;
    if (rrset_type(record->type, record->rdata, record->rdata_octets) != RRTYPE_NSEC3)
        subject->owns = true;
    if (record->type == RRTYPE_DNAME)
        subject->dname = true;
    if (record->type != RRTYPE_NS)
        return 0;
    subject->ns = true;
    return touch_server(subject, record->rdata);
}

static int add_kept(void *context, const struct stored *rr)
{
    struct subject *subject = context;
    if (!difference_keeps(subject->closure->difference, rr))
        return 0;
    uint8_t *rdata = subject->closure->rdata;
    const struct record record = {
        .ttl = rr->ttl,
        .type = rr->type,
        .rdata_octets = stored_rdata(rr, &served(subject)->apex, rdata),
        .file = UINT16_MAX,
        .rdata = rdata,
    };
    return add_record(subject, &record);
}

/* All that it owns now: what stays, then what is new. */
static int add_records(struct subject *subject)
{
    const struct records *added = subject->closure->added;
    int err = 0;
    if (subject->before != NULL)
        err = stored_each(subject->before, add_kept, subject);
    if (err == 0 && subject->hashed_before != NULL)
        err = stored_each(subject->hashed_before, add_kept, subject);
    size_t i = records_find(added, subject->name.wire, subject->octets, 0);
    const size_t end = i < added->runs ? records_group_end(added, i) : i;
    for (; err == 0 && i < end; i++) {
        struct run_reader reader;
        run_read(&reader, added, &added->run[i]);
        while (err == 0 && run_next(&reader))
            err = add_record(subject, &reader.record);
    }
    return err;
}

static int touch_node(void *context, uint32_t value)
{
    struct closure *closure = context;
    const struct node *node = zone_node(closure->difference->zone, value);
    return touch(closure, node_owner(node), node->owner_octets, 0);
}

static int is_kept(void *context, const struct stored *rr)
{
    return difference_keeps(context, rr) ? 1 : 0;
}

enum { FOUND = 1 };

static int touch_owning(void *context, uint32_t value)
{
    struct closure *closure = context;
    const struct node *node = zone_node(closure->difference->zone, value);
    if (stored_each(node, is_kept, (void *)(uintptr_t)closure->difference) == 0)
        return 0;
    const int err = touch_node(closure, value);
    return err != 0 ? err : FOUND;
}

static int walk_below(struct subject *subject, int (*visit)(void *context, uint32_t value))
{
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, subject->name.wire, subject->octets);
    const int err = trie_walk_below(&subject->closure->difference->names, key, len, visit,
                                    subject->closure);
    return err == FOUND ? 0 : err;
}

static bool had(const struct subject *subject, uint16_t type)
{
    const struct block *block =
        subject->before == NULL ? NULL : node_block(subject->before, type);
    return block != NULL && block->count > 0;
}

/* What hides, or hides no more, what is below. */
static int touch_hidden(struct subject *subject)
{
    if (subject->ns == had(subject, RRTYPE_NS) && subject->dname == had(subject, RRTYPE_DNAME))
        return 0;
    return walk_below(subject, touch_node);
}

/* A name without RRs is an empty non-terminal if there's an owner below it. New ones are touched already, and
 * of those that stay one is enough. */
static int touch_witness(struct subject *subject, bool live)
{
    return subject->owns || live ? 0 : walk_below(subject, touch_owning);
}

static int touch_wildcard(struct subject *subject)
{
    if (subject->octets + 2u + served(subject)->apex.octets > NAME_OCTETS_MAX)
        return 0;
    uint8_t asterisk[NAME_OCTETS_MAX] = {1, '*'};
    memcpy(asterisk + 2, subject->name.wire, subject->octets);
    const uint8_t octets = (uint8_t)(subject->octets + 2);
    if (difference_find(subject->closure->difference, false, asterisk, octets) == 0)
        return 0;
    return touch(subject->closure, asterisk, octets, 0);
}

/* Names above are on the path of the assembly, which learns from them what hides this one. */
static int touch_above(struct subject *subject)
{
    const uint8_t *wire = subject->name.wire;
    int err = 0;
    for (uint8_t octets = subject->octets; err == 0 && octets > 0;) {
        octets = (uint8_t)(octets - 1 - wire[0]);
        wire += 1 + wire[0];
        err = touch(subject->closure, wire, octets, subject->owns ? TOUCHED_LIVE : 0);
    }
    return err;
}

static int settle(struct closure *closure, size_t index)
{
    const struct zone *zone = closure->difference->zone;
    const struct touched_name *name = touched_at(&closure->touched, index);
    const bool live = (name->flags & TOUCHED_LIVE) != 0;
    struct subject subject = {.closure = closure, .octets = name->octets};
    subject.before = name->node == 0 ? NULL : zone_node(zone, name->node);
    subject.hashed_before = name->hashed == 0 ? NULL : zone_node(zone, name->hashed);
    memcpy(subject.name.wire, touched_owner(name), name->octets);
    memcpy(subject.name.wire + name->octets, zone->apex.wire, zone->apex.octets);
    subject.name.octets = (uint8_t)(name->octets + zone->apex.octets);

    int err = add_records(&subject);
    if (err == 0)
        err = touch_hidden(&subject);
    if (err == 0)
        err = touch_witness(&subject, live);
    if (err == 0)
        err = touch_wildcard(&subject);
    return err != 0 ? err : touch_above(&subject);
}

int closure_init(struct closure *closure, const struct difference *difference,
                 const struct records *added, size_t limit)
{
    closure->difference = difference;
    closure->added = added;
    closure->limit = limit;
    closure->records = (struct records){0};
    int err = touched_init(&closure->touched);
    if (err == 0)
        err = records_init(&closure->records, &difference->zone->apex);
    if (err == 0) /* the apex, which says much of the zone, is made anew in any case */
        err = touch(closure, difference->zone->apex.wire, 0, 0);
    if (err == 0)
        err = touch_changed(closure);
    for (size_t i = 0; err == 0 && i < closure->touched.count; i++)
        err = settle(closure, i);
    return err != 0 ? err : records_sort(&closure->records);
}

void closure_fini(struct closure *closure)
{
    touched_fini(&closure->touched);
    records_fini(&closure->records);
}
