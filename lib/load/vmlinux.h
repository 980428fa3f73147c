/*
 * The BTF that CO-RE relocates against: chosen as the reference loader does,
 * from an option, BTF_FILE_PATH, a BTFHub-style archive or the kernel's own.
 */
#ifndef SKEL_LOAD_VMLINUX_H
#define SKEL_LOAD_VMLINUX_H

#include <stdbool.h>

/*
 * The path to hand to libbpf as btf_custom_path.  option is --btf's argument
 * or NULL: a file is taken as it is; a directory is an archive, which must
 * have a file for this system and serves where the kernel has no BTF.  Next
 * come the file that BTF_FILE_PATH names and the kernel's own.  *path becomes
 * a string to free, or NULL where nothing was asked for or the kernel's own
 * serves.  Returns 0, or -1 after reporting why what was asked for fails.
 */
int vmlinux_choose(const char *option, char **path);

/*
 * Report, for something named by where, that the BTF does not serve: each
 * source in the order in which they are asked, and what it lacks.  option and
 * chosen are what vmlinux_choose() was given and returned.
 */
void vmlinux_report(const char *where, const char *option, const char *chosen);

/* The file that was chosen, for reports. */
const char *vmlinux_name(const char *chosen);

/* Whether the kernel's own BTF is there and can be read. */
bool vmlinux_present(void);

#endif
