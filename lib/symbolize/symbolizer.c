#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"
#include "host/pidns.h"
#include "record/stack-layout.h"
#include "symbolize/known-files.h"
#include "symbolize/naming.h"
#include "symbolize/process.h"
#include "symbolize/stack-map.h"
#include "symbolize/symbolizer.h"

/* The least time until an address without a name is looked up again. */
#define RETRY_PERIOD CLOCK_SECOND
/* How long symbolizer_finish() waits for the next name; for that of a kernel's
 * function, whose list may be long, but is honest; and in all. */
#define FINISH_WAIT (CLOCK_SECOND * (SANITIZED ? 5 : 1))
#define FINISH_KERNEL_WAIT (20 * CLOCK_SECOND)
#define FINISH_MAX (FINISH_WAIT * 3 / 2)

enum {
	SPACES_MAX = 1024,   /* processes in the cache */
	ROLES_MAX = 1 << 16, /* addresses of a process in the cache */
	ASKED_MAX = 1 << 12, /* requests without an answer; a power of two */
	KERNEL = 0,          /* as a pid */
	/* A request that only makes the other process read the list of the
	 * kernel's functions; no other has this number. */
	WARM_UP = 0,
};

/* Where the kernel's half of the addresses begins. */
#define KERNEL_START (UINT64_C(1) << 63)

/* An innermost address is the instruction itself.  A return address is
 * that of the instruction after the call, so the one before it is resolved. */
enum address_role { ROLE_INNERMOST = 1, ROLE_RETURN = 2 };

/* The state of an address. */
struct addr_roles {
	struct hash_key key; /* the address, 0 */
	unsigned char roles; /* in which it is known; enum address_role */
	unsigned char asked; /* in which it was asked for */
	uint64_t symbols;    /* a hash of the names it has */
	uint64_t retry_at;   /* it has no name until then; 0: no */
};

/* The addresses of the kernel or of a process. */
struct address_space {
	struct process process; /* unused but for the pid if KERNEL */
	struct hash roles;      /* of struct addr_roles */
	uint64_t program;       /* differs for each program of the process */
};

struct space_entry {
	struct hash_key key;         /* the pid, 0 */
	struct address_space *space; /* owned */
};

/* A request without all of its answers. */
struct asked {
	uint32_t request; /* its number; 0: this place is free */
	uint32_t file, n;
	uint64_t pid, program;
	struct asked_address {
		uint64_t addr, at; /* and its offset in the file */
		enum address_role role;
		bool told;
	} * v; /* owned */
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
	struct lookup_client client;
	symbolizer_before_fn *before_forget;
	void *before_forget_ctx; /* borrowed */
	struct known_files files;
	struct naming *naming; /* owned, or NULL: there are no other numbers */
	/* By the low bits of their numbers. */
	struct asked asked[ASKED_MAX];
	uint32_t last_request;
	size_t nasked, nasked_kernel;
	struct lookup_find request; /* that is being filled */
	struct asked filling;
	struct asked_address filled[LOOKUP_OFFSETS_MAX];
	struct hash spaces; /* of struct space_entry */
	uint64_t programs;  /* the last number of a program */
	uint64_t now;       /* clock_elapsed() for this record */
	bool no_processes;  /* records and /proc have different pids */
	bool reported_refused;
	uint64_t addrs[STACK_DEPTH_MAX]; /* of the current stack */
	uint64_t fresh[STACK_DEPTH_MAX]; /* those that readers have to learn */
	size_t nfresh;
	uint64_t fresh_pid;
	struct lookup_packet packet;
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
	s->program = ++z->programs;
	s->roles.size = sizeof(struct addr_roles);
	e->space = s;
	return s;
}

/*
 * Telling readers.
 */

/* What the store has of addresses of a process is about to change. */
static int
before_change(struct symbolizer *z, uint64_t pid)
{
	return z->before_forget != NULL
		   ? z->before_forget(z->before_forget_ctx, pid)
		   : 0;
}

/* A stack id is about to get another stack. */
static int
before_stack_change(void *ctx)
{
	return before_change(ctx, 0);
}

/* Appends a line for the addresses that readers have to learn about. */
static void
flush_fresh(struct symbolizer *z, struct buf *out)
{
	if (out != NULL && z->nfresh > 0)
		symbol_store_write(
		    z->store, out, z->fresh_pid, z->fresh, z->nfresh);
	z->nfresh = 0;
}

