/* lib/lookup/account-service: both sides, and one that does not answer. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lookup/account-service.h"

static bool
needed(const char *text)
{
	char path[] = "/tmp/account-service-XXXXXX";
	int fd = mkstemp(path);
	bool ret;

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		exit(1);
	close(fd);
	ret = account_service_is_needed(path);
	unlink(path);
	return ret;
}

static void
check_needed(void)
{
	CHECK(!needed(""));
	CHECK(!needed("passwd: files\ngroup: files\n"));
	CHECK(!needed("passwd:\tcompat\nhosts: files dns\n"));
	CHECK(!needed("# passwd: sss\npasswd: files # sss\n"));
	CHECK(!needed("passwd: files [NOTFOUND=return TRYAGAIN = x]\n"));
	CHECK(!needed("passwd\ngroup files sss\n"));
	CHECK(needed("passwd: files systemd\n"));
	CHECK(needed(" group: files [SUCCESS=merge] sss"));
	CHECK(!account_service_is_needed("/nonexistent/nsswitch.conf"));
}

/* The start of a message of the protocol. */
struct message {
	uint32_t kind, id;
	char name[ACCOUNT_SERVICE_NAME_MAX];
};

static int ends[2];

static void
open_ends(struct account_service *s)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		exit(1);
	account_service_open(s, ends[0]);
}

static void
check_real(void)
{
	const struct passwd *user = getpwuid(0);
	char want[ACCOUNT_SERVICE_NAME_MAX], got[ACCOUNT_SERVICE_NAME_MAX];
	struct account_service s;
	int status;
	pid_t child;

	snprintf(want, sizeof(want), "%s", user != NULL ? user->pw_name : "");
	open_ends(&s);
	if ((child = fork()) == 0) {
		close(ends[0]);
		signal(SIGALRM, SIG_IGN);
		account_service_run(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	CHECK(account_service_find(&s, KIND_UID, 0, got) == (user != NULL));
	if (user != NULL)
		CHECK_STR(got, want);
	CHECK(account_service_find(&s, KIND_GID, 0, got) ==
	      (getgrgid(0) != NULL));
	CHECK(!account_service_find(&s, KIND_UID, 3999999999U, got));
	/* Of other kinds, and larger numbers, nothing is known. */
	CHECK(!account_service_find(&s, KIND_CGROUP, 0, got));
	CHECK(!account_service_find(&s, KIND_UID, UINT64_C(1) << 32, got));
	CHECK(!account_service_find(&s, KIND_UID, UINT32_MAX, got));
	account_service_close(&s);
	waitpid(child, &status, 0);
	CHECK_NUM(status, 0);
	CHECK(!account_service_find(&s, KIND_UID, 0, got));
}

/* One that is slow: its answer is given up, and no second is waited for until
 * it has come, and then is not taken for another's. */
static void
check_slow(void)
{
	char got[ACCOUNT_SERVICE_NAME_MAX];
	struct account_service s;
	struct message m;

	open_ends(&s);
	CHECK(!account_service_find(&s, KIND_UID, 7, got));
	CHECK(s.waiting);
	CHECK(!account_service_find(&s, KIND_UID, 8, got));
	CHECK_NUM(recv(ends[1], &m, sizeof(m), 0), sizeof(m));
	CHECK_NUM(m.id, 7);
	CHECK_NUM(recv(ends[1], &m, sizeof(m), MSG_DONTWAIT), -1);
	strcpy(m.name, "seven");
	CHECK_NUM(send(ends[1], &m, sizeof(m), 0), sizeof(m));
	m.id = 9;
	memset(m.name, 'n', sizeof(m.name));
	CHECK_NUM(send(ends[1], &m, sizeof(m), 0), sizeof(m));
	CHECK(account_service_find(&s, KIND_UID, 9, got));
	CHECK_NUM(strlen(got), ACCOUNT_SERVICE_NAME_MAX - 1);
	/* The answer to a question that nobody here has asked, and then one
	 * that is none. */
	strcpy(m.name, "nine");
	CHECK_NUM(send(ends[1], &m, sizeof(m), 0), sizeof(m));
	m.id = 10;
	strcpy(m.name, "ten");
	CHECK_NUM(send(ends[1], &m, sizeof(m), 0), sizeof(m));
	CHECK(account_service_find(&s, KIND_UID, 10, got));
	CHECK_STR(got, "ten");
	CHECK_NUM(send(ends[1], &m, 4, 0), 4);
	CHECK(!account_service_find(&s, KIND_UID, 10, got));
	CHECK_NUM(s.fd, -1);
	close(ends[1]);
	/* When all answers together have taken too long, nothing is asked. */
	open_ends(&s);
	s.left_ms = 1;
	CHECK(!account_service_find(&s, KIND_UID, 11, got));
	CHECK_NUM(s.left_ms, 0);
	CHECK_NUM(recv(ends[1], &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	CHECK_NUM(send(ends[1], &m, sizeof(m), 0), sizeof(m));
	CHECK(!account_service_find(&s, KIND_UID, 12, got));
	CHECK_NUM(recv(ends[1], &m, sizeof(m), MSG_DONTWAIT), -1);
	account_service_renew(&s);
	CHECK(!account_service_find(&s, KIND_UID, 12, got));
	CHECK_NUM(recv(ends[1], &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
	CHECK_NUM(m.id, 12);
	account_service_close(&s);
	close(ends[1]);
	/* One that has gone. */
	open_ends(&s);
	close(ends[1]);
	CHECK(!account_service_find(&s, KIND_UID, 7, got));
	CHECK_NUM(s.fd, -1);
}

int
main(void)
{
	check_needed();
	check_real();
	check_slow();
	return check_done();
}
