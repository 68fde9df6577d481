/* xdp_object.h -- xdp_program.bpf.c as it was compiled, an ELF object; embed.cmake writes it */
#ifndef PHAROS_SERVER_IO_XDP_OBJECT_H
#define PHAROS_SERVER_IO_XDP_OBJECT_H

#include <stddef.h>

extern const unsigned char xdp_object[];
extern const size_t xdp_object_octets;

#endif
