/*
 * Paths of directories that may not exist yet.
 *
 * The functions report errors and return -1 or NULL.
 */
#ifndef SKEL_HOST_PATH_H
#define SKEL_HOST_PATH_H

/* dir as an absolute path, with the symbolic links of its existing part
 * resolved: a string to free. */
char *path_absolute(const char *dir);

/*
 * Check that only root and this user can replace dir, or put something where it
 * is to be created.  Each existing directory and link of the path must belong
 * to one of the two; and others may not write to a directory, unless it is
 * sticky and not dir itself.
 */
int path_check_owners(const char *dir);

#endif
