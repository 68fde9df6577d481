/* descriptors.h -- the first three descriptors, which a process may have been started without */
#ifndef PHAROS_SERVER_BASE_DESCRIPTORS_H
#define PHAROS_SERVER_BASE_DESCRIPTORS_H

/* Opens /dev/null for each of standard input, output and error that is closed: otherwise the next
 * socket takes its number, and what is meant for standard error goes to a client. For the beginning
 * of main(). Returns 0 or a negative errno. */
int descriptors_reserve(void);

#endif
