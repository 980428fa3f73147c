/*
 * Chooses the BTF of the kernel for CO-RE relocations as the reference loader
 * does: from an option, BTF_FILE_PATH, an archive in the layout of BTFHub, or
 * the kernel itself.
 */
#ifndef SKEL_LOAD_VMLINUX_H
#define SKEL_LOAD_VMLINUX_H

#include <stdbool.h>

/*
 * Sets *path to the file for libbpf's btf_custom_path, a string to free, or to
 * NULL for the kernel's own BTF.  option is the argument of --btf, or NULL.  If
 * it is a file, that is chosen.  If it is a directory, it is an archive, which
 * must have a file for this system; that is chosen if the kernel has no BTF.
 * Otherwise the file named by BTF_FILE_PATH is chosen, and else the kernel's
 * own.  Returns 0, or -1 after reporting that a file cannot be read or that its
 * types refer to others that do not exist.
 */
int vmlinux_choose(const char *option, char **path);

/*
 * Reports that there is no usable BTF for the object that where stands for:
 * each source in the order in which they are tried, and what is wrong with it.
 * option and chosen are the argument and the result of vmlinux_choose().
 */
void vmlinux_report(const char *where, const char *option, const char *chosen);

/* The name of the chosen file, for reports.  Borrowed. */
const char *vmlinux_name(const char *chosen);

/* Whether the kernel has BTF that this process can read. */
bool vmlinux_present(void);

#endif