static void
add_fresh(struct symbolizer *z, uint64_t pid, uint64_t addr, struct buf *out)
{
	if (z->nfresh == nitems(z->fresh) || z->fresh_pid != pid)
		flush_fresh(z, out);
	z->fresh_pid = pid;
	z->fresh[z->nfresh++] = addr;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_frames(
    const struct symbol_frames *a, const struct symbol_frame *b, size_t n)
{
	if (a->n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_text(a->v[i].symbol, b[i].symbol) ||
		    a->v[i].line != b[i].line ||
		    a->v[i].offset != b[i].offset ||
		    !same_text(a->v[i].file, b[i].file))
			return false;
	return true;
}

/* A hash of the names. */
static uint64_t
hash_symbols(const struct symbol_frame *frames, size_t n)
{
	struct hash_key key = hash_start();

	for (size_t i = 0; i < n; i++)
		hash_mix(&key, frames[i].symbol, strlen(frames[i].symbol));
	return key.a;
}

/* Tells what an address is called.  Returns 0, or -1 after reporting. */
static int
tell(struct symbolizer *z, uint64_t pid, uint64_t addr,
    const struct symbol_frame *frames, size_t n, struct buf *out)
{
	struct symbol_frames old = symbol_store_find(z->store, pid, addr);

	if (old.v != NULL && same_frames(&old, frames, n))
		return 0;
	if (symbol_store_set(z->store, pid, addr, frames, n) == -1)
		return -1;
	add_fresh(z, pid, addr, out);
	return 0;
}

/* The state of an address, or NULL if memory ran out.  If there are too many,
 * all are dropped. */
static struct addr_roles *
get_roles(struct address_space *s, uint64_t addr)
{
	const struct hash_key key = { addr, 0 };
	struct addr_roles *e = hash_find(&s->roles, key);

	if (e != NULL)
		return e;
	if (s->roles.n == ROLES_MAX)
		hash_free(&s->roles);
	return hash_add(&s->roles, key);
}

/* Notes what was found for an address in a role, and tells it.  If it is not
 * settled, it is asked for again after retry_at. */
static int
take_answer(struct symbolizer *z, struct address_space *s, uint64_t addr,
    enum address_role role, const struct symbol_frame *frames, size_t n,
    uint64_t retry_at, struct buf *out)
{
	struct addr_roles *e = get_roles(s, addr);
	uint64_t symbols = hash_symbols(frames, n);

	if (e != NULL) {
		e->asked &= (unsigned char)~role;
		/* Readers keep one line for an address in both roles. */
		if (e->roles == 0 || e->symbols != symbols)
			e->roles = 0;
		e->roles |= (unsigned char)role;
		e->symbols = symbols;
		e->retry_at = n == 0 ? retry_at : 0;
	}
	return tell(z, (uint64_t)s->process.pid, addr, frames, n, out);
}

/* Where an address is. */
struct place {
	uint32_t file;
	uint64_t at; /* in the file */
	/* There is no file: 0 or the time after which there may be one. */
	bool none;
	uint64_t retry_at;
};

/* Forgets what is known of a process that runs another program by now. */
static void
refresh_process(struct symbolizer *z, struct address_space *s)
{
	if (process_refresh(&s->process, z->now) != PROCESS_CHANGED)
		return;
	hash_free(&s->roles);
	s->program = ++z->programs;
}

static struct place
locate_in_process(struct symbolizer *z, struct address_space *s, uint64_t addr)
{
	struct process *p = &s->process;
	const struct mapping *m;
	struct place place = { .at = addr };
	uint32_t *number;

	if (process_refresh_mappings(p, addr, z->now, &place.retry_at) ==
	    PROCESS_CHANGED) {
		hash_free(&s->roles);
		s->program = ++z->programs;
	}
	if (p->refused && !z->reported_refused) {
		z->reported_refused = true;
		report_notice("user functions are shown as addresses: "
			      "/proc/%ld/maps cannot be read; run as root, "
			      "or with CAP_SYS_PTRACE",
		    (long)p->pid);
	}
	m = mappings_find(&p->maps, addr);
	place.none = m == NULL;
	if (place.none)
		return place;
	place.retry_at = 0;
	number = m->kind == MAPPING_ANONYMOUS ? &p->generated
					      : &p->files[m - p->maps.v];
	if (m->kind == MAPPING_FILE)
		place.at = addr - m->start + m->offset;
	else if (m->kind == MAPPING_VDSO)
		place.at = addr - m->start;
	/* What was forgotten in the meantime is told of again. */
	if (*number != 0 && known_files_find(&z->files, *number) == NULL)
		*number = 0;
	if (*number == 0 && !p->gone)
		*number = known_files_number(
		    &z->files, &z->client, p, (size_t)(m - p->maps.v));
	place.file = *number;
	place.none = *number == 0;
	if (place.none && !p->gone)
		place.retry_at = z->now + RETRY_PERIOD;
	return place;
}

/* Where an address is that is no part of a stack. */
static struct naming_place
locate_for_naming(void *ctx, uint64_t pid, uint64_t addr)
{
	struct symbolizer *z = ctx;
	struct address_space *s = z->no_processes ? NULL : get_space(z, pid);
	struct place place;

	if (s == NULL)
		return (struct naming_place){ .none = true };
	refresh_process(z, s);
	place = locate_in_process(z, s, addr);
	return (struct naming_place){ .none = place.none,
		.program = s->program,
		.file = place.file,
		.at = place.at };
}

/*
 * Mappings.
 */

/* The mapping of an address, if it is known; its strings are borrowed. */
static bool
get_mapping(const struct symbolizer *z, const struct address_space *s,
    uint64_t addr, struct symbol_mapping *to)
{
	const struct process *p = &s->process;
	const struct mapping *m;
	const char *id;

	if (p->pid == KERNEL) {
		*to = (struct symbol_mapping){ .start = KERNEL_START,
			.end = UINT64_MAX,
			.file = "[kernel.kallsyms]" };
		id = known_files_build_id(&z->files, LOOKUP_KERNEL);
	} else {
		if ((m = mappings_find(&p->maps, addr)) == NULL)
			return false;
		*to = (struct symbol_mapping){ .start = m->start,
			.end = m->end,
			.offset = m->offset,
			.file = m->kind == MAPPING_FILE   ? m->path
				: m->kind == MAPPING_VDSO ? "[vdso]"
							  : "[anon]" };
		id = known_files_build_id(&z->files, p->files[m - p->maps.v]);
	}
	to->build_id = *id != '\0' ? id : NULL;
	return true;
}

/* Tells where an address is mapped from, unless that was told.  Returns 0, or
 * -1 after reporting. */
static int
tell_mapping(struct symbolizer *z, const struct address_space *s, uint64_t addr,
    struct buf *out)
{
	uint64_t pid = (uint64_t)s->process.pid;
	struct symbol_mapping m;
	int got;

	if (out == NULL || !get_mapping(z, s, addr, &m))
		return 0;
	got = mapping_store_set(symbol_store_mappings(z->store), pid, &m);
	if (got == 1)
		symbol_store_write_mapping(z->store, out, pid, &m);
	return got == -1 ? -1 : 0;
}

/*
 * Requests.
 */

/* Ends a request whose answers have all come. */
static void
drop_asked(struct symbolizer *z, struct asked *a)
{
	z->nasked--;
	z->nasked_kernel -= a->file == LOOKUP_KERNEL;
	free(a->v);
	*a = (struct asked){ .request = 0 };
}

/* The space that an answer is for: NULL if the process runs another program by
 * now, or was dropped. */
static struct address_space *
space_of_answer(struct symbolizer *z, const struct asked *a)
{
	const struct space_entry *e =
	    hash_find(&z->spaces, (struct hash_key){ a->pid, 0 });

	return e != NULL && e->space->program == a->program ? e->space : NULL;
}

static int
answer_asked(struct symbolizer *z, struct asked *a, size_t i,
    const struct symbol_frame *frames, size_t n, uint64_t retry_at,
    struct buf *out)
{
	struct asked_address *at = &a->v[i];
	struct address_space *s = space_of_answer(z, a);

	if (at->told)
		return 0;
	at->told = true;
	if (s != NULL && tell_mapping(z, s, at->addr, out) == -1)
		return -1;
	if (s != NULL)
		return take_answer(
		    z, s, at->addr, at->role, frames, n, retry_at, out);
	/* It is for records of the earlier program, unless the new one has the
	 * address too. */
	if (symbol_store_find(z->store, a->pid, at->addr).v != NULL)
		return 0;
	return tell(z, a->pid, at->addr, frames, n, out);
}

/* Tells what is left of a request: of a bad file the offset in it, else that
 * there is no name. */
static int
finish_asked(struct symbolizer *z, struct asked *a, struct buf *out)
{
	const struct known_file *f = known_files_find(&z->files, a->file);
	bool bad = f != NULL && f->bad && f->path != NULL;
	struct symbol_frame frame = { .has_offset = true };
	const char *slash = bad ? strrchr(f->path, '/') : NULL;
	int ret = 0;

	frame.symbol = slash != NULL ? slash + 1 : "";
	for (size_t i = 0; i < a->n && ret == 0; i++) {
		frame.offset = a->v[i].at;
		ret = answer_asked(
		    z, a, i, &frame, bad, bad ? 0 : z->now + RETRY_PERIOD, out);
	}
	drop_asked(z, a);
	return ret;
}

/* Answers all requests: no more answers come. */
static int
finish_all_asked(struct symbolizer *z, struct buf *out)
{
	int ret = 0;

	for (size_t i = 0; i < ASKED_MAX && ret == 0 && z->nasked > 0; i++)
		if (z->asked[i].request != 0)
			ret = finish_asked(z, &z->asked[i], out);
	flush_fresh(z, out);
	return ret;
}

/* Sends the request that is being filled. */
static int
send_request(struct symbolizer *z, struct buf *out)
{
	struct asked *a, *from = &z->filling;
	uint32_t number;

	if (from->n == 0)
		return 0;
	z->last_request = (z->last_request + 1) & ~(uint32_t)NAMING_REQUEST;
	if (z->last_request == WARM_UP)
		z->last_request++;
	number = z->last_request;
	a = &z->asked[number & (ASKED_MAX - 1)];
	/* It was not answered for a long time. */
	if (a->request != 0 && finish_asked(z, a, out) == -1)
		return -1;
	*a = *from;
	from->n = 0;
	a->v = malloc(a->n * sizeof(*a->v));
	if (a->v == NULL)
		return report_nomem();
	memcpy(a->v, z->filled, a->n * sizeof(*a->v));
	a->request = number;
	z->nasked++;
	z->nasked_kernel += a->file == LOOKUP_KERNEL;
	z->request.head = (struct lookup_head){ LOOKUP_FIND, number };
	z->request.file = a->file;
	z->request.n = a->n;
	if (lookup_client_ask(&z->client, &z->request) == 0)
		return 0;
	return finish_asked(z, a, out);
}

/* Adds an address to the request, which is sent when it is full or for another
 * file. */
static int
ask(struct symbolizer *z, const struct address_space *s,
    const struct place *place, uint64_t addr, enum address_role role,
    struct buf *out)
{
	struct asked *a = &z->filling;
	uint64_t pid = (uint64_t)s->process.pid;

	if (a->n > 0 &&
	    (a->n == LOOKUP_OFFSETS_MAX || a->file != place->file ||
		a->pid != pid || a->program != s->program) &&
	    send_request(z, out) == -1)
		return -1;
	a->file = place->file;
	a->pid = pid;
	a->program = s->program;
	z->filled[a->n] = (struct asked_address){
		.addr = addr, .at = place->at, .role = role
	};
	z->request.v[a->n++] = (struct lookup_offset){ .at = place->at,
		.is_return = role == ROLE_RETURN };
	return 0;
}

/* Finds out whether an address has to be looked up, and asks for it. */
static int
resolve_address(struct symbolizer *z, struct address_space *s, uint64_t addr,
    enum address_role role, struct buf *out)
{
	uint64_t pid = (uint64_t)s->process.pid;
	struct addr_roles *e =
	    hash_find(&s->roles, (struct hash_key){ addr, 0 });
	struct symbol_frames old;
	struct place place = { .file = LOOKUP_KERNEL, .at = addr };

	if (e != NULL && e->asked & role)
		return 0;
	old = symbol_store_find(z->store, pid, addr);
	/* The store drops old addresses, as do the readers of the stream. */
	if (e != NULL && e->roles & role && old.v != NULL &&
	    (e->retry_at == 0 || z->now < e->retry_at))
		return 0;
	if (z->client.fd == -1)
		return take_answer(z, s, addr, role, NULL, 0, 0, out);
	if (pid != KERNEL && z->no_processes)
		place.none = true;
	else if (pid != KERNEL)
		place = locate_in_process(z, s, addr);
	if (place.none)
		return take_answer(
		    z, s, addr, role, NULL, 0, place.retry_at, out);
	/* Its name was one of an earlier program.  That of the other role is
	 * nearly always the same, and is kept until the answer comes. */
	if (old.n > 0 && (e == NULL || e->roles == 0)) {
		if (before_change(z, pid) == -1)
			return -1;
		symbol_store_forget(z->store, pid, addr);
		if (out != NULL)
			symbol_store_write_forgotten(out, pid, addr);
	}
	if ((e = get_roles(s, addr)) != NULL)
		e->asked |= (unsigned char)role;
	return ask(z, s, &place, addr, role, out);
}

/* Resolves the n addresses in z->addrs, and appends a line for those that
 * readers have to learn about.  Returns 0, or -1 after reporting. */
static int
resolve_stack(struct symbolizer *z, uint64_t pid, size_t n, struct buf *out)
{
	struct address_space *s = get_space(z, pid);

	if (s == NULL)
		return report_nomem();
	if (pid != KERNEL && !z->no_processes)
		refresh_process(z, s);
	for (size_t i = 0; i < n; i++)
		if (resolve_address(z, s, z->addrs[i],
			i == 0 ? ROLE_INNERMOST : ROLE_RETURN, out) == -1)
			return -1;
	if (send_request(z, out) == -1)
		return -1;
	flush_fresh(z, out);
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
		    z->store, out, &found, before_stack_change, z);
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
		if (pid == KERNEL || pid > INT32_MAX)
			return 0;
	}
	return resolve_stack(z, pid, n, out);
}

