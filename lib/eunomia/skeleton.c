#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/report.h"
#include "eunomia/skeleton.h"
#include "session/launch.h"
#include "session/prepare.h"

enum skeleton_stage { STAGE_OPENED, STAGE_LOADING, STAGE_LOADED, STAGE_FAILED };

struct eunomia_bpf {
	struct launch_options options;
	struct launch launch;
	struct held_records *held; /* owned: records without their names yet */
	struct callback_sink sink; /* open while it is polled */
	struct eunomia_polling_handle *handle; /* owned: one use */

	/* Protects what follows.  It is not held while the skeleton is loaded
	 * or polled, because a signal handler may release the skeleton then. */
	pthread_mutex_t lock;
	pthread_cond_t idle; /* signalled when busy becomes false */
	enum skeleton_stage stage;
	bool options_set; /* since the object was opened */
	bool busy;        /* a thread loads or polls it */
	pthread_t thread; /* that thread */
	bool doomed;      /* to be freed when busy becomes false */
};

static struct eunomia_polling_handle *
new_polling_handle(void)
{
	struct eunomia_polling_handle *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		report_nomem();
		return NULL;
	}
	atomic_init(&h->users, 1);
	if (poll_control_open(&h->control) == 0)
		return h;
	free(h);
	return NULL;
}

void
skeleton_release_handle(struct eunomia_polling_handle *h)
{
	if (h == NULL || atomic_fetch_sub(&h->users, 1) > 1)
		return;
	poll_control_close(&h->control);
	free(h);
}

/* Releases everything; no other thread uses p. */
static void
free_skeleton(struct eunomia_bpf *p)
{
	launch_close(&p->launch);
	held_records_free(p->held);
	launch_options_free(&p->options);
	skeleton_release_handle(p->handle);
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
	p->launch.package = *package;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->idle, NULL);
	p->options.in_host = true;
	if ((p->handle = new_polling_handle()) != NULL &&
	    (btf == NULL || launch_option_set(&p->options, "btf", btf) == 0) &&
	    launch_open(&p->launch, &p->options) == 0)
		return p;
	free_skeleton(p);
	return NULL;
}

void
skeleton_release(struct eunomia_bpf *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->busy) {
		poll_control_end(&p->handle->control);
		/* A thread cannot wait for itself. */
		p->doomed = pthread_equal(p->thread, pthread_self());
	}
	while (p->busy && !p->doomed)
		pthread_cond_wait(&p->idle, &p->lock);
	if (p->doomed) {
		pthread_mutex_unlock(&p->lock);
		return;
	}
	pthread_mutex_unlock(&p->lock);
	free_skeleton(p);
}

/* Returns whether the skeleton is loaded, after reporting if it is not.  The
 * lock is held. */
static bool
is_loaded(const struct eunomia_bpf *p)
{
	static const char *const why[] = {
		[STAGE_OPENED] = "call load_and_attach_eunomia_skel() first",
		[STAGE_LOADING] = "another thread is loading it",
		[STAGE_FAILED] = "loading it has failed",
	};

	if (p->stage == STAGE_LOADED)
		return true;
	report_error("expected a loaded skeleton: %s", why[p->stage]);
	return false;
}

/* Begins to load p, if load, or else to poll it, on this thread.  Returns 0, or
 * -1 after reporting why p cannot be. */
static int
begin_work(struct eunomia_bpf *p, bool load)
{
	static const char *const why[] = {
		[STAGE_LOADING] = "the skeleton is being loaded already",
		[STAGE_LOADED] = "the skeleton is already loaded",
		[STAGE_FAILED] =
		    "loading this skeleton has failed before; open it anew",
	};
	bool may = false;

	pthread_mutex_lock(&p->lock);
	if (load && p->stage != STAGE_OPENED) {
		report_error("%s", why[p->stage]);
	} else if (load || is_loaded(p)) {
		may = !p->busy;
		if (p->busy)
			report_error("the skeleton is being polled already");
	}
	if (may) {
		if (load)
			p->stage = STAGE_LOADING;
		p->busy = true;
		p->thread = pthread_self();
	}
	pthread_mutex_unlock(&p->lock);
	return may ? 0 : -1;
}

/* Ends what begin_work() began, and unlocks.  Returns 0, or -1 if this thread
 * has released p meanwhile; then p is freed. */
static int
end_work(struct eunomia_bpf *p)
{
	bool doomed = p->doomed;

	p->busy = false;
	pthread_cond_broadcast(&p->idle);
	pthread_mutex_unlock(&p->lock);
	/* Otherwise a thread that waits in skeleton_release() frees p. */
	if (doomed)
		free_skeleton(p);
	return doomed ? -1 : 0;
}

