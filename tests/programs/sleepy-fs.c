/*
 * sleepy-fs DIR FILE: mounts a file system at DIR whose only file is called
 * "program" and has the bytes of FILE.  Prints "ready", and serves it until it
 * is killed.  While it is stopped, whoever asks this file system anything
 * waits: the kernel is told to keep nothing but the pages that it has read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_NODE = 2 };

static int fuse, file;
static struct stat st;

static void
reply(const struct fuse_in_header *in, int error, const void *data, size_t n)
{
	struct fuse_out_header out = { .len = (unsigned int)(sizeof(out) + n),
		.error = -error,
		.unique = in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { (void *)data, n } };

	if (writev(fuse, parts, 2) == -1 && errno != ENOENT)
		perror("sleepy-fs: reply");
}

static struct fuse_attr
describe(unsigned long node)
{
	struct fuse_attr a = {
		.ino = node, .mode = S_IFDIR | 0755, .nlink = 1, .blksize = 4096
	};

	if (node == FILE_NODE) {
		a.mode = S_IFREG | 0755;
		a.size = (unsigned long)st.st_size;
	}
	return a;
}

static void
read_file(const struct fuse_in_header *in, const struct fuse_read_in *what)
{
	static char data[1 << 17];
	size_t size = what->size < sizeof(data) ? what->size : sizeof(data);
	ssize_t n = pread(file, data, size, (off_t)what->offset);

	reply(in, n == -1 ? EIO : 0, data, n == -1 ? 0 : (size_t)n);
}

static void
answer(const struct fuse_in_header *in)
{
	const void *body = in + 1;
	struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
		.minor = 31,
		.max_readahead = 1 << 17,
		.max_write = 1 << 16 };
	struct fuse_entry_out entry = { .nodeid = FILE_NODE,
		.attr = describe(FILE_NODE) };
	struct fuse_attr_out attr = { .attr = describe(in->nodeid) };
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };

	switch (in->opcode) {
	case FUSE_INIT:
		reply(in, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		if (strcmp(body, "program") == 0)
			reply(in, 0, &entry, sizeof(entry));
		else
			reply(in, ENOENT, NULL, 0);
		break;
	case FUSE_GETATTR:
		reply(in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		reply(in, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		read_file(in, body);
		break;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
		reply(in, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		reply(in, ENOSYS, NULL, 0);
	}
}

int
main(int argc, char *argv[])
{
	static union {
		struct fuse_in_header head;
		char bytes[1 << 18];
	} in;
	char options[64];

	if (argc != 3 || (file = open(argv[2], O_RDONLY)) == -1 ||
	    fstat(file, &st) == -1 ||
	    (fuse = open("/dev/fuse", O_RDWR)) == -1) {
		perror("sleepy-fs");
		return 1;
	}
	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("sleepy", argv[1], "fuse.sleepy", MS_NOSUID | MS_NODEV,
		options) == -1) {
		perror("sleepy-fs: mount");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(fuse, &in, sizeof(in)) > 0 || errno == EINTR)
		answer(&in.head);
	return 0;
}