int
symbolizer_record(struct symbolizer *z, unsigned int map,
    const unsigned char *record, struct buf *out)
{
	const struct map_stacks *m = &z->maps[map];

	if (!m->has && z->naming == NULL)
		return 0;
	/* Other numbers than addresses need no time. */
	if (m->has || naming_has(z->naming, KIND_USYM))
		z->now = clock_elapsed();
	if (naming_record(z->naming, map, record, out) == -1)
		return -1;
	for (int side = 0; m->has && side < STACK_SIDES; side++)
		if (resolve_side(z, m, (enum stack_side)side, record, out) ==
		    -1)
			return -1;
	return 0;
}

void
symbolizer_set_before_forget(
    struct symbolizer *z, symbolizer_before_fn *before, void *ctx)
{
	z->before_forget = before;
	z->before_forget_ctx = ctx;
}

bool
symbolizer_follows(const struct symbolizer *z)
{
	return z != NULL && z->client.fd != -1;
}

int
symbolizer_fd(const struct symbolizer *z)
{
	return z != NULL ? z->client.fd : -1;
}

/* What is the matter without the other process. */
static const char *
shown_without_names(const struct symbolizer *z)
{
	for (size_t i = 0; i < z->header->nmaps; i++)
		if (z->maps[i].has)
			return "functions are shown as addresses";
	return "users, interfaces, cgroups and functions are shown as numbers";
}