int
skeleton_set_option(struct eunomia_bpf *p, const char *name, const char *value)
{
	int ret = -1;

	pthread_mutex_lock(&p->lock);
	if (p->stage != STAGE_OPENED) {
		report_error("option %s: the skeleton has been loaded; options "
			     "come before that",
		    name);
	} else {
		ret = launch_option_set(&p->options, name, value);
		p->options_set |= ret == 0;
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}

/* Has the program count what its ring buffers lose (session/prepare.h).  It is
 * done here, since a library starts no process in its host's name. */
static int
count_skeleton_calls(struct eunomia_bpf *p)
{
	struct prepare work = {
		.name = p->launch.package.name,
		.options = &p->options,
		.package = &p->launch.package,
	};
	struct buf reply = { 0 }, counted = { 0 };
	int ret = -1;

	if (!prepare_is_needed(&work))
		return 0;
	prepare_ask_kernel(&work);
	if (prepare_run(&work, &reply) == 0 &&
	    prepare_open(&work, &reply, &p->launch.package, &counted) == 0 &&
	    launch_set_counted(&p->launch, &counted) == 0)
		ret = 0;
	p->options_set |= p->launch.counting;
	buf_free(&counted);
	buf_free(&reply);
	return ret;
}

int
skeleton_load(struct eunomia_bpf *p)
{
	const struct poller_options options = {
		.out_fd = -1,
		.in_fd = -1,
		.latency_ns = POLLER_LATENCY_NS,
		.control = &p->handle->control,
	};
	struct launch *l = &p->launch;
	int ret = 0;

	if (begin_work(p, true) == -1)
		return -1;
	/* The options decide how an object is opened. */
	if (count_skeleton_calls(p) == -1 ||
	    (p->options_set && launch_reopen(l) == -1) ||
	    launch_load(l) == -1 ||
	    launch_open_poller(l, &options, &callback_poll_sink, &p->sink) ==
		-1 ||
	    launch_attach(l) == -1) {
		launch_unload(l);
		ret = -1;
	}
	pthread_mutex_lock(&p->lock);
	p->stage = ret == 0 ? STAGE_LOADED : STAGE_FAILED;
	if (end_work(p) == -1) {
		report_error(
		    "the skeleton was released while it was being loaded");
		return -1;
	}
	return ret;
}

static void
end_polling(struct eunomia_bpf **p)
{
	callback_sink_close(&(*p)->sink);
	pthread_mutex_lock(&(*p)->lock);
	end_work(*p);
}

/* Has the records of all maps with stacks wait for names that come later.
 * Returns 0, or -1 after reporting. */
static int
open_held(struct eunomia_bpf *p)
{
	const struct launch *l = &p->launch;

	if (p->held != NULL || !symbolizer_follows(l->symbolizer))
		return 0;
	p->held = held_records_new_all(
	    &l->header, symbolizer_symbols(l->symbolizer), NULL);
	return p->held == NULL ? -1 : 0;
}

/* Polls with the handler, after begin_work(). */
static int
poll_to_handler(struct eunomia_bpf *p, enum export_format_type format,
    callback_fn *handler, void *ctx)
{
	/* The cleanup also runs when the handler throws an exception and when
	 * this thread is cancelled. */
	struct eunomia_bpf *polled __attribute__((cleanup(end_polling))) = p;

	struct poller *poller = p->launch.poller;
	enum poller_end end;
	int ret = 0;

	(void)polled;
	if (open_held(p) == -1)
		return -1;
	if (callback_sink_open(&p->sink, &p->launch.header,
		p->launch.symbolizer, p->held, &p->handle->control, format,
		handler, ctx) == -1 ||
	    callback_sink_begin(&p->sink) == -1)
		return -1;
	poller_run(poller);
	/* Records that were written while the poller slept precede the end. */
	end = poller_read_rest(poller);
	/* A handler may have asked for the end. */
	if (end == POLLER_GONE)
		poll_control_clear_end(&p->handle->control);
	if (end == POLLER_FAILED || poller_report_lost(poller) == -1)
		ret = -1;
	return callback_sink_end(&p->sink, end == POLLER_GONE) == -1 ? -1 : ret;
}

int
skeleton_poll(struct eunomia_bpf *p, enum export_format_type format,
    callback_fn *handler, void *ctx)
{
	return begin_work(p, false) == 0
		   ? poll_to_handler(p, format, handler, ctx)
		   : -1;
}

int
skeleton_fd(struct eunomia_bpf *p, const char *name)
{
	const struct bpf_object *o = p->launch.object.bpf;
	const struct bpf_program *program;
	int fd = -1;

	pthread_mutex_lock(&p->lock);
	if (is_loaded(p)) {
		fd = bpf_object__find_map_fd_by_name(o, name);
		program = bpf_object__find_program_by_name(o, name);
		if (fd < 0)
			fd = program != NULL ? bpf_program__fd(program) : -1;
		if (fd < 0)
			report_error("the skeleton has no map and no loaded "
				     "program called %s",
			    name);
	}
	pthread_mutex_unlock(&p->lock);
	return fd < 0 ? -1 : fd;
}

void
skeleton_stop(struct eunomia_bpf *p)
{
	poll_control_end(&p->handle->control);
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
