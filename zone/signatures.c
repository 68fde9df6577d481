/* signatures.c -- how long the signatures of a zone are good */
#include "zone/signatures.h"

#include "zone/rrtype.h"
#include "zone/wire.h"
#include "zone/zone.h"

#include <string.h>
#include <time.h>

struct rrsig_times rrsig_times(const uint8_t *rdata)
{
    return (struct rrsig_times){.algorithm = rdata[2],
                                .expiry = wire_get32(rdata + 8),
                                .inception = wire_get32(rdata + 12)};
}

/* Whether another signature by the same algorithm outlives this one: then it isn't missed, as it
 * is while keys are rolled over. */
static bool is_outlived(const uint8_t *const *rdata, size_t count,
                        const struct rrsig_times *own)
{
    for (size_t i = 0; i < count; i++) {
        const struct rrsig_times other = rrsig_times(rdata[i]);
        if (other.algorithm == own->algorithm && serial_before(own->expiry, other.expiry))
            return true;
    }
    return false;
}

void signatures_add(struct signatures *signatures, uint32_t node, uint16_t type,
                    const uint8_t *const *rdata, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rrsig_times times = rrsig_times(rdata[i]);
        const bool first = signatures->count++ == 0;
        if (first || serial_before(signatures->inception, times.inception))
            signatures->inception = times.inception;
        if (signatures->expiry_node != 0 && !serial_before(times.expiry, signatures->expiry))
            continue;
        if (is_outlived(rdata, count, &times))
            continue;
        signatures->expiry = times.expiry;
        signatures->expiry_node = node;
        signatures->expiry_type = type;
    }
}

int64_t signatures_time(uint32_t field, int64_t now)
{
    return now + (int32_t)(field - (uint32_t)now);
}

const char *signatures_time_text(int64_t at, char text[TIME_TEXT_MAX])
{
    const time_t time = (time_t)at;
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text;
}

static int digits(const char *text, unsigned count)
{
    int value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* timegm() takes any day of any month and any hour; what it makes of them tells. */
static bool calendar(const char *text, int64_t *at)
{
    struct tm tm = {.tm_year = digits(text, 4) - 1900,
                    .tm_mon = digits(text + 4, 2) - 1,
                    .tm_mday = digits(text + 6, 2),
                    .tm_hour = digits(text + 8, 2),
                    .tm_min = digits(text + 10, 2),
                    .tm_sec = digits(text + 12, 2)};
    const struct tm asked = tm;
    const time_t time = timegm(&tm);
    if (tm.tm_mon != asked.tm_mon || tm.tm_mday != asked.tm_mday || tm.tm_hour != asked.tm_hour
        || tm.tm_min != asked.tm_min || tm.tm_sec != asked.tm_sec)
        return false;
    *at = time;
    return true;
}

bool signatures_time_from_text(const char *text, int64_t *at)
{
    const size_t len = strlen(text);
    if (len == 0 || text[strspn(text, "0123456789")] != '\0' || len > 14)
        return false;
    if (len == 14)
        return calendar(text, at);
    *at = 0;
    for (; *text != '\0'; text++)
        *at = *at * 10 + (*text - '0');
    return *at <= UINT32_MAX;
}

bool signatures_warn(const struct zone *zone, int64_t now, int64_t within_s, const char *file,
                     struct notes *notes)
{
    const struct signatures *signatures = &zone->signatures;
    if (signatures->count == 0)
        return false;
    const int64_t expiry = signatures_time(signatures->expiry, now);
    const int64_t inception = signatures_time(signatures->inception, now);
    char name[NAME_TEXT_MAX], type[RRTYPE_TEXT_MAX], at[TIME_TEXT_MAX];
    if (expiry <= now + within_s) {
        struct name owner;
        zone_owner(zone, zone_node(zone, signatures->expiry_node), &owner);
        name_to_text(owner.wire, name);
        rrtype_to_text(signatures->expiry_type, type);
        notes_add(notes, SEVERITY_WARNING, file, 0, 0, 1, NULL, 0,
                  expiry < now
                      ? "signatures have expired: resolvers refuse what they cover; the "
                        "first, over the %s RRset of %s, at %s"
                      : "signatures expire soon: the first, over the %s RRset of %s, at %s",
                  type, name, signatures_time_text(expiry, at));
        return true;
    }
    if (inception <= now)
        return false;
    notes_add(notes, SEVERITY_WARNING, file, 0, 0, 1, NULL, 0,
              "signatures aren't valid yet: some begin at %s only",
              signatures_time_text(inception, at));
    return true;
}