/* Takes one message.  Returns how many addresses were told, or -1. */
static int
take_message(struct symbolizer *z, struct buf *out)
{
	const struct lookup_packet *p = &z->packet;
	struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
	struct asked *a;
	size_t n;

	if (p->m.head.type == LOOKUP_BAD) {
		known_files_take_bad(&z->files, &p->m.bad);
		return 0;
	}
	if (naming_is_answer(p))
		return naming_take(z->naming, p, out);
	a = &z->asked[p->m.head.number & (ASKED_MAX - 1)];
	if (a->request == 0 || a->request != p->m.head.number)
		return 0;
	if (p->m.head.type == LOOKUP_IMAGE) {
		known_files_take_image(&z->files, a->file, &p->m.image);
		return 0;
	}
	if (p->m.head.type == LOOKUP_DONE) {
		n = a->n;
		if (finish_asked(z, a, out) == -1)
			return -1;
		flush_fresh(z, out);
		return (int)n;
	}
	if (p->m.found.index >= a->n)
		return 0;
	n = lookup_found_frames(p, frames);
	if (answer_asked(z, a, p->m.found.index, frames, n,
		p->m.found.settled ? 0 : z->now + RETRY_PERIOD, out) == -1)
		return -1;
	return 1;
}

int
symbolizer_read(struct symbolizer *z, struct buf *out)
{
	int got = 0, told = 0, n;

	if (z->client.fd == -1)
		return 0;
	z->now = clock_elapsed();
	while ((got = lookup_client_receive(&z->client, &z->packet)) == 1) {
		if ((n = take_message(z, out)) == -1)
			return -1;
		told += n;
	}
	if (got == 0)
		return naming_flush(z->naming, out) == -1 ? -1 : told;
	report_notice("%s from now on: the process that finds their names has "
		      "ended",
	    shown_without_names(z));
	told += (int)(z->nasked + naming_waiting(z->naming));
	if (naming_finish(z->naming, true, out) == -1)
		return -1;
	return finish_all_asked(z, out) == -1 ? -1 : told;
}

