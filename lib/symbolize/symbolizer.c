#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "host/kallsyms.h"
#include "host/pidns.h"
#include "record/stack-layout.h"
#include "symbolize/addr-set.h"
#include "symbolize/demangle.h"
#include "symbolize/process.h"
#include "symbolize/stack-map.h"
#include "symbolize/symbolizer.h"

#define MODULES_EVERY (10 * CLOCK_SECOND) /* at most, for new modules */

enum {
	SUBJECTS_MAX = 1024, /* processes that are remembered */
	BUCKETS = 2048,      /* a power of two */
	KERNEL = 0,          /* the pid that stands for it */
};

/* What an address was found as.  A call returns behind itself, so that the
 * instruction before is to be named; not where the stack begins. */
enum role { ROLE_INNERMOST = 1, ROLE_RETURN = 2 };

/* Whose addresses they are: the kernel, or a process. */
struct subject {
	struct process process; /* pid KERNEL: not in use */
	struct addr_set known;  /* address to the roles it was found in */
	struct subject *next;   /* in its bucket */
	uint64_t used;
};

struct map_stacks {
	struct stack_layout layout;
	bool has;              /* the map has stacks at all */
	struct stack_map *ids; /* borrowed, or NULL */
};

struct symbolizer {
	const struct stream_header *header; /* borrowed */
	struct map_stacks *maps;            /* owned: of header's maps */
	struct stack_map *stack_maps;       /* owned */
	size_t nstack_maps;
	struct symbol_store *store; /* owned */
	struct kallsyms kernel;
	uint64_t kernel_read; /* when; 0: never */
	struct image_cache images;
	struct subject *buckets[BUCKETS]; /* owned */
	size_t nsubjects;
	uint64_t uses;
	uint64_t now;      /* of this record */
	bool no_processes; /* their numbers are not ours */
	bool said_refused;
	uint64_t addrs[STACK_DEPTH_MAX]; /* of the stack in work */
	uint64_t fresh[STACK_DEPTH_MAX]; /* those found for this record */
	/* What the functions at the address in work are called. */
	char names[SYMBOL_STORE_INLINES_MAX][SYMBOL_STORE_TEXT_MAX + 1];
};

/*
 * The subjects.
 */

static void
subject_free(struct subject *s)
{
	process_free(&s->process);
	addr_set_free(&s->known);
	free(s);
}

static void
drop_unused(struct symbolizer *z)
{
	struct subject **oldest = NULL, *gone;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct subject **at = &z->buckets[i]; *at != NULL;
		     at = &(*at)->next)
			if (oldest == NULL || (*at)->used < (*oldest)->used)
				oldest = at;
	if (oldest == NULL)
		return;
	gone = *oldest;
	*oldest = gone->next;
	subject_free(gone);
	z->nsubjects--;
}

static struct subject *
subject_of(struct symbolizer *z, pid_t pid)
{
	struct subject **bucket = &z->buckets[(size_t)pid & (BUCKETS - 1)];
	struct subject *s = *bucket;

	while (s != NULL && s->process.pid != pid)
		s = s->next;
	if (s == NULL) {
		if (z->nsubjects == SUBJECTS_MAX)
			drop_unused(z);
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return NULL;
		s->process.pid = pid;
		s->next = *bucket;
		*bucket = s;
		z->nsubjects++;
	}
	s->used = ++z->uses;
	return s;
}

/*
 * Looking up.
 */

static size_t
kernel_frame(const struct symbolizer *z, uint64_t addr, bool is_return,
    struct symbol_frame *f)
{
	const char *name =
	    kallsyms_find(&z->kernel, addr - is_return, &f->offset);

	if (name == NULL)
		return 0;
	f->symbol = name;
	f->has_offset = true;
	f->offset += is_return;
	return 1;
}

/* *settled is false where a later look may find more. */
static size_t
find_in_kernel(struct symbolizer *z, uint64_t addr, bool is_return,
    struct symbol_frame *frames, bool *settled)
{
	size_t n = kernel_frame(z, addr, is_return, frames);

	*settled = true;
	if (n > 0)
		return n;
	if (z->kernel_read != 0 && z->kernel.n == 0)
		return 0;
	/* A module or a BPF program, loaded since. */
	if (z->kernel_read != 0 && z->now - z->kernel_read < MODULES_EVERY) {
		*settled = false;
		return 0;
	}
	z->kernel_read = z->now;
	kallsyms_read(&z->kernel);
	return kernel_frame(z, addr, is_return, frames);
}

static size_t
find_in_process(struct symbolizer *z, struct subject *s, uint64_t addr,
    bool is_return, struct symbol_frame *frames, bool *settled)
{
	struct process *p = &s->process;

	if (process_refresh_mappings(p, addr, z->now, settled) ==
	    PROCESS_CHANGED)
		addr_set_free(&s->known);
	if (p->refused && !z->said_refused) {
		z->said_refused = true;
		report_notice("user functions stay without a name: "
			      "/proc/%ld/maps may not be read; run as root, "
			      "or with CAP_SYS_PTRACE",
		    (long)p->pid);
	}
	return process_find(p, &z->images, addr, is_return, frames, settled);
}

