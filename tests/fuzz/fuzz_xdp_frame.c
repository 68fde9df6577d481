/* fuzz_xdp_frame.c -- reading frames: any octets may come, and what is taken can be answered
 * The first octet chooses: 1 has the checksums of what looks like a frame filled in, since mutated
 * octets hardly ever have right ones. */
#include "server/io/xdp_frame.h"
#include "tests/io/frames.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* Fills in checksums where there's room for all that they cover. */
static void seal(struct test_frame *frame)
{
    frame->ip_at = frame->octets[12] == 0x81 && frame->octets[13] == 0 ? 18 : 14;
    frame->ipv6 = frame->octets[frame->ip_at - 2] == 0x86;
    frame->udp_at = frame->ip_at + (frame->ipv6 ? 40 : 20);
    const size_t udp =
        (size_t)frame->octets[frame->udp_at + 4] << 8 | frame->octets[frame->udp_at + 5];
    if (frame->udp_at + udp <= frame->count && udp >= 8)
        test_frame_seal(frame);
}

static void answer(const struct xdp_frame *found, const uint8_t *octets)
{
    static uint8_t to[FRAMES_MAX];
    const size_t room = xdp_frame_room(found, 1500);
    const size_t payload = found->payload_octets < room ? found->payload_octets : room;
    memcpy(to + found->payload_at, octets + found->payload_at, payload);
    const size_t count = xdp_frame_answer(to, octets, found, payload, 7);
    struct xdp_frame again;
    must(count == found->payload_at + payload);
    must(xdp_frame_read(&again, to, count));
    must(again.ip_at == found->ip_at && again.payload_at == found->payload_at
         && again.payload_octets == payload && again.ipv6 == found->ipv6);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    static struct test_frame frame;
    if (len < 1 || len - 1 > sizeof(frame.octets))
        return 0;
    memset(&frame, 0, sizeof(frame));
    frame.count = len - 1;
    memcpy(frame.octets, octets + 1, frame.count);
    if (octets[0] == 1)
        seal(&frame);
    /* Of its exact size, so that a sanitizer sees a read past the end. */
    uint8_t *copy = malloc(frame.count + 1);
    must(copy != NULL);
    memcpy(copy, frame.octets, frame.count);
    struct xdp_frame found;
    if (xdp_frame_read(&found, copy, frame.count)) {
        must((size_t)found.payload_at + found.payload_octets <= frame.count);
        must(xdp_frame_client(&found, copy) + (found.ipv6 ? 16 : 4) <= copy + frame.count);
        answer(&found, copy);
    }
    free(copy);
    return 0;
}