int
symbolizer_finish(struct symbolizer *z, struct buf *out)
{
	uint64_t start = clock_elapsed(), last = start, now, end;
	struct pollfd wait = { .events = POLLIN };
	int told;

	while (
	    z->nasked + naming_waiting(z->naming) > 0 && z->client.fd != -1) {
		now = clock_elapsed();
		if (z->nasked_kernel > 0 || (naming_has(z->naming, KIND_KSYM) &&
						naming_waiting(z->naming) > 0))
			end = start + FINISH_KERNEL_WAIT;
		else if (last + FINISH_WAIT < start + FINISH_MAX)
			end = last + FINISH_WAIT;
		else
			end = start + FINISH_MAX;
		if (now >= end)
			break;
		wait.fd = z->client.fd;
		poll(&wait, 1, (int)((end - now) / 1000000) + 1);
		if ((told = symbolizer_read(z, out)) == -1)
			return -1;
		if (told > 0)
			last = clock_elapsed();
	}
	z->now = clock_elapsed();
	if (naming_finish(z->naming, false, out) == -1)
		return -1;
	return finish_all_asked(z, out);
}

const struct name_store *
symbolizer_names(const struct symbolizer *z)
{
	return naming_names(z->naming);
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

/* Whether any map's records have names of this side. */
static bool
names_side(const struct symbolizer *z, enum stack_side side)
{
	for (size_t i = 0; i < z->header->nmaps; i++)
		if (z->maps[i].has && z->maps[i].layout.with_symbols &&
		    z->maps[i].layout.sides[side].kind != STACK_ABSENT)
			return true;
	return false;
}

/* Returns 1 if any map has stacks, else 0, or -1 after reporting. */
static int
open_all_stacks(struct symbolizer *z, const struct map_fds *fds, bool names)
{
	bool any = false;
	int got;

	for (size_t i = 0; i < z->header->nmaps; i++) {
		got = open_map_stacks(z, (unsigned int)i, fds[i].stacks);
		if (got == -1)
			return -1;
		any |= got == 1;
		z->maps[i].layout.with_symbols &= names;
	}
	return any;
}

/* Whether there are addresses of processes that get names. */
static bool
names_processes(const struct symbolizer *z)
{
	return names_side(z, STACK_USER) || naming_has(z->naming, KIND_USYM);
}

/* Says so if the processes of the records cannot be found. */
static void
check_pidns(struct symbolizer *z)
{
	z->no_processes = !pidns_is_initial();
	if (names_processes(z) && z->no_processes)
		report_notice("user functions are shown as addresses: this is "
			      "not the initial pid namespace, so the records "
			      "have other pids than /proc");
}

/* Has the other process read the list of the kernel's functions before the
 * first record. */
static void
warm_up(struct symbolizer *z)
{
	z->request.head = (struct lookup_head){ LOOKUP_FIND, WARM_UP };
	z->request.file = LOOKUP_KERNEL;
	z->request.n = 1;
	z->request.v[0] = (struct lookup_offset){ .at = 0 };
	lookup_client_ask(&z->client, &z->request);
}

/* Has it begin to note the cgroups that there are, and those that end. */
static void
warm_up_host(struct symbolizer *z)
{
	z->request.head = (struct lookup_head){ LOOKUP_FIND, WARM_UP };
	z->request.file = LOOKUP_HOST;
	z->request.n = 1;
	z->request.v[0] = (struct lookup_offset){ .is_return = KIND_CGROUP };
	lookup_client_ask(&z->client, &z->request);
}

/* Whether there are numbers that only this host can name. */
static bool
names_numbers(const struct symbolizer *z)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (lookup_is_host_kind((uint64_t)kind) &&
		    naming_has(z->naming, (enum kind)kind))
			return true;
	return false;
}

