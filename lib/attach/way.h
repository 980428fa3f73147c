/*
 * Ways and kinds.  A way is a place where programs can be attached, such as an
 * interface's XDP hook.  A kind is a sort of program, by type and section,
 * which can go one way or several.
 *
 * lib/README.md says what to do to add a way.
 */
#ifndef SKEL_ATTACH_WAY_H
#define SKEL_ATTACH_WAY_H

#include "attach/error.h"
#include "attach/hold.h"
#include "attach/job.h"

struct attach_way {
	const char *name;        /* before the colon of WHERE; or NULL */
	const char *syntax;      /* "xdp:INTERFACE[,mode=native|skb|hw]" */
	const char *const *keys; /* its options, NULL at the end; or NULL */
	bool needs_where;        /* only "-a" can give the target */
	bool section_target;     /* the target is required, from "-a" or a
				    section "KIND/TARGET" */
	bool tracefs;            /* attaching reads tracefs */
	bool at_return;          /* a probe of the return of a function */
	bool pattern;            /* the target matches several functions */
	bool one_place;          /* the verifier checks the program for its
				    place, so it can have only one */

	/* Check target and options when the command line is parsed.  NULL: only
	 * a target is required. */
	struct attach_error (*parse)(const struct attach_where *w);

	/* Before loading, set what the kernel's verifier needs to know.  Or
	 * NULL. */
	struct attach_error (*prepare)(const struct attach_job *j);

	/* After that, the same for a program all of whose places are of such
	 * ways.  Or NULL. */
	struct attach_error (*prepare_alone)(const struct attach_job *j);

	/* Attach the program, and add its holds by attach_hold_*().  After
	 * a failure the caller releases the holds added so far. */
	struct attach_error (*attach)(
	    const struct attach_job *j, struct attachment *a);

	/* The first version of libbpf that attaches there, as "1.3", if that
	 * of this build is older; else NULL. */
	const char *libbpf;
};

/* Whether this build's libbpf is at least of this version. */
#define ATTACH_LIBBPF(major, minor)                                            \
	(LIBBPF_MAJOR_VERSION > (major) ||                                     \
	    (LIBBPF_MAJOR_VERSION == (major) &&                                \
		LIBBPF_MINOR_VERSION >= (minor)))

struct attach_kind {
	const char *name;
	enum bpf_prog_type type;
	const char *section;          /* how the name of the section begins */
	const struct attach_way *way; /* without "-a"; NULL: nowhere */
	/* The meaning of ENOENT; without a way, why it cannot be attached. */
	const char *missing;
	const struct attach_way *const *also; /* by "-a" too, NULL at the end;
						 or NULL */
};

/* All ways.  For the files that define them, and for the tables of
 * attach/where.c and attach/kind.c; a way does not use another. */
extern const struct attach_way attach_way_cgroup, attach_way_iter,
    attach_way_netfilter, attach_way_netns, attach_way_perf, attach_way_socket,
    attach_way_sockmap, attach_way_struct_ops, attach_way_xdp;

/* attach/tc.c */
extern const struct attach_way attach_way_tcx, attach_way_tc,
    attach_way_tc_listed, attach_way_netkit;

/* attach/tracing.c */
extern const struct attach_way attach_way_tracepoint, attach_way_raw_tp,
    attach_way_tp_btf, attach_way_fentry, attach_way_fexit, attach_way_fmod_ret,
    attach_way_lsm;

/* attach/kprobe.c */
extern const struct attach_way attach_way_kprobe, attach_way_kretprobe,
    attach_way_ksyscall, attach_way_kretsyscall, attach_way_kprobe_multi,
    attach_way_kretprobe_multi, attach_way_kprobe_session;

/* attach/uprobe.c */
extern const struct attach_way attach_way_uprobe, attach_way_uretprobe,
    attach_way_uprobe_multi, attach_way_uretprobe_multi, attach_way_usdt;

#endif
