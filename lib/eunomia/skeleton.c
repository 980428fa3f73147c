#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdlib.h>

#include "attach/attach.h"
#include "base/report.h"
#include "eunomia/skeleton.h"
#include "load/object.h"
#include "poll/poller.h"
#include "session/export.h"
#include "stream/stream.h"
#include "symbolize/symbolizer.h"

enum stage { STAGE_OPENED, STAGE_LOADING, STAGE_LOADED, STAGE_FAILED };

struct eunomia_bpf {
	struct package package;
	struct object object;
	struct stream_header header;
	struct attachments links;
	struct poller *poller;                 /* owned; NULL until loaded */
	struct symbolizer *symbolizer;         /* owned, or NULL */
	struct delivery delivery;              /* what it delivers to */
	struct eunomia_polling_handle *handle; /* owned: one use of it */

	/* Over what follows.  Not held while it is loaded or polled: a signal
	 * handler of the program may release it there, and exit. */
	pthread_mutex_t lock;
	pthread_cond_t idle; /* not busy any more */
	enum stage stage;
	bool busy;        /* being loaded or polled */
	pthread_t thread; /* by this one */
	bool doomed;      /* released when that is done */
};

static struct eunomia_polling_handle *
new_handle(void)
{
	struct eunomia_polling_handle *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		report_nomem();
		return NULL;
	}
	atomic_init(&h->users, 1);
	if (control_open(&h->control) == 0)
		return h;
	free(h);
	return NULL;
}

void
skeleton_drop_handle(struct eunomia_polling_handle *h)
{
	if (h == NULL || atomic_fetch_sub(&h->users, 1) > 1)
		return;
	control_close(&h->control);
	free(h);
}

/* Take what is in the kernel out of it. */
static void
unload(struct eunomia_bpf *p)
{
	poller_close(p->poller);
	p->poller = NULL;
	symbolizer_close(p->symbolizer);
	p->symbolizer = NULL;
	attach_close(&p->links);
	object_close(&p->object);
}

/* Take everything down; nobody uses it. */
static void
take_down(struct eunomia_bpf *p)
{
	unload(p);
	stream_header_free(&p->header);
	package_close(&p->package);
	skeleton_drop_handle(p->handle);
	pthread_cond_destroy(&p->idle);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct eunomia_bpf *
skeleton_open(struct package *package, const char *btf)
{
	struct eunomia_bpf *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		report_nomem();
		package_close(package);
		return NULL;
	}
	p->package = *package;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->idle, NULL);
	if ((p->handle = new_handle()) != NULL &&
	    object_open(&p->object, &p->package, btf) == 0 &&
	    stream_header_init(&p->header, p->package.obj_name) == 0 &&
	    attach_choose(&p->links, &p->object, NULL, 0) == 0 &&
	    export_maps(&p->header, &p->object, &p->links, NULL, 0) == 0)
		return p;
	take_down(p);
	return NULL;
}

void
skeleton_release(struct eunomia_bpf *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->busy) {
		control_end(&p->handle->control);
		/* It cannot wait for itself. */
		p->doomed = pthread_equal(p->thread, pthread_self());
	}
	while (p->busy && !p->doomed)
		pthread_cond_wait(&p->idle, &p->lock);
	if (p->doomed) {
		pthread_mutex_unlock(&p->lock);
		return;
	}
	pthread_mutex_unlock(&p->lock);
	take_down(p);
}

/* The poller stands before anything is attached: perf buffers keep only what
 * comes after they were opened. */
static int
open_poller(struct eunomia_bpf *p)
{
	int *lost = object_lost_fds(&p->object, &p->header);
	const struct poller_options options = {
		.out_fd = -1,
		.in_fd = -1,
		.latency_ns = POLLER_LATENCY_NS,
		.lost_fds = lost,
		.perf_pages = p->package.perf_buffer_pages,
		.poll_timeout_ms = p->package.poll_timeout_ms,
		.control = &p->handle->control,
	};
	int *fds = object_map_fds(&p->object, &p->header);

	if (fds != NULL && lost != NULL)
		p->poller = poller_open(
		    &p->header, fds, &options, &delivery_sink, &p->delivery);
	free(lost);
	free(fds);
	return p->poller != NULL ? 0 : -1;
}

static int
open_symbolizer(struct eunomia_bpf *p)
{
	int *stacks = object_stack_fds(&p->object, &p->header), ret = -1;

	if (stacks != NULL)
		ret = symbolizer_open(&p->symbolizer, &p->header, stacks);
	free(stacks);
	return ret;
}

static int
load(struct eunomia_bpf *p)
{
	if (attach_check(&p->links) == 0 && object_load(&p->object) == 0 &&
	    open_symbolizer(p) == 0 && open_poller(p) == 0 &&
	    attach_all(&p->links) == 0 &&
	    export_links(&p->header, &p->links, p->poller) == 0)
		return 0;
	unload(p);
	return -1;
}

/* Whether the skeleton is loaded; the lock is held. */
static bool
is_loaded(const struct eunomia_bpf *p)
{
	static const char *const why[] = {
		[STAGE_OPENED] =
		    "load_and_attach_eunomia_skel() was not called",
		[STAGE_LOADING] = "this one is being loaded",
		[STAGE_FAILED] = "loading this one has failed",
	};

	if (p->stage == STAGE_LOADED)
		return true;
	report_error("expected a loaded skeleton: %s", why[p->stage]);
	return false;
}

