/* fuzz_edns.c -- options of any octets: what is read is sound, and what is answered is what
 * there was room for
 * The input is the RDATA of an OPT. */
#include "server/answer/edns.h"
#include "zone/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static const struct answer_config config = {.udp_payload_max = 1232,
                                            .identity_octets = 4,
                                            .identity = "fra1",
                                            .report_channel = {7, "\5agent"}};

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Each option of the answer lies within the OPT, and none comes twice. */
static void check_options(const uint8_t *opt, size_t octets)
{
    bool seen[32] = {false};
    struct reader r = reader_of(opt + 11, octets - 11);
    must(wire_get16(opt + 9) == octets - 11);
    while (reader_left(&r) > 0) {
        const unsigned code = reader_16(&r) % 32;
        reader_take(&r, reader_16(&r));
        must(!r.failed && !seen[code]);
        seen[code] = true;
    }
}

static void answer(struct edns *edns, size_t limit)
{
    static const uint8_t cookie[COOKIE_OCTETS];
    static uint8_t message[2048] = {[12] = 1, 'x'};
    struct zone zone = {.version = {.root = 1}, .apex = {1, ""}};
    struct packet p = {.octets = message, .len = 19};
    const size_t room = edns_room(edns, &config);
    const struct edns_answer all = {.ede = EDE_NOT_READY,
                                    .cookie =
                                        (edns->asked & EDNS_ASKED_COOKIE) != 0 ? cookie : NULL,
                                    .zone = &zone,
                                    .question = true,
                                    .limit = limit};
    edns_write(&p, edns, &config, RCODE_NOERROR);
    edns_write_options(&p, edns, &config, &all);
    const size_t written = p.len - 19;
    must(written >= room && (written == room || p.len <= limit));
    check_options(message + 19, written);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static uint8_t rr[8 + 65535];
    if (len > 65535)
        return 0;
    wire_put16(rr, 1232);
    wire_put16(rr + 6, (uint16_t)len);
    memcpy(rr + 8, octets, len);
    struct reader r = reader_of(rr, 8 + len);
    struct edns edns;
    edns_init(&edns);
    const bool sound = edns_read(&edns, &r);
    must(reader_left(&r) == 0 && edns.present);
    must(sound || edns.asked == 0);
    if ((edns.asked & EDNS_ASKED_COOKIE) != 0)
        must(cookie_length_sound(edns.cookie_octets) && edns.cookie >= rr + 12
             && edns.cookie + edns.cookie_octets <= rr + 8 + len);
    if ((edns.asked & EDNS_ASKED_SUBNET) != 0)
        must(edns.subnet_octets >= 4 && edns.subnet_octets <= 20 && edns.subnet[3] == 0
             && edns.subnet + edns.subnet_octets <= rr + 8 + len);
    for (size_t limit = 30; limit < 200; limit += 17) {
        struct edns less = edns;
        edns_shrink(&less, &config, limit - 19);
        must(edns_room(&less, &config) <= limit - 19);
        answer(&less, limit);
    }
    return 0;
}