/* Starts the other process, if names are wanted and it does not run yet. */
static void
open_client(struct symbolizer *z, bool detach)
{
	bool kernel =
	    names_side(z, STACK_KERNEL) || naming_has(z->naming, KIND_KSYM);

	if (!kernel && !names_side(z, STACK_USER) && z->naming == NULL)
		return;
	if (z->client.fd == -1 && z->client.why[0] == '\0')
		lookup_client_open(&z->client,
		    (detach ? LOOKUP_CLIENT_DETACH : 0) |
			(names_numbers(z) ? LOOKUP_CLIENT_HOST : 0));
	if (z->client.fd == -1)
		report_notice("%s: the process that finds their names cannot "
			      "be started: %s",
		    shown_without_names(z), z->client.why);
	else if (kernel)
		warm_up(z);
	if (naming_has(z->naming, KIND_CGROUP) ||
	    naming_has(z->naming, KIND_CONTAINER))
		warm_up_host(z);
	if (z->client.fd == -1) {
		naming_close(z->naming);
		z->naming = NULL;
	}
}

int
symbolizer_open(struct symbolizer **z, struct stream_header *h,
    const struct map_fds *fds, struct lookup_client *c,
    enum symbolizer_names names)
{
	struct symbolizer *new = calloc(1, sizeof(*new));
	bool follow;
	int got = -1;

