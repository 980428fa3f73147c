/*
 * Paths of directories that need not be there yet.
 *
 * The functions report what is wrong and return -1 or NULL.
 */
#ifndef SKEL_PATH_H
#define SKEL_PATH_H

/* dir as an absolute path, without symbolic links as far as it is there: a
 * string to free, or NULL. */
char *path_absolute(const char *dir);

/* Make dir and the parents that it lacks, for the owner alone. */
int path_make(const char *dir);

#endif
