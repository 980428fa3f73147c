/*
 * Paths of directories that need not be there yet.
 *
 * The functions report what is wrong and return -1 or NULL.
 */
#ifndef SKEL_HOST_PATH_H
#define SKEL_HOST_PATH_H

/* dir as an absolute path, without symbolic links as far as it is there: a
 * string to free, or NULL. */
char *path_absolute(const char *dir);

/* Make dir and the parents that it lacks, for the owner alone. */
int path_make(const char *dir);

/*
 * Whether nobody but root and this user can put something else where dir is or
 * is to be made: each directory and link on the way there, as far as it is
 * there, belongs to one of the two, and no others may write to it, or it keeps
 * what is in it for its owner (sticky), which for dir itself is not enough.
 * Returns 0, or -1 after reporting which it is.
 */
int path_check_owners(const char *dir);

#endif
