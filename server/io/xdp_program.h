/* xdp_program.h -- what the XDP program and the server tell each other
 * Compiled for both machines, so it includes nothing: kernel types by their C names. */
#ifndef PHAROS_SERVER_IO_XDP_PROGRAM_H
#define PHAROS_SERVER_IO_XDP_PROGRAM_H

/* An address and port that queries are taken for: the keys of the map `endpoints`. */
struct xdp_endpoint {
    unsigned char address[16]; /* of IPv4 the first four, zeroes after */
    unsigned char port[2];     /* network order */
    unsigned char family;      /* 4 or 6 */
    unsigned char unused;      /* 0 */
};

/* The only entry of the map `settings`. */
struct xdp_settings {
    unsigned long long mark; /* of the stamps: random, so that no packet can bear one */
    unsigned int frame_max;  /* octets: longer frames are the kernel's */
    unsigned char mac[6];    /* of the interface: frames to others are the kernel's */
    unsigned char unused[2]; /* 0 */
};

/* Stands before each redirected frame, where the driver has room for it. */
struct xdp_stamp {
    unsigned long long mark;
    unsigned long long ns; /* CLOCK_MONOTONIC, when the program saw the frame */
};

#endif
