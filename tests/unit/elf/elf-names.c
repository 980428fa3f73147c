/* lib/elf/elf-names: the functions and probes of this program, and of damaged
 * copies of it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "check.h"
#include "elf-file.h"
#include "elf/elf-names.h"

enum { DAMAGES = 400, HEADER = 64 };

/* The note of a USDT probe, without an instruction for it. */
__asm__(".pushsection .note.stapsdt, \"\", \"note\"\n"
	".balign 4\n"
	".4byte 992f - 991f, 994f - 993f, 3\n"
	"991: .asciz \"stapsdt\"\n"
	"992: .balign 4\n"
	"993: .8byte 0, 0, 0\n"
	".asciz \"unit\"\n"
	".asciz \"probe\"\n"
	".asciz \"\"\n"
	"994: .balign 4\n"
	".popsection\n");

/* What was found. */
struct found {
	size_t functions, mains, probes;
	uint64_t offset; /* of main() */
	bool stop;       /* after the first */
};

static bool
take_function(void *ctx, const struct elf_function *f)
{
	struct found *found = ctx;

	found->functions++;
	if (strcmp(f->name, "main") == 0) {
		found->mains++;
		found->offset = f->offset;
		CHECK(!f->local);
	}
	return !found->stop;
}

static bool
take_probe(void *ctx, const char *provider, const char *name)
{
	struct found *found = ctx;

	if (strcmp(provider, "unit") == 0 && strcmp(name, "probe") == 0)
		found->probes++;
	return !found->stop;
}

int main(void);

static void
check_self(const struct buf *self)
{
	struct found found = { 0 }, first = { .stop = true };

	CHECK_NUM(
	    elf_names_read_functions("/proc/self/exe", take_function, &found),
	    0);
	CHECK(found.functions > 10);
	CHECK_NUM(found.mains, 1);
	CHECK(found.offset < self->len);
	if (found.offset < self->len)
		CHECK(memcmp(self->data + found.offset,
			  (const char *)(uintptr_t)main, 8) == 0);
	CHECK_NUM(
	    elf_names_read_probes("/proc/self/exe", take_probe, &found), 0);
	CHECK_NUM(found.probes, 1);
	CHECK_NUM(
	    elf_names_read_functions("/proc/self/exe", take_function, &first),
	    0);
	CHECK_NUM(first.functions, 1);
}

/* The file at path is empty. */
static void
check_none(const char *path)
{
	struct found found = { 0 };

	CHECK_NUM(
	    elf_names_read_functions("/nonexistent", take_function, &found),
	    -1);
	CHECK_NUM(errno, ENOENT);
	CHECK_NUM(elf_names_read_probes(path, take_probe, &found), -1);
	CHECK_NUM(errno, ENOEXEC);
	/* The kernel's own files are none. */
	CHECK_NUM(
	    elf_names_read_probes("/proc/self/limits", take_probe, &found), -1);
	CHECK_NUM(errno, EINVAL);
}

static bool
count_probe(void *ctx, const char *provider, const char *name)
{
	(void)provider;
	(void)name;
	(*(size_t *)ctx)++;
	return true;
}

/* Probes of which the provider or the name has no end. */
static void
check_endless(const char *path)
{
	static const char *const names[] = { "unit", "unit\0probe",
		"unit\0probe\0" };
	static const size_t sizes[] = { 4, 10, 11 };
	size_t found;

	for (size_t i = 0; i < 3; i++) {
		struct {
			Elf64_Nhdr head;
			char owner[8], addresses[24], names[12];
		} note = { .head = { .n_namesz = 8, .n_type = 3 },
			.owner = "stapsdt" };
		struct buf bytes = { 0 };
		struct elf_file f;
		FILE *out = fopen(path, "we");

		note.head.n_descsz =
		    (Elf64_Word)(sizeof(note.addresses) + sizes[i]);
		memset(note.names, 'x', sizeof(note.names));
		memcpy(note.names, names[i], sizes[i]);
		elf_file_begin(&f, EM_X86_64, ET_DYN);
		elf_file_add(
		    &f, ".note.stapsdt", SHT_NOTE, 0, &note, sizeof(note));
		f.sections[2].sh_addralign = 4;
		elf_file_end(&f, &bytes);
		CHECK(out != NULL);
		if (out != NULL) {
			fwrite(bytes.data, 1, bytes.len, out);
			fclose(out);
		}
		found = 0;
		CHECK_NUM(elf_names_read_probes(path, count_probe, &found), 0);
		CHECK_NUM(found, i == 2 ? 1 : 0);
		buf_free(&bytes);
	}
}

static unsigned int
lcg(unsigned int *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Cuts the file, or changes bytes in its header and in its last part, which has
 * the section table.  The results may be anything, but the functions must
 * return. */
static void
check_damaged(const struct buf *self, const char *path)
{
	struct found found = { 0 };
	unsigned int state = 1;

	for (int i = 0; i < DAMAGES; i++) {
		struct buf bad = { 0 };
		size_t tail;
		FILE *out;

		buf_add(&bad, self->data, self->len);
		tail = bad.len > 4096 ? bad.len - 4096 : 0;
		for (int k = 0; k < 4; k++) {
			bad.data[lcg(&state) % HEADER] ^= (char)lcg(&state);
			bad.data[tail + lcg(&state) % (bad.len - tail)] ^=
			    (char)lcg(&state);
		}
		/* Most copies begin like an ELF file. */
		if (i % 8 != 0)
			memcpy(bad.data, self->data, 20);
		out = fopen(path, "we");
		if (out == NULL)
			break;
		fwrite(bad.data, 1,
		    i % 3 == 0 ? lcg(&state) % bad.len : bad.len, out);
		fclose(out);
		elf_names_read_functions(path, take_function, &found);
		elf_names_read_probes(path, take_probe, &found);
		buf_free(&bad);
	}
}

int
main(void)
{
	char path[] = "/tmp/unit-elf-names-XXXXXX";
	struct buf self = { 0 };
	FILE *in = fopen("/proc/self/exe", "re");
	int fd = mkstemp(path);

	if (in == NULL || fd == -1 ||
	    buf_read_fd(&self, fileno(in), 256 << 20) == -1) {
		perror("elf-names");
		return 1;
	}
	fclose(in);
	close(fd);
	check_self(&self);
	check_none(path);
	check_endless(path);
	check_damaged(&self, path);
	unlink(path);
	buf_free(&self);
	return check_done();
}
