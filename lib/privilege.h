/*
 * Privilege: what a refused system call lacked, in words for people.
 */
#ifndef SKEL_PRIVILEGE_H
#define SKEL_PRIVILEGE_H

/*
 * Report, for something named by where that failed with EPERM, which of the
 * capabilities that BPF needs this process lacks, or, if it has them, what
 * else may stand in the way.
 */
void privilege_report(const char *where);

#endif