static size_t
find(struct symbolizer *z, struct subject *s, uint64_t addr, bool is_return,
    struct symbol_frame *frames, bool *settled)
{
	size_t n;

	if (s->process.pid == KERNEL)
		n = find_in_kernel(z, addr, is_return, frames, settled);
	else
		n = find_in_process(z, s, addr, is_return, frames, settled);
	for (size_t i = 0; i < n; i++)
		frames[i].symbol = demangle(
		    frames[i].symbol, z->names[i], sizeof(z->names[i]));
	return n;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* lines: whether they count too. */
static bool
same_frames(const struct symbol_frames *a, const struct symbol_frame *b,
    size_t n, bool lines)
{
	if (a->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_text(a->v[i].symbol, b[i].symbol) ||
		    (lines && (a->v[i].line != b[i].line ||
				  a->v[i].offset != b[i].offset ||
				  !same_text(a->v[i].file, b[i].file))))
			return false;
	return true;
}

/*
 * Look an address up unless that was done.  Returns 1 when there is something
 * new to tell about it, 0, or -1.
 */
static int
look_up(struct symbolizer *z, struct subject *s, uint64_t addr, enum role role)
{
	uint64_t pid = (uint64_t)s->process.pid;
	unsigned char roles = addr_set_get(&s->known, addr);
	struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	struct symbol_frames old = symbol_store_find(z->store, pid, addr);
	bool settled, tell;
	size_t n;

	/* The store forgets; so do those who read what it tells. */
	if (roles & role && old.v != NULL)
		return 0;
	frames[0] = (struct symbol_frame){ .symbol = NULL };
	n = find(z, s, addr, role == ROLE_RETURN, frames, &settled);
	/* The code after a signal handler was not called from before it. */
	if (n == 0 && role == ROLE_RETURN)
		n = find(z, s, addr, false, frames, &settled);
	if (!settled)
		return 0;
	/* The line of a call and the one where it returns are told as one. */
	if (old.v != NULL && roles != 0 &&
	    same_frames(&old, frames, n, false)) {
		addr_set_set(&s->known, addr, roles | role);
		return 0;
	}
	addr_set_set(&s->known, addr, role);
	if (old.v != NULL && same_frames(&old, frames, n, true))
		return 0;
	/* Readers need not hear of what nobody told them anything about. */
	tell = n > 0 || old.n > 0;
	return symbol_store_set(z->store, pid, addr, frames, n) == -1 ? -1
								      : tell;
}

/* Look the n addresses of a stack up, and tell what is new of them. */
static int
look_up_stack(struct symbolizer *z, uint64_t pid, size_t n, struct buf *out)
{
	struct subject *s = subject_of(z, (pid_t)pid);
	size_t fresh = 0;
	int got;

	if (s == NULL)
		return report_nomem();
	if (pid != KERNEL &&
	    process_refresh(&s->process, z->now) == PROCESS_CHANGED)
		addr_set_free(&s->known);
	for (size_t i = 0; i < n; i++) {
		got = look_up(
		    z, s, z->addrs[i], i == 0 ? ROLE_INNERMOST : ROLE_RETURN);
		if (got == -1)
			return -1;
		if (got == 1)
			z->fresh[fresh++] = z->addrs[i];
	}
	if (out != NULL && fresh > 0)
		symbol_store_write(z->store, out, pid, z->fresh, fresh);
	return 0;
}

/*
 * Records.
 */

/* Take the addresses of one side of a record into z->addrs: how many. */
static size_t
take_addresses(struct symbolizer *z, const struct map_stacks *m,
    enum stack_side side, const unsigned char *record, struct buf *out)
{
	const uint64_t *found;
	size_t n;

	switch (m->layout.sides[side].kind) {
	case STACK_ARRAY:
		return stack_layout_read_addresses(&m->layout, side,
		    &z->header->types, record, z->addrs, nitems(z->addrs));
	case STACK_ID:
		n = stack_map_get(m->ids,
		    stack_layout_read_id(&m->layout, side, record), z->now,
		    z->store, out, &found);
		if (n > 0)
			memcpy(z->addrs, found, n * sizeof(*found));
		return n;
	default:
		return 0;
	}
}

static int
take_side(struct symbolizer *z, const struct map_stacks *m,
    enum stack_side side, const unsigned char *record, struct buf *out)
{
	size_t n = take_addresses(z, m, side, record, out);
	uint64_t pid = KERNEL;

