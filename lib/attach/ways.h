/*
 * All ways to attach.  For the files that define them, and for the tables of
 * attach/where.c and attach/kind.c; a way does not use another.
 */
#ifndef SKEL_ATTACH_WAYS_H
#define SKEL_ATTACH_WAYS_H

#include "attach/way.h"

extern const struct attach_way attach_way_cgroup, attach_way_iter,
    attach_way_netns, attach_way_perf, attach_way_sockmap,
    attach_way_struct_ops, attach_way_xdp;

/* attach/tc.c */
extern const struct attach_way attach_way_tcx, attach_way_tc,
    attach_way_tc_listed;

/* attach/tracing.c */
extern const struct attach_way attach_way_tracepoint, attach_way_raw_tp,
    attach_way_tp_btf, attach_way_fentry, attach_way_fexit, attach_way_fmod_ret,
    attach_way_lsm;

/* attach/kprobe.c */
extern const struct attach_way attach_way_kprobe, attach_way_kretprobe,
    attach_way_ksyscall, attach_way_kretsyscall, attach_way_kprobe_multi,
    attach_way_kretprobe_multi;

/* attach/uprobe.c */
extern const struct attach_way attach_way_uprobe, attach_way_uretprobe,
    attach_way_uprobe_multi, attach_way_uretprobe_multi, attach_way_usdt;

#endif
