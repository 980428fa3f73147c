/*
 * The number of CPUs that this machine can have, for which per-CPU maps have
 * values.
 */
#ifndef SKEL_LOAD_POSSIBLE_CPUS_H
#define SKEL_LOAD_POSSIBLE_CPUS_H

/* Returns the number, or -1 after reporting "map NAME: " and why it is unknown.
 */
int possible_cpus(const char *map);

#endif
