/*
 * A skeleton that one thread polls while others pause, end and release it.
 *
 *	threads PACKAGE BUFFER
 *
 * PACKAGE exports the ends of processes through a ring buffer, BUFFER the calls
 * of open(2) through a perf buffer.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { WAIT_MS = 20000, LOOK_MS = 5, QUIET_MS = 200, MANY = 20000 };

static char *package, *buffer;

/* A skeleton, the thread that polls it, and what its handler has received. */
struct polled {
	struct eunomia_bpf *bpf;
	struct eunomia_polling_handle *handle;
	pthread_t thread;
	atomic_int wanted; /* the pid that the handler counts */
	atomic_int found;  /* calls with a record of it */
	atomic_int calls;
	atomic_int inside; /* whether the handler is running */
	atomic_bool running;
	int ret;
	char message[256]; /* after the end of polling */
	int format;
	bool stop, destroy, dawdle, pause; /* what the handler does */
};

static void
sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	/* In some tests a signal ends the sleep early. */
	nanosleep(&t, NULL);
}

/* Waits until *n is greater than that; returns whether it was in time. */
static bool
becomes_more(atomic_int *n, int than)
{
	for (int ms = 0; ms < WAIT_MS; ms += LOOK_MS) {
		if (atomic_load(n) > than)
			return true;
		sleep_ms(LOOK_MS);
	}
	return false;
}

