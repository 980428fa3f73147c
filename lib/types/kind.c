#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "types/kind.h"

static const char *const names[KIND_COUNT] = {
	[KIND_NONE] = "",
	[KIND_IP4] = "ip4",
	[KIND_IP6] = "ip6",
	[KIND_IP] = "ip",
	[KIND_MAC] = "mac",
	[KIND_PORT_BE] = "port_be",
	[KIND_BE16] = "be16",
	[KIND_BE32] = "be32",
	[KIND_BE64] = "be64",
	[KIND_ERRNO] = "errno",
	[KIND_SIGNAL] = "signal",
	[KIND_SYSCALL] = "syscall",
	[KIND_PROTO] = "proto",
	[KIND_FAMILY] = "family",
	[KIND_TCP_STATE] = "tcp_state",
	[KIND_SOCK_TYPE] = "sock_type",
	[KIND_FILE_MODE] = "file_mode",
	[KIND_OPEN_FLAGS] = "open_flags",
	[KIND_FLAGS] = "flags",
	[KIND_DEV] = "dev",
	[KIND_UID] = "uid",
	[KIND_GID] = "gid",
	[KIND_IFINDEX] = "ifindex",
	[KIND_CGROUP] = "cgroup",
	[KIND_CONTAINER] = "container",
	[KIND_PID_NS] = "pid_ns",
	[KIND_KSYM] = "ksym",
	[KIND_USYM] = "usym",
	[KIND_KTIME] = "ktime",
	[KIND_BOOTTIME] = "boottime",
	[KIND_REALTIME] = "realtime",
	[KIND_NS] = "ns",
	[KIND_US] = "us",
	[KIND_MS] = "ms",
	[KIND_S] = "s",
	[KIND_BYTES] = "bytes",
	[KIND_KIB] = "kib",
	[KIND_PAGES] = "pages",
	[KIND_HEX] = "hex",
	[KIND_OCT] = "oct",
	[KIND_TEXT] = "text",
	[KIND_UTF8] = "utf8",
	[KIND_BOOL] = "bool",
};

const char *
kind_name(enum kind kind)
{
	return names[kind];
}

void
kind_free(struct member_kind *k)
{
	free(k->arg);
	*k = (struct member_kind){ 0 };
}

/* What stands before the argument of a kind, or NULL if it takes none. */
static const char *
before_argument(enum kind kind)
{
	return kind == KIND_IP ? "family=" : kind == KIND_FLAGS ? "" : NULL;
}

static int
report_unknown(const char *text, size_t len, const char *where)
{
	char name[SUGGEST_NAME], *nearest;
	struct suggest near = { .wanted = name };

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	for (int i = KIND_NONE + 1; i < KIND_COUNT; i++)
		suggest_offer(&near, names[i]);
	nearest = suggest_text(&near);
	report_error("%s: unknown kind \"%s\"%s", where, name,
	    nearest != NULL ? nearest : "");
	free(nearest);
	return -1;
}

/* Parses what follows the name: "(family=af)". */
static int
parse_argument(struct member_kind *k, const char *text, const char *where)
{
	const char *before = before_argument(k->kind),
		   *name = kind_name(k->kind);
	size_t len = strlen(text), skip;

	if (before == NULL && *text == '\0')
		return 0;
	if (before == NULL) {
		report_error("%s: kind %s takes no argument", where, name);
		return -1;
	}
	skip = 1 + strlen(before);
	if (len < skip + 2 || text[0] != '(' || text[len - 1] != ')' ||
	    strncmp(text + 1, before, skip - 1) != 0) {
		report_error("%s: kind %s is written %s(%s%s)", where, name,
		    name, before, k->kind == KIND_IP ? "MEMBER" : "ENUM");
		return -1;
	}
	k->arg = strndup(text + skip, len - skip - 1);
	return k->arg != NULL ? 0 : report_nomem();
}

static int
parse_kind(struct member_kind *k, const char *text, const char *where)
{
	size_t len = strcspn(text, "(");

	k->said = true;
	while (
	    k->kind < KIND_COUNT && (strncmp(names[k->kind], text, len) != 0 ||
					names[k->kind][len] != '\0'))
		k->kind++;
	if (k->kind == KIND_COUNT) {
		*k = (struct member_kind){ 0 };
		return report_unknown(text, len, where);
	}
	if (parse_argument(k, text + len, where) == 0)
		return 0;
	kind_free(k);
	return -1;
}

int
kind_parse(struct member_kind *k, const char *text, const char *where)
{
	/* A formatter of C sources may have put blanks into a macro's argument.
	 */
	char *plain = strdup(text), *to = plain;
	int ret;

	*k = (struct member_kind){ 0 };
	if (plain == NULL)
		return report_nomem();
	for (; *text != '\0'; text++)
		if (*text != ' ')
			*to++ = *text;
	*to = '\0';
	ret = parse_kind(k, plain, where);
	free(plain);
	return ret;
}

char *
kind_spell(const struct member_kind *k)
{
	char *text;

	if (k->arg == NULL)
		return strdup(kind_name(k->kind));
	return asprintf(&text, "%s(%s%s)", kind_name(k->kind),
		   before_argument(k->kind), k->arg) == -1
		   ? NULL
		   : text;
}
