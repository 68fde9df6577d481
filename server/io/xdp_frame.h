/* xdp_frame.h -- Ethernet frames that hold a UDP query, and the frames that answer them
 * Ethernet II with at most one 802.1Q tag, IPv4 (RFC 791) without options or IPv6 (RFC 8200)
 * without extension headers, UDP (RFC 768). Pure functions over octets; frames are hostile. */
#ifndef PHAROS_SERVER_IO_XDP_FRAME_H
#define PHAROS_SERVER_IO_XDP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    XDP_FRAME_HEADERS_MAX = 14 + 4 + 40 + 8, /* octets before the longest-headed payload */
    XDP_FRAME_MTU_MIN = 576,                 /* leaves room for the 512 octets of plain DNS */
    XDP_FRAME_MTU_MAX = 1500,                /* what is used of a larger one */
};

/* Where things are in a frame, in octets from its first. */
struct xdp_frame {
    uint16_t ip_at; /* 14, or 18 behind a tag */
    uint16_t payload_at;
    uint16_t payload_octets;
    bool ipv6;
};

/* Reads a frame of `octets` octets. False, with nothing of use in `frame`, where it isn't a UDP
 * datagram that a host would take: another protocol, a fragment, options, lengths that don't agree
 * with each other, a wrong checksum or none over IPv6, a source that can't be answered. Octets
 * after the IP packet are padding. */
bool xdp_frame_read(struct xdp_frame *frame, const uint8_t *octets, size_t count);

/* The client's address: 4 octets, or 16 where `frame->ipv6`; borrowed from the frame. */
const uint8_t *xdp_frame_client(const struct xdp_frame *frame, const uint8_t *octets);

/* How long an answer's payload may be on an interface with this MTU, so that nobody fragments it:
 * IPv6 is sent at its minimum MTU, as by the sockets (listen.c). At least 512. */
size_t xdp_frame_room(const struct xdp_frame *frame, size_t mtu);

/* Writes the headers of the answer to the query's frame `octets` into `answer`, where the payload
 * stands at frame->payload_at already: addresses and ports the other way round, TTL 64, DF unset,
 * `id` as IPv4's identification, checksums filled. Returns the length of the whole frame. */
size_t xdp_frame_answer(uint8_t *answer, const uint8_t *octets, const struct xdp_frame *frame,
                        size_t payload_octets, uint16_t id);

#endif
