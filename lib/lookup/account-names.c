#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/parse-number.h"
#include "lookup/account-names.h"

void
account_names_free(struct account_names *a)
{
	hash_free(&a->v);
	buf_free(&a->text);
	a->status = (struct stat){ 0 };
}

/* Adds the account of a line, "name:password:number:...".  Lines of other
 * forms, as of NIS, are skipped. */
static void
add_line(struct account_names *a, char *line)
{
	char *end = strchr(line, ':');
	const char *number = end != NULL ? strchr(end + 1, ':') : NULL;
	struct account *account;
	struct hash_key key = { 0, 0 };

	if (number == NULL || end == line || line[0] == '+' || line[0] == '-' ||
	    line[0] == '#')
		return;
	number++;
	if (!parse_digits(&number, 10, ':', &key.a) || key.a >= UINT32_MAX ||
	    hash_find(&a->v, key) != NULL ||
	    (account = hash_add(&a->v, key)) == NULL)
		return;
	*end = '\0';
	account->name = line;
}

/* Reads the file, which a->status describes. */
static void
read_file(struct account_names *a, int fd)
{
	char *rest, *line;

	hash_free(&a->v);
	a->text.len = 0;
	a->text.failed = false;
	/* Of a larger one the end is missing. */
	buf_read_fd(&a->text, fd, ACCOUNT_NAMES_BYTES_MAX);
	for (size_t i = 0; i < a->text.len; i++)
		if (a->text.data[i] == '\0')
			a->text.data[i] = '\n';
	buf_chr(&a->text, '\0');
	rest = a->text.failed ? NULL : a->text.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		add_line(a, line);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* While the file is not there, as between the steps of a program that replaces
 * it, the names that were read stay. */
static void
read_if_changed(struct account_names *a)
{
	int fd = open(a->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    !is_same(&st, &a->status)) {
		a->status = st;
		read_file(a, fd);
	}
	close(fd);
}

const char *
account_names_find(struct account_names *a, uint64_t id)
{
	const struct account *account;

	read_if_changed(a);
	account = hash_find(&a->v, (struct hash_key){ id, 0 });
	return account != NULL ? account->name : NULL;
}
