#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"
#include "host/kallsyms.h"
#include "host/pidns.h"
#include "lookup/demangle.h"
#include "record/stack-layout.h"
#include "symbolize/process.h"
#include "symbolize/stack-map.h"
#include "symbolize/symbolizer.h"

/* The least time between two reads of /proc/kallsyms for new modules. */
#define KALLSYMS_PERIOD (10 * CLOCK_SECOND)

enum {
	SPACES_MAX = 1024,   /* processes in the cache */
	ROLES_MAX = 1 << 16, /* addresses of a process in the cache */
	KERNEL = 0,          /* as a pid */
};

/* An innermost address is the instruction itself.  A return address is
 * that of the instruction after the call, so the one before it is resolved. */
enum address_role { ROLE_INNERMOST = 1, ROLE_RETURN = 2 };

/* The roles in which an address was resolved. */
struct addr_roles {
	struct hash_key key; /* the address, 0 */
	unsigned char roles; /* a set of enum address_role */
};

/* The addresses of the kernel or of a process. */
struct address_space {
	struct process process; /* unused but for the pid if KERNEL */
	struct hash roles;      /* of struct addr_roles */
};

struct space_entry {
	struct hash_key key;         /* the pid, 0 */
	struct address_space *space; /* owned */
};

struct map_stacks {
	struct stack_layout layout;
	bool has;              /* the records have stacks */
	struct stack_map *ids; /* borrowed, or NULL */
};

struct symbolizer {
	const struct stream_header *header; /* borrowed */
	struct map_stacks *maps;            /* owned: one for each map */
	struct stack_map *stack_maps;       /* owned */
	size_t nstack_maps;
	struct symbol_store *store; /* owned */
	struct kallsyms kernel;
	uint64_t kernel_read; /* clock_elapsed() of the last read; 0: never */
	struct image_cache images;
	struct hash spaces; /* of struct space_entry */
	uint64_t now;       /* clock_elapsed() for this record */
	bool no_processes;  /* records and /proc have different pids */
	bool reported_refused;
	uint64_t addrs[STACK_DEPTH_MAX]; /* of the current stack */
	uint64_t fresh[STACK_DEPTH_MAX]; /* those of it that are new */
	/* The demangled names of the functions at the current address. */
	char names[SYMBOL_STORE_INLINES_MAX][SYMBOL_STORE_TEXT_MAX + 1];
};

static void
drop_oldest_space(struct symbolizer *z)
{
	struct space_entry *e = hash_at(&z->spaces, 0);

	process_free(&e->space->process);
	hash_free(&e->space->roles);
	free(e->space);
	hash_drop_oldest(&z->spaces);
}

/* Find or create the address space of a process.  Returns NULL if memory runs
 * out. */
static struct address_space *
get_space(struct symbolizer *z, uint64_t pid)
{
	const struct hash_key key = { pid, 0 };
	struct space_entry *e = hash_find(&z->spaces, key);
	struct address_space *s;

	if (e != NULL)
		return e->space;
	if (z->spaces.n == SPACES_MAX)
		drop_oldest_space(z);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if ((e = hash_add(&z->spaces, key)) == NULL) {
		free(s);
		return NULL;
	}
	s->process.pid = (pid_t)pid;
	s->roles.size = sizeof(struct addr_roles);
	e->space = s;
	return s;
}