/* Whether the skeleton can be loaded; the lock is held. */
static bool
is_loadable(const struct eunomia_bpf *p)
{
	static const char *const why[] = {
		[STAGE_LOADING] = "the skeleton is being loaded already",
		[STAGE_LOADED] = "the skeleton is already loaded",
		[STAGE_FAILED] =
		    "loading this skeleton has failed before; open it anew",
	};

	if (p->stage == STAGE_OPENED)
		return true;
	report_error("%s", why[p->stage]);
	return false;
}

/* This thread is at work on it; the lock is held. */
static void
begin_work(struct eunomia_bpf *p)
{
	p->busy = true;
	p->thread = pthread_self();
}

/* The lock is held, and is given up.  Returns 0, or -1 if the skeleton was
 * released meanwhile, by this thread. */
static int
end_work(struct eunomia_bpf *p)
{
	bool doomed = p->doomed;

	p->busy = false;
	pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->lock);
	/* If another thread waited, p is its to free, and may be gone. */
	if (doomed)
		take_down(p);
	return doomed ? -1 : 0;
}

static int
begin_loading(struct eunomia_bpf *p)
{
	bool may;

	pthread_mutex_lock(&p->lock);
	may = is_loadable(p);
	if (may) {
		p->stage = STAGE_LOADING;
		begin_work(p);
	}
	pthread_mutex_unlock(&p->lock);
	return may ? 0 : -1;
}

int
skeleton_load(struct eunomia_bpf *p)
{
	int ret;

	if (begin_loading(p) == -1)
		return -1;
	ret = load(p);
	pthread_mutex_lock(&p->lock);
	p->stage = ret == 0 ? STAGE_LOADED : STAGE_FAILED;
	if (end_work(p) == -1) {
		report_error("the skeleton was released while it was loaded");
		return -1;
	}
	return ret;
}

static int
begin_polling(struct eunomia_bpf *p)
{
	bool may;

	pthread_mutex_lock(&p->lock);
	may = is_loaded(p);
	if (may && p->busy) {
		report_error("the skeleton is being polled already");
		may = false;
	}
	if (may)
		begin_work(p);
	pthread_mutex_unlock(&p->lock);
	return may ? 0 : -1;
}

static int
run(struct eunomia_bpf *p)
{
	enum poller_end end;
	int ret = delivery_begin(&p->delivery);

	if (ret == -1)
		return -1;
	poller_run(p->poller);
	/* What came in a nap was there before the end was asked for. */
	end = poller_take_rest(p->poller);
	/* The one who asked for an end may have been a handler. */
	if (end == POLLER_GONE)
		control_take_end(&p->handle->control);
	if (end == POLLER_FAILED || poller_count_lost(p->poller) == -1)
		ret = -1;
	return delivery_end(&p->delivery) == -1 ? -1 : ret;
}

static void
end_polling(struct eunomia_bpf **p)
{
	delivery_close(&(*p)->delivery);
	pthread_mutex_lock(&(*p)->lock);
	end_work(*p);
}

/* What begin_polling() began. */
static int
deliver(struct eunomia_bpf *p, enum export_format_type format,
    delivery_fn *handler, void *ctx)
{
	/* It ends too when the handler throws or this thread is cancelled. */
	struct eunomia_bpf *polled __attribute__((cleanup(end_polling))) = p;

	(void)polled;
	if (delivery_open(&p->delivery, &p->header, p->symbolizer,
		&p->handle->control, format, handler, ctx) == -1)
		return -1;
	return run(p);
}

int
skeleton_poll(struct eunomia_bpf *p, enum export_format_type format,
    delivery_fn *handler, void *ctx)
{
	return begin_polling(p) == 0 ? deliver(p, format, handler, ctx) : -1;
}

/* The lock is held. */
static int
find_fd(const struct eunomia_bpf *p, const char *name)
{
	const struct bpf_program *program;
	int fd;

	if (!is_loaded(p))
		return -1;
	fd = bpf_object__find_map_fd_by_name(p->object.bpf, name);
	if (fd >= 0)
		return fd;
	program = bpf_object__find_program_by_name(p->object.bpf, name);
	if (program != NULL && (fd = bpf_program__fd(program)) >= 0)
		return fd;
	report_error("no map and no loaded program is called %s", name);
	return -1;
}

int
skeleton_fd(struct eunomia_bpf *p, const char *name)
{
	int fd;

	pthread_mutex_lock(&p->lock);
	fd = find_fd(p, name);
	pthread_mutex_unlock(&p->lock);
	return fd;
}

void
skeleton_stop(struct eunomia_bpf *p)
{
	control_end(&p->handle->control);
}

struct eunomia_polling_handle *
skeleton_handle(struct eunomia_bpf *p)
{
	struct eunomia_polling_handle *h = NULL;

	pthread_mutex_lock(&p->lock);
	if (is_loaded(p)) {
		h = p->handle;
		atomic_fetch_add(&h->users, 1);
	}
	pthread_mutex_unlock(&p->lock);
	return h;
}