/* Starts a process that lives for so many seconds.  Returns its pid. */
static pid_t
spawn_for(const char *seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sleep", "sleep", seconds, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void
spawn(void)
{
	spawn_for("0");
}

static void
take(void *ctx, const char *data, size_t size)
{
	struct polled *p = ctx;
	char wanted[32];

	atomic_store(&p->inside, 1);
	snprintf(
	    wanted, sizeof(wanted), "\"pid\":%d,", atomic_load(&p->wanted));
	if (strstr(data, wanted) != NULL)
		atomic_fetch_add(&p->found, 1);
	CHECK(strlen(data) == size);
	atomic_fetch_add(&p->calls, 1);
	if (p->stop)
		stop_ebpf_program(p->bpf);
	if (p->destroy)
		destroy_eunomia_skel(p->bpf);
	if (p->pause)
		handle_set_pause_state(p->handle, 1);
	if (p->dawdle)
		sleep_ms(QUIET_MS);
	atomic_store(&p->inside, 0);
}

static void *
poll_it(void *ctx)
{
	struct polled *p = ctx;

	atomic_store(&p->running, true);
	p->ret = wait_and_poll_events_to_handler(
	    p->bpf, (enum export_format_type)p->format, take, p);
	get_error_message(p->message, sizeof(p->message));
	atomic_store(&p->running, false);
	return NULL;
}

/* Loads the package, with this argument unless it is NULL. */
static void
load_with(struct polled *p, const char *json, char *argument)
{
	char name[] = "threads", *args[] = { name, argument };

	memset(p, 0, sizeof(*p));
	p->format = EXPORT_JSON;
	p->bpf = open_eunomia_skel_from_json_package_with_args(
	    json, args, argument != NULL ? 2 : 1, NULL);
	CHECK(p->bpf != NULL);
	CHECK(load_and_attach_eunomia_skel(p->bpf) == 0);
	p->handle = handle_create(p->bpf);
	CHECK(p->handle != NULL);
}

static void
load(struct polled *p, const char *json)
{
	load_with(p, json, NULL);
}

static void
start(struct polled *p, const char *json)
{
	load(p, json);
	pthread_create(&p->thread, NULL, poll_it, p);
}

static void
end(struct polled *p)
{
	handle_terminate(p->handle);
	pthread_join(p->thread, NULL);
	CHECK(p->ret == 0);
	handle_destroy(p->handle);
	destroy_eunomia_skel(p->bpf);
}

/* Returns whether the handler is called when a process ends. */
static bool
sees_events(struct polled *p)
{
	int before = atomic_load(&p->calls);

	spawn();
	return becomes_more(&p->calls, before);
}

static void
test_a_second_load(void)
{
	struct polled p;

	load(&p, package);
	CHECK(load_and_attach_eunomia_skel(p.bpf) == -1);
	CHECK_SAID("already loaded");
	pthread_create(&p.thread, NULL, poll_it, &p);
	CHECK(sees_events(&p));
	CHECK(load_and_attach_eunomia_skel(p.bpf) == -1);
	CHECK(wait_and_poll_events_to_handler(p.bpf, EXPORT_JSON, take, &p) ==
	      -1);
	CHECK_SAID("polled already");
	CHECK(sees_events(&p));
	end(&p);
}

static void
test_descriptors(void)
{
	struct polled p;

	load(&p, package);
	CHECK(get_bpf_fd(p.bpf, "rb") >= 0);
	CHECK(get_bpf_fd(p.bpf, "handle_exec") >= 0);
	CHECK(get_bpf_fd(p.bpf, "rb") != get_bpf_fd(p.bpf, "handle_exec"));
	CHECK(get_bpf_fd(p.bpf, "no_such") == -1);
	CHECK_SAID("no_such");
	handle_destroy(p.handle);
	destroy_eunomia_skel(p.bpf);
}

/* Only processes that live for a while are reported, so other processes
 * cannot fill the buffer. */
static void
test_pause(void)
{
	char lasting[] = "--min_duration_ns=200000000";
	struct polled p;
	int calls;

	load_with(&p, package, lasting);
	pthread_create(&p.thread, NULL, poll_it, &p);
	spawn_for("0.3");
	CHECK(becomes_more(&p.calls, 0));
	handle_set_pause_state(p.handle, 1);
	/* Once no call is made any more, the last one has returned. */
	do {
		calls = atomic_load(&p.calls);
		sleep_ms(QUIET_MS);
	} while (atomic_load(&p.calls) != calls);
	atomic_store(&p.wanted, spawn_for("0.3"));
	sleep_ms(QUIET_MS);
	CHECK(atomic_load(&p.calls) == calls);
	handle_set_pause_state(p.handle, 0);
	CHECK(becomes_more(&p.found, 0));
	handle_set_pause_state(p.handle, 1);
	end(&p);
}

/* Each call asks for a pause, so the buffers, which hold many records, give one
 * at a time. */
static void
test_pause_by_the_handler(const char *json)
{
	struct polled p;

	load(&p, json);
	for (int i = 0; i < 5; i++)
		spawn();
	p.pause = true;
	pthread_create(&p.thread, NULL, poll_it, &p);
	for (int i = 0; i < 3; i++) {
		CHECK(becomes_more(&p.calls, i));
		sleep_ms(QUIET_MS);
		CHECK(atomic_load(&p.calls) == i + 1);
		handle_set_pause_state(p.handle, 0);
	}
	end(&p);
}

/* A polling that begins during a pause does not pass the names of columns. */
static void
test_a_pause_before(void)
{
	struct polled p;

	load(&p, package);
	p.format = EXPORT_PLAIN_TEXT;
	handle_set_pause_state(p.handle, 1);
	pthread_create(&p.thread, NULL, poll_it, &p);
	sleep_ms(QUIET_MS);
	CHECK(atomic_load(&p.calls) == 0);
	handle_set_pause_state(p.handle, 0);
	CHECK(becomes_more(&p.calls, 0));
	end(&p);
	load(&p, package);
	p.format = EXPORT_PLAIN_TEXT;
	handle_set_pause_state(p.handle, 1);
	handle_terminate(p.handle);
	poll_it(&p);
	CHECK(p.ret == 0);
	CHECK(atomic_load(&p.calls) == 0);
	handle_destroy(p.handle);
	destroy_eunomia_skel(p.bpf);
}

/* Records that the buffer cannot hold during a pause are counted as lost. */
static void
test_losses(void)
{
	struct polled p;

	start(&p, buffer);
	handle_set_pause_state(p.handle, 1);
	for (int i = 0; i < MANY; i++)
		CHECK(open("/nonexistent", O_RDONLY) == -1);
	handle_set_pause_state(p.handle, 0);
	CHECK(becomes_more(&p.calls, 0));
	/* The kernel reports losses together with the next record. */
	CHECK(open("/nonexistent", O_RDONLY) == -1);
	CHECK(sees_events(&p));
	handle_terminate(p.handle);
	pthread_join(p.thread, NULL);
	CHECK(strstr(p.message, "records were lost") != NULL);
	handle_destroy(p.handle);
	destroy_eunomia_skel(p.bpf);
}

/* The BTF may be a file or an archive; a file of another kind is an error. */
static void
test_btf(char *none)
{
	static const char kernel[] = "/sys/kernel/btf/vmlinux";
	struct eunomia_bpf *bpf;

	bpf = open_eunomia_skel_from_json_package_with_btf(package, kernel);
	CHECK(load_and_attach_eunomia_skel(bpf) == 0);
	destroy_eunomia_skel(bpf);
	bpf = open_eunomia_skel_from_json_package_with_btf(package, none);
	CHECK(load_and_attach_eunomia_skel(bpf) == -1);
	CHECK_SAID(none);
	/* A skeleton can be loaded only once, also if that failed. */
	CHECK(load_and_attach_eunomia_skel(bpf) == -1);
	CHECK(get_bpf_fd(bpf, "rb") == -1);
	CHECK(handle_create(bpf) == NULL);
	CHECK_SAID("expected a loaded skeleton");
	destroy_eunomia_skel(bpf);
}

static void
test_a_terminate_before(void)
{
	struct polled p;

	load(&p, package);
	spawn();
	handle_terminate(p.handle);
	CHECK(get_bpf_fd(p.bpf, "no_such") == -1);
	poll_it(&p);
	CHECK(p.ret == 0);
	CHECK(p.message[0] == '\0');
	CHECK(atomic_load(&p.calls) == 0);
	/* The end was for that polling only. */
	pthread_create(&p.thread, NULL, poll_it, &p);
	CHECK(sees_events(&p));
	end(&p);
}

static void
test_two_skeletons(void)
{
	struct polled a, b;

	start(&a, package);
	start(&b, package);
	CHECK(sees_events(&a));
	CHECK(sees_events(&b));
	handle_set_pause_state(b.handle, 1);
	CHECK(sees_events(&a));
	end(&a);
	handle_set_pause_state(b.handle, 0);
	CHECK(sees_events(&b));
	end(&b);
}

static void
test_stop_by_the_handler(void)
{
	struct polled p;

	load(&p, package);
	p.stop = true;
	spawn();
	spawn();
	poll_it(&p);
	CHECK(p.ret == 0);
	CHECK(atomic_load(&p.calls) == 1);
	/* The other records are still in the buffer. */
	poll_it(&p);
	CHECK(atomic_load(&p.calls) == 2);
	handle_destroy(p.handle);
	destroy_eunomia_skel(p.bpf);
}

static void
test_destroy_by_the_handler(void)
{
	struct polled p;

	load(&p, package);
	p.destroy = true;
	spawn();
	poll_it(&p);
	CHECK(p.ret == 0);
	CHECK(atomic_load(&p.calls) == 1);
	/* A handle may outlive its skeleton. */
	handle_set_pause_state(p.handle, 1);
	handle_terminate(p.handle);
	handle_destroy(p.handle);
}

static void
test_destroy_while_polled(void)
{
	struct polled p;

	load(&p, package);
	p.dawdle = true;
	pthread_create(&p.thread, NULL, poll_it, &p);
	spawn();
	CHECK(becomes_more(&p.inside, 0));
	handle_set_pause_state(p.handle, 1);
	destroy_eunomia_skel(p.bpf);
	CHECK(atomic_load(&p.inside) == 0);
	pthread_join(p.thread, NULL);
	CHECK(p.ret == 0);
	handle_destroy(p.handle);
}

/* A cancelled thread stops polling, whether it waits or is in the handler. */
static void
test_cancel(bool inside)
{
	struct polled p;

	load(&p, package);
	p.dawdle = inside;
	pthread_create(&p.thread, NULL, poll_it, &p);
	CHECK(sees_events(&p));
	pthread_cancel(p.thread);
	pthread_join(p.thread, NULL);
	p.dawdle = false;
	pthread_create(&p.thread, NULL, poll_it, &p);
	CHECK(sees_events(&p));
	end(&p);
}

static struct eunomia_bpf *loading;
static volatile sig_atomic_t released;

static void
release(int sig)
{
	(void)sig;
	destroy_eunomia_skel(loading);
	released = 1;
}

/* Programs for the reference library release the skeleton in a signal handler,
 * which may run while the same thread is loading it. */
static void
test_destroy_while_loaded(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 1000 };
	struct sigaction sa = { .sa_handler = release };

	loading = open_eunomia_skel_from_json_package(package);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	CHECK(load_and_attach_eunomia_skel(loading) == -1);
	CHECK(released);
	CHECK_SAID("the skeleton was released while it was being loaded");
}

