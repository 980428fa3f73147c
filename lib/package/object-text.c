#include <inttypes.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/report.h"
#include "package/object-text.h"

#define BASE64                                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

bool
package_object_is_text(const char *text, size_t len)
{
	return strspn(text, BASE64 "=") == len;
}

/* Decodes base64 strictly: b64_pton() alone would skip white space.  Returns
 * *len bytes to free, or NULL after reporting. */
static unsigned char *
decode_base64(const char *text, size_t *len, const char *where)
{
	size_t n = strlen(text), digits = strspn(text, BASE64);
	unsigned char *bytes;
	int got;

	if (strspn(text + digits, "=") != n - digits) {
		report_error("%s.bpf_object: character %zu is not base64",
		    where, digits + strspn(text + digits, "=") + 1);
		return NULL;
	}
	if (n % 4 != 0 || n - digits > 2 || n == 0) {
		report_error("%s.bpf_object: the base64 text is cut off after "
			     "%zu characters",
		    where, n);
		return NULL;
	}
	/* b64_pton() needs room for the padding too. */
	if ((bytes = malloc(n / 4 * 3 + 1)) == NULL) {
		report_nomem();
		return NULL;
	}
	got = b64_pton(text, bytes, n / 4 * 3 + 1);
	if (got == -1) {
		report_error(
		    "%s.bpf_object: the base64 text is padded wrongly", where);
		free(bytes);
		return NULL;
	}
	*len = (size_t)got;
	return bytes;
}

/* Reports why the stream z is wrong.  Returns -1. */
static int
report_bad_zlib(const z_stream *z, int ret, uint64_t size, const char *where)
{
	if (z->total_out > size)
		report_error("%s: bpf_object_size says %" PRIu64
			     ", the object has more bytes",
		    where, size);
	else if (ret == Z_STREAM_END && z->total_out < size)
		report_error("%s: bpf_object_size says %" PRIu64
			     ", the object has %lu bytes",
		    where, size, z->total_out);
	else if (ret == Z_STREAM_END)
		report_error("%s.bpf_object: %u bytes follow the zlib stream",
		    where, z->avail_in);
	else if (ret == Z_BUF_ERROR || ret == Z_OK)
		report_error(
		    "%s.bpf_object: the zlib stream is cut off", where);
	else
		report_error("%s.bpf_object: not a zlib stream: %s", where,
		    z->msg != NULL ? z->msg : zError(ret));
	return -1;
}

/* Inflates to out, which has size + 1 bytes: if the last one is written, the
 * object is larger than bpf_object_size says. */
static int
inflate_object(unsigned char *out, uint64_t size, unsigned char *in, size_t len,
    const char *where)
{
	z_stream z = { 0 };
	int ret;

	z.next_in = in;
	z.avail_in = (unsigned int)len;
	z.next_out = out;
	z.avail_out = (unsigned int)(size + 1);
	if (inflateInit(&z) != Z_OK)
		return report_nomem();
	ret = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (ret == Z_STREAM_END && z.total_out == size && z.avail_in == 0)
		return 0;
	return report_bad_zlib(&z, ret, size, where);
}

int
package_object_decode(
    const char *text, uint64_t size, unsigned char **bytes, const char *where)
{
	unsigned char *packed, *out;
	size_t len;
	int ret;

	if ((packed = decode_base64(text, &len, where)) == NULL)
		return -1;
	if ((out = malloc((size_t)size + 1)) == NULL) {
		free(packed);
		return report_nomem();
	}
	ret = inflate_object(out, size, packed, len, where);
	free(packed);
	if (ret == -1)
		free(out);
	else
		*bytes = out;
	return ret;
}

char *
package_object_encode(const unsigned char *bytes, size_t size)
{
	unsigned long len = compressBound(size);
	unsigned char *packed = malloc(len);
	char *text = NULL;
	size_t room;

	if (packed == NULL ||
	    compress2(packed, &len, bytes, size, Z_BEST_COMPRESSION) != Z_OK)
		goto out;
	room = (len + 2) / 3 * 4 + 1;
	if ((text = malloc(room)) == NULL)
		goto out;
	if (b64_ntop(packed, len, text, room) == -1) {
		free(text);
		text = NULL;
	}
out:
	if (text == NULL)
		report_nomem();
	free(packed);
	return text;
}
