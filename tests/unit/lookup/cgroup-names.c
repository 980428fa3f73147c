/* lib/lookup/cgroup-names: the tree of cgroups, as it is and as it changes; in
 * a tree of ordinary directories, which is watched in the other way, too. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "check.h"
#include "lookup/cgroup-names.h"

static struct cgroup_names c;
static char tree[256];

static const char *
at(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", tree, name);
	return path;
}

static uint64_t
make(const char *name)
{
	struct stat st;

	if (mkdir(at(name), 0755) == -1 || stat(at(name), &st) == -1) {
		perror(at(name));
		exit(1);
	}
	return st.st_ino;
}

static const char *
path(uint64_t id)
{
	const char *s = cgroup_names_find(&c, id);

	return s != NULL ? s : "(none)";
}

static int
remove_one(const char *name, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)f;
	/* Nothing but directories can be removed from cgroups. */
	return type == FTW_DP ? rmdir(name) == -1 : 0;
}

static void
remove_tree(void)
{
	CHECK_NUM(nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* What any way to watch can tell.  All paths begin with before. */
static void
check_changes(const char *before)
{
	char want[128];
	uint64_t a, b, deep, ended;

	a = make("a");
	CHECK(strcmp(path(a), "(none)") != 0);
	snprintf(want, sizeof(want), "%s/a", before);
	CHECK_STR(path(a), want);
	CHECK_STR(path(UINT64_MAX), "(none)");
	CHECK_STR(path(0), "(none)");
	/* One that comes, with one in it that comes at once. */
	make("a/b");
	deep = make("a/b/c");
	snprintf(want, sizeof(want), "%s/a/b/c", before);
	CHECK_STR(path(deep), want);
	/* One that has ended. */
	ended = make("a/b/c/x");
	cgroup_names_note(&c);
	rmdir(at("a/b/c/x"));
	rmdir(at("a/b/c"));
	CHECK_STR(path(deep), want);
	snprintf(want, sizeof(want), "%s/a/b/c/x", before);
	CHECK_STR(path(ended), want);
	b = make("a/b/c");
	CHECK(b != deep);
	snprintf(want, sizeof(want), "%s/a/b/c", before);
	CHECK_STR(path(b), want);
}

/* An ordinary directory, and inotify(7). */
static void
check_directories(void)
{
	uint64_t there, in_it;
	struct stat st;

	snprintf(tree, sizeof(tree), "/dev/shm/cgroup-names-XXXXXX");
	if (mkdtemp(tree) == NULL || stat(tree, &st) == -1)
		exit(1);
	there = make("there");
	in_it = make("there/in it");
	cgroup_names_open_at(&c, tree, "/above", false);
	CHECK(!c.watch.whole);
	CHECK_STR(path(in_it), "/above/there/in it");
	CHECK_STR(path(there), "/above/there");
	CHECK_STR(path(st.st_ino), "/above");
	check_changes("/above");
	/* Without a watch the tree is read again, if that was not just done. */
	cgroup_watch_close(&c.watch);
	in_it = make("there/later");
	c.walked -= 1000000000;
	CHECK_STR(path(in_it), "/above/there/later");
	cgroup_names_close(&c);
	CHECK_STR(path(there), "(none)");
	remove_tree();
}

/* A tree that is too deep, and names that are too long. */
static void
check_limits(void)
{
	char name[201];
	uint64_t id = 0;
	struct stat st;
	int dir, below;

	snprintf(tree, sizeof(tree), "/dev/shm/cgroup-names-XXXXXX");
	if (mkdtemp(tree) == NULL)
		exit(1);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dir = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 140; i++) {
		if (mkdirat(dir, name, 0755) == -1 ||
		    (below = openat(dir, name,
			 O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
		    fstat(below, &st) == -1)
			exit(1);
		close(dir);
		dir = below;
		if (i == 30)
			id = st.st_ino;
	}
	close(dir);
	cgroup_names_open_at(&c, tree, "", false);
	CHECK_STR(path(st.st_ino), "(none)");
	CHECK_NUM(strlen(path(id)), NAME_STORE_TEXT_MAX);
	cgroup_names_close(&c);
	cgroup_names_open_at(&c, tree, "/prefix", false);
	CHECK_NUM(strlen(path(id)), NAME_STORE_TEXT_MAX);
	CHECK(strncmp(path(id), "/prefix/nnn", 11) == 0);
	cgroup_names_close(&c);
	if (chdir(tree) == 0)
		CHECK_NUM(system("rm -rf n*"), 0);
	CHECK_NUM(chdir("/"), 0);
	rmdir(tree);
}

/* The mount of the hierarchy, as the kernel shows it. */
static bool
find_mount(char *place, size_t size)
{
	FILE *in = popen("sed -n 's/.* \\([^ ]*\\) [^ ]* - cgroup2 .*/\\1/p;"
			 "s/^[^ ]* [^ ]* [^ ]* \\/ \\([^ ]*\\) .* - cgroup2 "
			 ".*/\\1/p' /proc/self/mountinfo | tail -n 1",
	    "r");
	bool found = in != NULL && fgets(place, (int)size, in) != NULL;

	if (in != NULL)
		pclose(in);
	place[strcspn(place, "\n")] = '\0';
	return found;
}

/* The real ones: also those that end before anybody has asked for one. */
static void
check_cgroups(void)
{
	char mount[128], want[160], name[64];
	uint64_t early, later;
	struct stat st;

	if (!find_mount(mount, sizeof(mount)) || stat(mount, &st) == -1) {
		printf("no cgroups of version 2 here\n");
		return;
	}
	snprintf(name, sizeof(name), "/skel-cgroup-names-%ld", (long)getpid());
	snprintf(tree, sizeof(tree), "%s%s", mount, name);
	if (mkdir(tree, 0755) == -1) {
		printf("no cgroup can be made here: %s\n", strerror(errno));
		return;
	}
	early = make("early");
	cgroup_names_open(&c);
	CHECK(c.root != -1);
	rmdir(at("early"));
	snprintf(want, sizeof(want), "%s/early", name);
	/* The kernel can say which one an event is about, if it names its
	 * file systems. */
	if (c.watch.whole)
		CHECK_STR(path(early), want);
	else
		printf("only directories can be watched here\n");
	CHECK_STR(path(st.st_ino), "/");
	check_changes(name);
	later = make("later");
	rmdir(at("later"));
	snprintf(want, sizeof(want), "%s/later", name);
	if (c.watch.whole)
		CHECK_STR(path(later), want);
	cgroup_names_close(&c);
	/* The other way to watch. */
	remove_tree();
	mkdir(tree, 0755);
	cgroup_names_open_at(&c, mount, "", false);
	CHECK(!c.watch.whole);
	check_changes(name);
	cgroup_names_close(&c);
	remove_tree();
}

int
main(void)
{
	check_directories();
	check_limits();
	check_cgroups();
	return check_done();
}
