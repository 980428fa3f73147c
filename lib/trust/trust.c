#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "trust/signature.h"
#include "trust/trust.h"

enum { KEYS_MAX = 1024 };

/* The ends of the names of signatures. */
static const char *const endings[] = { ".minisig", ".sig" };

/* A signature of a package that was found. */
struct found {
	char name[PATH_MAX];
	struct buf text;
	struct signature signature;
	bool is_there;
};

/* Reads a regular file of at most max bytes.  Returns 0, or -1 with errno set:
 * EINVAL if it is something else. */
static int
read_small_file(struct buf *b, int dir, const char *name, size_t max)
{
	/* Without waiting for the writer of a FIFO. */
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int ret = -1, error;
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		errno = EINVAL;
	else
		ret = buf_read_fd(b, fd, max);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

static int
add_key(struct trust_keys *keys, const struct buf *text, const char *name)
{
	if (keys->n == KEYS_MAX) {
		report_error("%s: more than %d keys", name, KEYS_MAX);
		return -1;
	}
	if (!array_room(keys->v, keys->n, keys->cap))
		return report_nomem();
	if (public_key_parse(&keys->v[keys->n], text->data, text->len) == 0) {
		keys->n++;
		return 0;
	}
	report_error("%s: no public key of minisign or signify", name);
	return -1;
}

int
trust_add_key(struct trust *t, const char *text)
{
	struct buf file = { 0 };
	int ret = -1;

	if (read_small_file(&file, AT_FDCWD, text, PUBLIC_KEY_FILE_MAX) == 0)
		ret = add_key(&t->asked, &file, text);
	else if (errno == EFBIG || errno == EINVAL)
		report_error("%s: no public key of minisign or signify", text);
	else if (errno != ENOENT)
		report_error("%s: %s", text, strerror(errno));
	else {
		file.len = 0;
		buf_str(&file, text);
		/* It is more likely the name of a file. */
		if (public_key_parse(
			&(struct public_key){ 0 }, text, strlen(text)) == -1)
			report_error("%s: %s", text, strerror(ENOENT));
		else
			ret = add_key(&t->asked, &file, text);
	}
	buf_free(&file);
	return ret;
}

/* Adds the key in a file of the policy. */
static int
add_policy_key(struct trust *t, int fd, const char *dir, const char *name)
{
	struct buf text = { 0 };
	char path[PATH_MAX];
	int ret = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (read_small_file(&text, fd, name, PUBLIC_KEY_FILE_MAX) == 0)
		ret = add_key(&t->policy, &text, path);
	else if (errno == EFBIG || errno == EINVAL)
		report_error("%s: no public key of minisign or signify", path);
	else
		report_error("%s: %s", path, strerror(errno));
	buf_free(&text);
	return ret;
}

/* Whoever cannot read the policy, or a key of it, must not act as if there were
 * none. */
int
trust_add_policy(struct trust *t, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int ret = 0;

	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL) {
		report_error(
		    "%s: the policy cannot be read: %s", dir, strerror(errno));
		return -1;
	}
	while (ret == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			ret = add_policy_key(t, dirfd(d), dir, e->d_name);
	if (ret == 0 && errno != 0) {
		report_error(
		    "%s: the policy cannot be read: %s", dir, strerror(errno));
		ret = -1;
	}
	closedir(d);
	return ret;
}

void
trust_close(struct trust *t)
{
	free(t->asked.v);
	free(t->policy.v);
	*t = (struct trust){ 0 };
}

/* Reads a signature, if there is one with this ending.  Returns 0, or -1 after
 * reporting that it cannot be read or is none. */
static int
find_signature(struct found *f, const char *file, const char *ending)
{
	int n = snprintf(f->name, sizeof(f->name), "%s%s", file, ending);

	if (n < 0 || (size_t)n >= sizeof(f->name))
		return 0;
	if (read_small_file(&f->text, AT_FDCWD, f->name, SIGNATURE_FILE_MAX) ==
	    -1) {
		if (errno == ENOENT)
			return 0;
		if (errno != EFBIG && errno != EINVAL) {
			report_error("%s: %s", f->name, strerror(errno));
			return -1;
		}
	} else if (signature_parse(&f->signature, f->text.data, f->text.len) ==
		   0) {
		f->is_there = true;
		return 0;
	}
	report_error("%s: no signature of minisign or signify", f->name);
	return -1;
}

/* The number of a key as minisign writes it. */
static uint64_t
key_number(const struct found *f)
{
	uint64_t n = 0;

	for (int i = KEY_NUMBER_BYTES - 1; i >= 0; i--)
		n = n << 8 | f->signature.number[i];
	return n;
}

/* Whether one of the keys has made the signature.  *known is set if one has its
 * number. */
static bool
is_signed_by(const struct trust_keys *keys, const struct found *f,
    const void *data, size_t len, bool *known)
{
	for (size_t i = 0; i < keys->n; i++) {
		if (memcmp(keys->v[i].number, f->signature.number,
			KEY_NUMBER_BYTES) != 0)
			continue;
		*known = true;
		if (signature_is_valid(&f->signature, &keys->v[i], data, len))
			return true;
	}
	return false;
}

/* Returns the signature that one of the keys has made, or NULL after reporting;
 * who names the keys. */
static const struct found *
check_keys(const struct trust_keys *keys, const char *who, const char *file,
    const struct found *found, const void *data, size_t len)
{
	const struct found *there = NULL, *changed = NULL;

	for (size_t i = 0; i < nitems(endings); i++) {
		bool known = false;

		if (!found[i].is_there)
			continue;
		there = &found[i];
		if (is_signed_by(keys, there, data, len, &known))
			return there;
		if (known)
			changed = there;
	}
	if (changed != NULL)
		report_error("%s: refused: it is not what %s signs; one of "
			     "the two was changed",
		    file, changed->name);
	else if (there != NULL)
		report_error("%s: refused: %s is of the key %016" PRIX64
			     ", which is not in %s",
		    file, there->name, key_number(there), who);
	else
		report_error("%s: refused: it is not signed, which %s "
			     "demands; there is no %s%s and no %s%s",
		    file, who, file, endings[0], file, endings[1]);
	return NULL;
}

static void
report_comment(const char *file, const struct signature *s)
{
	struct buf text = { 0 };

	text_write(&text, s->comment, s->comment_len, STYLE_VIS);
	if (!text.failed)
		report_info("%s: signed, with the comment: %.*s", file,
		    (int)text.len, text.data);
	buf_free(&text);
}

static int
check_found(const struct trust *t, const char *file, const struct found *found,
    const void *data, size_t len)
{
	const struct found *f = NULL;

	if (t->policy.n > 0 && (f = check_keys(&t->policy, TRUST_POLICY, file,
				    found, data, len)) == NULL)
		return -1;
	if (t->asked.n > 0 && (f = check_keys(&t->asked, "--trust", file, found,
				   data, len)) == NULL)
		return -1;
	if (f != NULL && f->signature.comment != NULL)
		report_comment(file, &f->signature);
	return 0;
}

int
trust_check(
    const struct trust *t, const char *file, const void *data, size_t len)
{
	struct found *found;
	int ret = 0;

	if (t->asked.n == 0 && t->policy.n == 0)
		return 0;
	if (strcmp(file, "-") == 0) {
		report_error("<stdin>: refused: standard input has no "
			     "signature, which %s demands; name the file",
		    t->policy.n > 0 ? TRUST_POLICY : "--trust");
		return -1;
	}
	if (sodium_init() == -1) {
		report_error("libsodium cannot be used");
		return -1;
	}
	if ((found = calloc(nitems(endings), sizeof(*found))) == NULL)
		return report_nomem();
	for (size_t i = 0; i < nitems(endings) && ret == 0; i++)
		ret = find_signature(&found[i], file, endings[i]);
	if (ret == 0)
		ret = check_found(t, file, found, data, len);
	for (size_t i = 0; i < nitems(endings); i++)
		buf_free(&found[i].text);
	free(found);
	return ret;
}