static void
nothing(int sig)
{
	(void)sig;
}

/* Signals of the program do not disturb the library, which does not change
 * their handlers. */
static void
test_signals(void)
{
	static const int usual[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction sa = { .sa_handler = nothing }, now;
	struct polled p;

	sigaction(SIGUSR1, &sa, NULL);
	start(&p, package);
	for (int i = 0; i < 20; i++) {
		pthread_kill(p.thread, SIGUSR1);
		sleep_ms(LOOK_MS);
	}
	CHECK(sees_events(&p));
	CHECK(atomic_load(&p.running));
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		sigaction(usual[i], NULL, &now);
		CHECK(now.sa_handler == SIG_DFL);
	}
	end(&p);
}

int
main(int argc, char *argv[])
{
	if (argc != 3)
		return 2;
	package = read_file(argv[1], NULL);
	buffer = read_file(argv[2], NULL);
	test_a_second_load();
	test_descriptors();
	test_pause();
	test_pause_by_the_handler(package);
	test_pause_by_the_handler(buffer);
	test_a_pause_before();
	test_losses();
	test_btf(argv[1]);
	test_a_terminate_before();
	test_two_skeletons();
	test_stop_by_the_handler();
	test_destroy_by_the_handler();
	test_destroy_while_polled();
	test_cancel(false);
	test_cancel(true);
	test_destroy_while_loaded();
	test_signals();
	free(package);
	free(buffer);
	return failures > 0;
}
