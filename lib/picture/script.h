/*
 * The scripts of pictures, which are files of their own, *.js, and are compiled
 * in.  They build no markup and no code from names.
 */
#ifndef SKEL_PICTURE_SCRIPT_H
#define SKEL_PICTURE_SCRIPT_H

extern const char script_flame[], script_heat[]; /* NUL-terminated */

#endif
