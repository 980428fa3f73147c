/*
 * The BTF that CO-RE relocates against: chosen as the reference loader does
 * (reference.md 1.1), from an option, BTF_FILE_PATH, a BTFHub-style archive
 * or the kernel's own.
 */
#ifndef SKEL_VMLINUX_H
#define SKEL_VMLINUX_H

/*
 * The path to hand to libbpf as btf_custom_path.  option is --btf's file or
 * archive directory, or NULL.  *path becomes a string to free, or NULL where
 * the kernel's own BTF serves.  Returns 0, or -1 when a way that was asked for
 * fails, or none serves: the report says which were tried and what each
 * lacked.
 */
int vmlinux_choose(const char *option, char **path);

#endif
