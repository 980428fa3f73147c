#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/kernel-build-id.h"

enum { NOTES_MAX = 16384 }; /* bytes; kernels have about 500 */

/* The length of a note's name or description with what pads it. */
static size_t
padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

size_t
kernel_build_id_parse(
    unsigned char *id, size_t max, const unsigned char *notes, size_t len)
{
	Elf64_Nhdr n;
	size_t name, desc;

	for (; len >= sizeof(n); notes += name + desc, len -= name + desc) {
		memcpy(&n, notes, sizeof(n));
		notes += sizeof(n);
		len -= sizeof(n);
		name = padded(n.n_namesz);
		desc = padded(n.n_descsz);
		if (name > len || desc > len - name)
			return 0;
		if (n.n_type != NT_GNU_BUILD_ID ||
		    n.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp(notes, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0)
			continue;
		if (n.n_descsz > max)
			return 0;
		memcpy(id, notes + name, n.n_descsz);
		return n.n_descsz;
	}
	return 0;
}

size_t
kernel_build_id_read(unsigned char *id, size_t max)
{
	unsigned char notes[NOTES_MAX];
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd == -1)
		return 0;
	while (len < sizeof(notes) &&
	       ((n = read(fd, notes + len, sizeof(notes) - len)) > 0 ||
		   (n == -1 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	close(fd);
	return kernel_build_id_parse(id, max, notes, len);
}
