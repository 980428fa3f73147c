#include <string.h>
#include <sys/mman.h>

#include "base/util.h"
#include "poll/mmap-array.h"

bool
mmap_array_open(
    struct mmap_array *m, int fd, const struct bpf_map_info *info, bool writes)
{
	/* The kernel rounds an element up to 8 bytes. */
	uint64_t stride = round_up_8(info->value_size), size;
	int protection = writes ? PROT_READ | PROT_WRITE : PROT_READ;
	void *p;

	*m = (struct mmap_array){ 0 };
	if (info->type != BPF_MAP_TYPE_ARRAY ||
	    (info->map_flags & BPF_F_MMAPABLE) == 0)
		return false;
	if (__builtin_mul_overflow(stride, info->max_entries, &size) ||
	    size > SIZE_MAX)
		return false;
	p = mmap(NULL, (size_t)size, protection, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	m->words = p;
	m->size = (size_t)size;
	m->value = info->value_size;
	m->stride = (size_t)stride / sizeof(uint64_t);
	return true;
}

void
mmap_array_close(struct mmap_array *m)
{
	if (m->words != NULL)
		munmap(m->words, m->size);
	*m = (struct mmap_array){ 0 };
}

/* Returns how many bytes of the value are in the word that starts at byte at.
 */
static size_t
bytes_in_word(const struct mmap_array *m, size_t at)
{
	size_t left = m->value - at;

	return left < sizeof(uint64_t) ? left : sizeof(uint64_t);
}

void
mmap_array_read(const struct mmap_array *m, size_t i, void *value)
{
	const uint64_t *from = m->words + i * m->stride;
	unsigned char *to = value;
	uint64_t word;

	for (size_t at = 0; at < m->value; at += sizeof(word)) {
		word = __atomic_load_n(from++, __ATOMIC_RELAXED);
		memcpy(to + at, &word, bytes_in_word(m, at));
	}
}

void
mmap_array_read_and_clear(struct mmap_array *m, size_t i, void *value)
{
	uint64_t *from = m->words + i * m->stride, word;
	unsigned char *to = value;

	for (size_t at = 0; at < m->value; at += sizeof(word), from++) {
		word = __atomic_load_n(from, __ATOMIC_RELAXED);
		/* An exchange would take the cache line from the CPUs that
		 * write to it, and most words of a histogram are 0 anyway. */
		if (word != 0)
			word = __atomic_exchange_n(from, 0, __ATOMIC_RELAXED);
		memcpy(to + at, &word, bytes_in_word(m, at));
	}
}

/* Exchanges the most bytes, at most 8, that are aligned at p, for zeros. */
static size_t
take_aligned(unsigned char *p, size_t size, unsigned char *to)
{
	size_t at = (size_t)((uintptr_t)p % sizeof(uint64_t));
	uint64_t v8;
	uint32_t v4;

	if (at == 0 && size >= sizeof(v8)) {
		v8 = __atomic_load_n((uint64_t *)(void *)p, __ATOMIC_RELAXED);
		if (v8 != 0)
			v8 = __atomic_exchange_n(
			    (uint64_t *)(void *)p, 0, __ATOMIC_RELAXED);
		memcpy(to, &v8, sizeof(v8));
		return sizeof(v8);
	}
	if (at % sizeof(v4) == 0 && size >= sizeof(v4)) {
		v4 = __atomic_exchange_n(
		    (uint32_t *)(void *)p, 0, __ATOMIC_RELAXED);
		memcpy(to, &v4, sizeof(v4));
		return sizeof(v4);
	}
	*to = __atomic_exchange_n(p, 0, __ATOMIC_RELAXED);
	return 1;
}

void
mmap_array_take(struct mmap_array *m, size_t offset, size_t size, void *value)
{
	unsigned char *from = (unsigned char *)m->words + offset, *to = value;
	size_t n;

	for (; size > 0; size -= n, from += n, to += n)
		n = take_aligned(from, size, to);
}