	*z = NULL;
	if (new == NULL) {
		lookup_client_close(c);
		return report_nomem();
	}
	new->client = *c;
	if (new->client.first == NULL)
		new->client.last = &new->client.first;
	*c = (struct lookup_client)LOOKUP_CLIENT_CLOSED;
	new->header = h;
	new->spaces.size = sizeof(struct space_entry);
	new->maps = calloc(h->nmaps + 1, sizeof(*new->maps));
	new->stack_maps = calloc(h->nmaps + 1, sizeof(*new->stack_maps));
	if (new->maps == NULL || new->stack_maps == NULL) {
		report_nomem();
	} else if ((new->store = symbol_store_new()) != NULL) {
		known_files_init(&new->files);
		got = open_all_stacks(new, fds, names != SYMBOLIZER_NONE);
	}
	if (got != -1 && names == SYMBOLIZER_CHILD &&
	    naming_open(
		&new->naming, h, &new->client, locate_for_naming, new) == -1)
		got = -1;
	if (got == 1 || (got == 0 && new->naming != NULL)) {
		*z = new;
		check_pidns(new);
		open_client(new, names == SYMBOLIZER_DETACHED);
		/* A JSON record has its names inside. */
		follow = new->client.fd != -1 && h->encoding != STREAM_JSON;
		h->symbols_follow = follow && got == 1;
		h->names_follow = follow && new->naming != NULL;
	} else {
		symbolizer_close(new);
	}
	return got == -1 ? -1 : 0;
}

/* CAP_SYS_PTRACE shows the mappings of processes, CAP_CHECKPOINT_RESTORE the
 * mapped files in /proc/PID/map_files, and CAP_DAC_READ_SEARCH that directory
 * of other users' processes. */
void
symbolizer_add_needs(const struct symbolizer *z, struct confine_needs *n)
{
	if (z != NULL && z->client.fd != -1 && !z->no_processes &&
	    names_processes(z))
		n->caps |= CONFINE_CAP(CAP_SYS_PTRACE) |
			   CONFINE_CAP(CAP_CHECKPOINT_RESTORE) |
			   CONFINE_CAP(CAP_DAC_READ_SEARCH);
}

void
symbolizer_close(struct symbolizer *z)
{
	if (z == NULL)
		return;
	naming_close(z->naming);
	lookup_client_close(&z->client);
	for (size_t i = 0; i < ASKED_MAX && z->nasked > 0; i++)
		if (z->asked[i].request != 0)
			drop_asked(z, &z->asked[i]);
	while (z->spaces.n > 0)
		drop_oldest_space(z);
	hash_free(&z->spaces);
	known_files_free(&z->files);
	for (size_t i = 0; i < z->nstack_maps; i++)
		stack_map_close(&z->stack_maps[i]);
	symbol_store_free(z->store);
	free(z->stack_maps);
	free(z->maps);
	free(z);
}
