/* confine.h -- giving privileges away, with nothing but system calls */
#ifndef PHAROS_SERVER_SIDECAR_CONFINE_H
#define PHAROS_SERVER_SIDECAR_CONFINE_H

/* Becomes `user` (NULL: stays who it is), keeps `capability` alone (-1: none), where it's held, and
 * sets no_new_privs. Returns 0 or a negative errno: then the program shouldn't go on. */
int confine(const char *user, int capability);

#endif
