/* check.c -- what makes records a zone */
#include "zone/check.h"
#include "zone/rrtype.h"
#include "zone/trie.h"
#include "zone/wire.h"

#include <stdarg.h>
#include <stdio.h>

void report(const struct reporter *reporter, enum severity severity,
            const struct record *record, const char *format, ...)
{
    char message[2 * NAME_TEXT_MAX + 256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const bool placed = record != NULL && record->file < reporter->files;
    /* What no record is to blame for concerns the file that all the others were included from. */
    const size_t file = placed ? record->file : 0;
    notes_add(reporter->notes, severity, file < reporter->files ? reporter->file[file] : NULL,
              placed ? record->line : 0, placed ? record->column : 0, 1, NULL, 0, "%s",
              message);
}

/* An owner, written out only when there's something to say of it. */
struct subject {
    const struct name *name;
    char text[NAME_TEXT_MAX];
};

static const char *text_of(struct subject *subject)
{
    name_to_text(subject->name->wire, subject->text);
    return subject->text;
}

static bool is_wildcard(const struct subject *subject)
{
    return subject->name->wire[0] == 1 && subject->name->wire[1] == '*';
}

static const struct record *first_of(const struct gathering *gathering,
                                     const struct rrset *rrset)
{
    return gathering->record[rrset->first];
}

/* The one of an RRset that came last: where there may be one alone, the one too many. */
static const struct record *last_of(const struct gathering *gathering,
                                    const struct rrset *rrset)
{
    const struct record *last = first_of(gathering, rrset);
    for (size_t i = 1; i < rrset->count; i++) {
        const struct record *record = gathering->record[rrset->first + i];
        if (record->file > last->file
            || (record->file == last->file && record->line > last->line))
            last = record;
    }
    return last;
}

static bool present(const struct rrset *rrset)
{
    return rrset != NULL && rrset->count > 0;
}

/* RFC 1034 section 3.6.2 and RFC 2181 section 10.1; RFC 4035 section 2.5 lets RRSIG, NSEC and
 * KEY stand beside. */
static void check_cname(const struct reporter *reporter, const struct gathering *gathering,
                        struct subject *owner)
{
    const struct rrset *cname = gathering_find(gathering, RRTYPE_CNAME);
    if (!present(cname))
        return;
    if (cname->count > 1)
        report(reporter, SEVERITY_ERROR, last_of(gathering, cname),
               "%s has more than one CNAME", text_of(owner));
    for (size_t i = 0; i < gathering->rrsets; i++) {
        const struct rrset *other = &gathering->rrset[i];
        if (!present(other) || other == cname || other->type == RRTYPE_NSEC
            || other->type == RRTYPE_KEY)
            continue;
        char type[RRTYPE_TEXT_MAX];
        rrtype_to_text(other->type, type);
        report(reporter, SEVERITY_ERROR, first_of(gathering, other),
               "%s has a CNAME, so it can't have %s as well", text_of(owner), type);
        return;
    }
}

/* RFC 6672 sections 2.3 and 2.4. */
static void check_dname(const struct reporter *reporter, const struct gathering *gathering,
                        struct subject *owner, uint8_t flags)
{
    const struct rrset *dname = gathering_find(gathering, RRTYPE_DNAME);
    if (!present(dname))
        return;
    if (dname->count > 1)
        report(reporter, SEVERITY_ERROR, last_of(gathering, dname),
               "%s has more than one DNAME", text_of(owner));
    if (present(gathering_find(gathering, RRTYPE_NS)) && (flags & NODE_APEX) == 0)
        report(reporter, SEVERITY_ERROR, first_of(gathering, dname),
               "%s has a DNAME and NS, which only the apex may have together", text_of(owner));
    if (is_wildcard(owner))
        report(reporter, SEVERITY_WARNING, first_of(gathering, dname),
               "a DNAME at a wildcard redirects nothing: %s", text_of(owner));
}

/* Exactly one SOA, at the apex, and NS beside it: RFC 1035 section 5.2. */
static void check_apex(const struct reporter *reporter, const struct gathering *gathering,
                       struct subject *owner, uint8_t flags)
{
    const struct rrset *soa = gathering_find(gathering, RRTYPE_SOA);
    if ((flags & NODE_APEX) == 0) {
        if (present(soa))
            report(reporter, SEVERITY_ERROR, first_of(gathering, soa),
                   "SOA below the apex, at %s: it begins another zone", text_of(owner));
        return;
    }
    if (!present(soa))
        report(reporter, SEVERITY_ERROR, NULL, "no SOA at the apex, %s", text_of(owner));
    else if (soa->count > 1)
        report(reporter, SEVERITY_ERROR, last_of(gathering, soa),
               "a second SOA at the apex, %s", text_of(owner));
    if (!present(gathering_find(gathering, RRTYPE_NS)))
        report(reporter, SEVERITY_ERROR, NULL, "no NS at the apex, %s", text_of(owner));
}

/* A DNAME there is an error already. */
static bool may_stand_at_cut(uint16_t type)
{
    return type == RRTYPE_NS || type == RRTYPE_DNAME || type == RRTYPE_DS || type == RRTYPE_NSEC
           || type == RRTYPE_A || type == RRTYPE_AAAA;
}

/* Data that no answer can show (RFC 1034 section 4.2.1, RFC 6672 section 2.4) is kept for
 * transfers. */
static void check_occluded(const struct reporter *reporter, const struct gathering *gathering,
                           struct subject *owner, uint8_t flags)
{
    if ((flags & (NODE_CUT | NODE_BELOW_CUT | NODE_BELOW_DNAME)) == 0)
        return;
    for (size_t i = 0; i < gathering->rrsets; i++) {
        const struct rrset *rrset = &gathering->rrset[i];
        if (!present(rrset) || ((flags & NODE_CUT) != 0 && may_stand_at_cut(rrset->type)))
            continue;
        if ((flags & NODE_BELOW_CUT) != 0
            && (rrset->type == RRTYPE_A || rrset->type == RRTYPE_AAAA))
            continue;
        char type[RRTYPE_TEXT_MAX];
        rrtype_to_text(rrset->type, type);
        report(reporter, SEVERITY_WARNING, first_of(gathering, rrset),
               "%s %s is hidden by the %s: it will never be an answer", text_of(owner), type,
               (flags & NODE_BELOW_DNAME) != 0 ? "DNAME above it"
               : (flags & NODE_CUT) != 0       ? "delegation at it"
                                               : "delegation above it");
    }
}

void check_owner(const struct reporter *reporter, const struct gathering *gathering,
                 const struct name *owner, uint8_t flags)
{
    struct subject subject;
    subject.name = owner; /* the text is written when it's needed */
    check_apex(reporter, gathering, &subject, flags);
    check_cname(reporter, gathering, &subject);
    check_dname(reporter, gathering, &subject, flags);
    check_occluded(reporter, gathering, &subject, flags);
    if (!is_wildcard(&subject))
        return;
    const struct rrset *ns = gathering_find(gathering, RRTYPE_NS);
    if (present(ns))
        report(reporter, SEVERITY_WARNING, first_of(gathering, ns),
               "NS at a wildcard delegates nothing: %s", text_of(&subject));
}

static const struct node *find_target(const struct zone *zone, const struct name *target)
{
    if (!name_at_or_below(target, &zone->apex))
        return NULL;
    const struct trie trie = {
        .arena = (struct arena *)&zone->arena,
        .key_of = zone_key_of,
        .context = zone,
        .root = zone->version.root,
    };
    uint8_t key[NAME_KEY_MAX];
    const size_t len = name_key(key, target->wire, (size_t)target->octets - zone->apex.octets);
    const uint32_t node = trie_get(&trie, key, len);
    return node == 0 ? NULL : zone_node(zone, node);
}

void check_target(const struct reporter *reporter, const struct zone *zone,
                  const struct record *record)
{
    const bool server = record->type == RRTYPE_NS;
    struct name target;
    name_from_wire(&target, record_rdata(record) + (server ? 0 : 2), true);
    if (!name_at_or_below(&target, &zone->apex))
        return;
    struct subject subject;
    subject.name = &target;
    const struct node *node = find_target(zone, &target);
    if (node != NULL && (node->flags & NODE_CNAME) != 0)
        report(reporter, SEVERITY_WARNING, record,
               "%s refers to %s, which is an alias (RFC 2181 section 10.3)",
               server ? "NS" : "MX", text_of(&subject));
    else if (server
             && (node == NULL
                 || (node_block(node, RRTYPE_A) == NULL
                     && node_block(node, RRTYPE_AAAA) == NULL)))
        report(reporter, SEVERITY_WARNING, record,
               "name server %s is in this zone but has no address here", text_of(&subject));
}

void check_remark(void *context, const struct record *record, bool duplicate)
{
    char type[RRTYPE_TEXT_MAX];
    rrtype_to_text(record->type, type);
    if (duplicate)
        report(context, SEVERITY_WARNING, record, "duplicate %s record dropped", type);
    else
        report(context, SEVERITY_WARNING, record,
               "TTL %u differs from others of its %s RRset: the lowest is used",
               (unsigned)record->ttl, type);
}