	if (n == 0 || !m->layout.with_symbols)
		return 0;
	if (side == STACK_USER) {
		pid = stack_layout_read_pid(
		    &m->layout, &z->header->types, record);
		/* The idle loop of a CPU is no process. */
		if (pid == KERNEL || pid > INT32_MAX || z->no_processes)
			return 0;
	}
	return look_up_stack(z, pid, n, out);
}

int
symbolizer_record(struct symbolizer *z, unsigned int map,
    const unsigned char *record, struct buf *out)
{
	const struct map_stacks *m = &z->maps[map];

	if (!m->has)
		return 0;
	z->now = clock_elapsed();
	for (int side = 0; side < STACK_SIDES; side++)
		if (take_side(z, m, (enum stack_side)side, record, out) == -1)
			return -1;
	return 0;
}

struct symbol_store *
symbolizer_symbols(struct symbolizer *z)
{
	return z->store;
}

/*
 * Opening.
 */

/* The stack map of that name, opened once for all maps that refer to it. */
static struct stack_map *
open_stack_map(struct symbolizer *z, const char *name, int fd)
{
	struct stack_map *m = z->stack_maps;

	for (; m < z->stack_maps + z->nstack_maps; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	if (stack_map_open(m, name, fd) == -1)
		return NULL;
	z->nstack_maps++;
	return m;
}

static bool
has_ids(const struct stack_layout *l)
{
	return l->sides[STACK_KERNEL].kind == STACK_ID ||
	       l->sides[STACK_USER].kind == STACK_ID;
}

/* Returns whether map number i has stacks, or -1. */
static int
open_map(struct symbolizer *z, unsigned int i, int fd)
{
	const struct stream_map *from = &z->header->maps[i];
	struct map_stacks *m = &z->maps[i];
	int got = stack_layout_find(&m->layout, z->header, i);

	if (got != 1)
		return got;
	m->has = true;
	if (!has_ids(&m->layout))
		return 1;
	if (from->stacks == NULL || fd < 0) {
		report_error("map %s: its records have ids of stacks, but no "
			     "stack-trace map is known for them",
		    from->name);
		return -1;
	}
	m->ids = open_stack_map(z, from->stacks, fd);
	return m->ids != NULL ? 1 : -1;
}

static int
open_maps(struct symbolizer *z, const struct map_fds *fds)
{
	bool any = false, processes = false;
	int got;

	for (size_t i = 0; i < z->header->nmaps; i++) {
		got = open_map(z, (unsigned int)i, fds[i].stacks);
		if (got == -1)
			return -1;
		any |= got == 1;
		processes |=
		    got == 1 && z->maps[i].layout.with_symbols &&
		    z->maps[i].layout.sides[STACK_USER].kind != STACK_ABSENT;
	}
	z->no_processes = !pidns_is_initial();
	if (processes && z->no_processes)
		report_notice("user functions stay without a name: this is not "
			      "the machine's own pid namespace");
	return any;
}

int
symbolizer_open(struct symbolizer **z, const struct stream_header *h,
    const struct map_fds *fds)
{
	struct symbolizer *new = calloc(1, sizeof(*new));
	int got = -1;

	*z = NULL;
	if (new == NULL)
		return report_nomem();
	new->header = h;
	new->maps = calloc(h->nmaps + 1, sizeof(*new->maps));
	new->stack_maps = calloc(h->nmaps + 1, sizeof(*new->stack_maps));
	if (new->maps == NULL || new->stack_maps == NULL)
		report_nomem();
	else if ((new->store = symbol_store_new()) != NULL)
		got = open_maps(new, fds);
	if (got == 1)
		*z = new;
	else
		symbolizer_close(new);
	return got == -1 ? -1 : 0;
}

/* Kernel addresses are shown to CAP_SYSLOG; the mappings of processes to
 * CAP_SYS_PTRACE, the very files behind them to CAP_CHECKPOINT_RESTORE, and
 * those of others, by their path, to CAP_DAC_READ_SEARCH. */
void
symbolizer_add_needs(const struct symbolizer *z, struct confine_needs *n)
{
	for (size_t i = 0; z != NULL && i < z->header->nmaps; i++) {
		const struct stack_layout *l = &z->maps[i].layout;

		if (!z->maps[i].has || !l->with_symbols)
			continue;
		if (l->sides[STACK_KERNEL].kind != STACK_ABSENT)
			n->caps |= CONFINE_CAP(CAP_SYSLOG);
		if (l->sides[STACK_USER].kind == STACK_ABSENT ||
		    z->no_processes)
			continue;
		n->caps |= CONFINE_CAP(CAP_SYS_PTRACE) |
			   CONFINE_CAP(CAP_CHECKPOINT_RESTORE) |
			   CONFINE_CAP(CAP_DAC_READ_SEARCH);
		n->inside = true;
	}
}

void
symbolizer_close(struct symbolizer *z)
{
	struct subject *next;

	if (z == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct subject *s = z->buckets[i]; s != NULL; s = next) {
			next = s->next;
			subject_free(s);
		}
	for (size_t i = 0; i < z->nstack_maps; i++)
		stack_map_close(&z->stack_maps[i]);
	image_cache_close(&z->images);
	kallsyms_free(&z->kernel);
	symbol_store_free(z->store);
	free(z->stack_maps);
	free(z->maps);
	free(z);
}
