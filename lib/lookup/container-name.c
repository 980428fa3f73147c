#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "lookup/container-name.h"

enum { ID_DIGITS = 64 };

/* A part of a path. */
struct part {
	const char *at;
	size_t len;
};

static bool
cut_end(struct part *p, const char *end)
{
	size_t n = strlen(end);

	if (p->len <= n || memcmp(p->at + p->len - n, end, n) != 0)
		return false;
	p->len -= n;
	return true;
}

static bool
cut_start(struct part *p, const char *start)
{
	size_t n = strlen(start);

	if (p->len <= n || memcmp(p->at, start, n) != 0)
		return false;
	p->at += n;
	p->len -= n;
	return true;
}

static bool
ends_with(struct part p, const char *end)
{
	return cut_end(&p, end);
}

/*
 * An id that ends the part: alone as in "kubepods/burstable/podUID/ID", or
 * after a word as in "docker-ID.scope" and "PARENT.slice:cri-containerd:ID".
 * The cgroup of a process that only watches a container, "libpod-conmon-ID",
 * is no container.
 */
static bool
find_id(char *out, size_t size, struct part p)
{
	const char *id;

	cut_end(&p, ".scope");
	if (p.len < ID_DIGITS)
		return false;
	id = p.at + p.len - ID_DIGITS;
	if (strspn(id, "0123456789abcdef") < ID_DIGITS)
		return false;
	p.len -= ID_DIGITS;
	if (p.len > 0 && id[-1] != '-' && id[-1] != ':')
		return false;
	if (ends_with(p, "conmon-"))
		return false;
	snprintf(out, size, "%.*s", CONTAINER_ID_SHOWN, id);
	return true;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Stores a name in which systemd has written characters as "\x2d". */
static void
unescape(char *out, size_t size, struct part p)
{
	size_t n = 0;

	for (size_t i = 0; i < p.len && n + 1 < size; i++) {
		int high = -1, low = -1;

		if (p.len - i >= 4 && p.at[i] == '\\' && p.at[i + 1] == 'x') {
			high = hex_digit(p.at[i + 2]);
			low = hex_digit(p.at[i + 3]);
		}
		if (high >= 0 && low >= 0 && high + low > 0) {
			out[n++] = (char)(high << 4 | low);
			i += 3;
		} else {
			out[n++] = p.at[i];
		}
	}
	out[n] = '\0';
}

/* The cgroups of LXC, of systemd-nspawn as a service and by hand, and of
 * libvirt: their machines have names. */
static bool
find_name(char *out, size_t size, struct part p)
{
	if (cut_start(&p, "lxc.payload.")) {
		snprintf(out, size, "%.*s", (int)p.len, p.at);
		return true;
	}
	if ((cut_start(&p, "systemd-nspawn@") && cut_end(&p, ".service")) ||
	    (cut_start(&p, "machine-") && cut_end(&p, ".scope"))) {
		unescape(out, size, p);
		return true;
	}
	return false;
}

/* "lxc/NAME", as older versions of LXC have it. */
static bool
is_below_lxc(const char *path, struct part p)
{
	struct part above = { path, (size_t)(p.at - path) };

	return ends_with(above, "/lxc/") ||
	       (above.len == 5 && memcmp(path, "/lxc/", 5) == 0);
}

bool
container_name(char *out, size_t size, const char *path)
{
	const char *end = path + strlen(path), *start;

	/* From the innermost part to the outermost. */
	for (; end > path; end = start - 1) {
		struct part p;

		for (start = end; start > path && start[-1] != '/';)
			start--;
		p = (struct part){ start, (size_t)(end - start) };
		if (find_id(out, size, p) || find_name(out, size, p))
			return true;
		if (p.len > 0 && is_below_lxc(path, p)) {
			snprintf(out, size, "%.*s", (int)p.len, p.at);
			return true;
		}
		if (start == path)
			break;
	}
	return false;
}