/* Find the frame of a kernel address.  Returns how many: 0 or 1. */
static size_t
find_kernel_frame(const struct symbolizer *z, uint64_t addr, bool is_return,
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

/* The same, after reading the list of symbols if that is due.  *settled becomes
 * false if a later call may find a frame. */
static size_t
find_in_kernel(struct symbolizer *z, uint64_t addr, bool is_return,
    struct symbol_frame *frames, bool *settled)
{
	size_t n = find_kernel_frame(z, addr, is_return, frames);

	*settled = true;
	if (n > 0)
		return n;
	if (z->kernel_read != 0 && z->kernel.n == 0)
		return 0;
	/* It may belong to a module or a BPF program that was loaded since. */
	if (z->kernel_read != 0 && z->now - z->kernel_read < KALLSYMS_PERIOD) {
		*settled = false;
		return 0;
	}
	z->kernel_read = z->now;
	kallsyms_read(&z->kernel);
	return find_kernel_frame(z, addr, is_return, frames);
}

static size_t
find_in_process(struct symbolizer *z, struct address_space *s, uint64_t addr,
    bool is_return, struct symbol_frame *frames, bool *settled)
{
	struct process *p = &s->process;

	if (process_refresh_mappings(p, addr, z->now, settled) ==
	    PROCESS_CHANGED)
		hash_free(&s->roles);
	if (p->refused && !z->reported_refused) {
		z->reported_refused = true;
		report_notice("user functions are shown as addresses: "
			      "/proc/%ld/maps cannot be read; run as root, "
			      "or with CAP_SYS_PTRACE",
		    (long)p->pid);
	}
	return process_find(p, &z->images, addr, is_return, frames, settled);
}

/* Find the frames of an address, demangled.  *settled as above. */
static size_t
find_frames(struct symbolizer *z, struct address_space *s, uint64_t addr,
    bool is_return, struct symbol_frame *frames, bool *settled)
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

/* Whether the frames have the same symbols and, with lines, the same offsets,
 * files and lines. */
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

/* Record the roles of an address.  If there are too many addresses or memory
 * runs out, the recorded ones are dropped. */
static void
set_addr_roles(struct address_space *s, uint64_t addr, unsigned char roles)
{
	const struct hash_key key = { addr, 0 };
	struct addr_roles *e = hash_find(&s->roles, key);

	if (e == NULL) {
		if (s->roles.n == ROLES_MAX)
			hash_free(&s->roles);
		e = hash_add(&s->roles, key);
	}
	if (e != NULL)
		e->roles = roles;
	else
		hash_free(&s->roles);
}

/*
 * Resolve an address unless that was done.  Returns 1 if readers of the stream
 * have to learn about it, 0 if not, or -1 after reporting.
 */
static int
resolve_address(struct symbolizer *z, struct address_space *s, uint64_t addr,
    enum address_role role)
{
	uint64_t pid = (uint64_t)s->process.pid;
	const struct addr_roles *e =
	    hash_find(&s->roles, (struct hash_key){ addr, 0 });
	unsigned char roles = e != NULL ? e->roles : 0;
	struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	struct symbol_frames old = symbol_store_find(z->store, pid, addr);
	bool settled, is_news;
	size_t n;

	/* The store drops old addresses, as do the readers of the stream. */
	if (roles & role && old.v != NULL)
		return 0;
	frames[0] = (struct symbol_frame){ .symbol = NULL };
	n = find_frames(z, s, addr, role == ROLE_RETURN, frames, &settled);
	/* The return address of a signal handler has no call before it. */
	if (n == 0 && role == ROLE_RETURN)
		n = find_frames(z, s, addr, false, frames, &settled);
	if (!settled)
		return 0;
	/* Readers keep one line for an address in both roles. */
	if (old.v != NULL && roles != 0 &&
	    same_frames(&old, frames, n, false)) {
		set_addr_roles(s, addr, roles | role);
		return 0;
	}
	set_addr_roles(s, addr, role);
	if (old.v != NULL && same_frames(&old, frames, n, true))
		return 0;
	/* Readers need not learn that an address is still unknown. */
	is_news = n > 0 || old.n > 0;
	if (symbol_store_set(z->store, pid, addr, frames, n) == -1)
		return -1;
	return is_news;
}

/* Resolve the n addresses in z->addrs, and append a line for those that readers
 * have to learn about.  Returns 0, or -1 after reporting. */
static int
resolve_stack(struct symbolizer *z, uint64_t pid, size_t n, struct buf *out)
{
	struct address_space *s = get_space(z, pid);
	size_t fresh = 0;
	int got;

	if (s == NULL)
		return report_nomem();
	if (pid != KERNEL &&
	    process_refresh(&s->process, z->now) == PROCESS_CHANGED)
		hash_free(&s->roles);
	for (size_t i = 0; i < n; i++) {
		got = resolve_address(
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

/* Read the addresses of one side of a record into z->addrs.  Returns how
 * many. */
static size_t
read_addresses(struct symbolizer *z, const struct map_stacks *m,
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
resolve_side(struct symbolizer *z, const struct map_stacks *m,
    enum stack_side side, const unsigned char *record, struct buf *out)
{
	size_t n = read_addresses(z, m, side, record, out);
	uint64_t pid = KERNEL;

	if (n == 0 || !m->layout.with_symbols)
		return 0;
	if (side == STACK_USER) {
		pid = stack_layout_read_pid(
		    &m->layout, &z->header->types, record);
		/* Pid 0 is the idle task of a CPU. */
		if (pid == KERNEL || pid > INT32_MAX || z->no_processes)
			return 0;
	}
	return resolve_stack(z, pid, n, out);
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
		if (resolve_side(z, m, (enum stack_side)side, record, out) ==
		    -1)
			return -1;
	return 0;
}

struct symbol_store *
symbolizer_symbols(struct symbolizer *z)
{
	return z->store;
}

/* The stack map of this name, opened once for all maps that refer to it.
 * Returns NULL after reporting. */
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

/* Returns 1 if map number i has stacks, else 0, or -1 after reporting. */
static int
open_map_stacks(struct symbolizer *z, unsigned int i, int fd)
{
	const struct stream_map *from = &z->header->maps[i];
	struct map_stacks *m = &z->maps[i];
	int got = stack_layout_find(&m->layout, z->header, i);

	if (got != 1)
		return got;
	m->has = true;
	if (m->layout.sides[STACK_KERNEL].kind != STACK_ID &&
	    m->layout.sides[STACK_USER].kind != STACK_ID)
		return 1;
	if (from->stacks == NULL || fd < 0) {
		report_error("map %s: its records have stack ids, but the "
			     "stack-trace map for them is not known",
		    from->name);
		return -1;
	}
	m->ids = open_stack_map(z, from->stacks, fd);
	return m->ids != NULL ? 1 : -1;
}

/* Returns 1 if any map has stacks, else 0, or -1 after reporting. */
static int
open_all_stacks(struct symbolizer *z, const struct map_fds *fds)
{
	bool any = false, processes = false;
	int got;

	for (size_t i = 0; i < z->header->nmaps; i++) {
		got = open_map_stacks(z, (unsigned int)i, fds[i].stacks);
		if (got == -1)
			return -1;
		any |= got == 1;
		processes |=
		    got == 1 && z->maps[i].layout.with_symbols &&
		    z->maps[i].layout.sides[STACK_USER].kind != STACK_ABSENT;
	}
	z->no_processes = !pidns_is_initial();
	if (processes && z->no_processes)
		report_notice("user functions are shown as addresses: this is "
			      "not the initial pid namespace, so the records "
			      "have other pids than /proc");
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
	new->spaces.size = sizeof(struct space_entry);
	new->maps = calloc(h->nmaps + 1, sizeof(*new->maps));
	new->stack_maps = calloc(h->nmaps + 1, sizeof(*new->stack_maps));
	if (new->maps == NULL || new->stack_maps == NULL)
		report_nomem();
	else if ((new->store = symbol_store_new()) != NULL)
		got = open_all_stacks(new, fds);
	if (got == 1)
		*z = new;
	else
		symbolizer_close(new);
	return got == -1 ? -1 : 0;
}

/* CAP_SYSLOG shows the addresses of kernel symbols, CAP_SYS_PTRACE the mappings
 * of processes, CAP_CHECKPOINT_RESTORE the mapped files in /proc/PID/map_files,
 * and CAP_DAC_READ_SEARCH the files of other users by their paths. */
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
		n->openat2 = true;
	}
}

void
symbolizer_close(struct symbolizer *z)
{
	if (z == NULL)
		return;
	while (z->spaces.n > 0)
		drop_oldest_space(z);
	hash_free(&z->spaces);
	for (size_t i = 0; i < z->nstack_maps; i++)
		stack_map_close(&z->stack_maps[i]);
	image_cache_close(&z->images);
	kallsyms_free(&z->kernel);
	symbol_store_free(z->store);
	free(z->stack_maps);
	free(z->maps);
	free(z);
}
