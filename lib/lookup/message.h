/*
 * The messages between a process that polls and the process that finds names
 * for it, skel-lookup(8), over a pair of SOCK_SEQPACKET sockets.  Each message
 * is one packet, in the byte order and layout of this machine: both sides are
 * of one build, which the first message makes sure of.
 *
 * The one that polls tells of files, with descriptors, and asks for the
 * functions at offsets in them; the answers name the request.  It also asks for
 * the names of numbers that only this host knows, such as user ids.
 *
 * What comes from the other side is checked here, and nowhere else: the sizes
 * and counts of a message that was received are sound.
 */
#ifndef SKEL_LOOKUP_MESSAGE_H
#define SKEL_LOOKUP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/symbol-store.h"

enum {
	LOOKUP_VERSION = 3,
	LOOKUP_BYTES_MAX = 64 << 10, /* of a message */
	LOOKUP_OFFSETS_MAX = 128,    /* in a request */
	LOOKUP_PATH_MAX = 4096,
	LOOKUP_BUILD_ID_MAX = 64, /* bytes */
	LOOKUP_SOCKET = 0, /* the descriptor of the socket in skel-lookup */
	LOOKUP_KERNEL = 0, /* the number of the kernel, which is no file */
};

/* The number of the host itself, in LOOKUP_FIND only. */
#define LOOKUP_HOST UINT32_MAX

/* The arguments of skel-lookup with which it leaves its parent's children, and
 * with which it may be asked for LOOKUP_HOST. */
#define LOOKUP_DETACH_OPTION "--detach"
#define LOOKUP_HOST_OPTION "--host"

enum lookup_type {
	LOOKUP_READY,  /* from skel-lookup, once: it can be asked */
	LOOKUP_FILE,   /* to it: a file, before the first request for it */
	LOOKUP_FIND,   /* to it: a request */
	LOOKUP_IMAGE,  /* from it: the build ID of a request's file */
	LOOKUP_FOUND,  /* from it: the functions at one offset of a request */
	LOOKUP_DONE,   /* from it: all that will ever come for a request */
	LOOKUP_BAD,    /* from it: a file that is not read any more */
	LOOKUP_FORGET, /* between its own processes: close a file */
};

/* What a file is. */
enum lookup_kind {
	LOOKUP_ELF,
	LOOKUP_VDSO,      /* no file, but as large as value says */
	LOOKUP_GENERATED, /* the list of functions that a process made */
};

/* Why a file is not read any more. */
enum lookup_reason {
	LOOKUP_TOOK_LONG,  /* more time than a file may take */
	LOOKUP_SLEPT,      /* its file system did not answer */
	LOOKUP_MEMORY,     /* more memory than it may take */
	LOOKUP_CRASHED,    /* what reads it crashed */
	LOOKUP_STRIKES,    /* of a user, several of whose files were bad */
	LOOKUP_HIDDEN,     /* LOOKUP_KERNEL: addresses are hidden */
	LOOKUP_UNREADABLE, /* LOOKUP_KERNEL: /proc/kallsyms: errno in value */
	LOOKUP_FORGOTTEN,  /* to make room; it may be told of again */
	LOOKUP_REASONS,
};

/* Every message begins with this. */
struct lookup_head {
	uint32_t type;   /* enum lookup_type; READY: and nothing more than */
	uint32_t number; /* the version; of a file; or of a request */
};

/*
 * LOOKUP_FILE, and two descriptors at most: the file (O_PATH), then the root
 * directory (O_PATH) of a process that has mapped it.
 */
struct lookup_file {
	struct lookup_head head;
	uint32_t kind;
	uint32_t has_fd, has_root; /* 0 or 1: which descriptors there are */
	uint32_t uid;              /* of the process */
	uint32_t pid;              /* of the process */
	uint32_t inner_pid;        /* in its own pid namespace */
	/* Without a descriptor: the file at path must be this one, where device
	 * is 0 if it need not be compared. */
	uint64_t device, inode;
	uint64_t size;              /* of the vdso */
	char path[LOOKUP_PATH_MAX]; /* as the process sees it; to the NUL */
};

struct lookup_offset {
	uint64_t at; /* in the file; of the kernel and of generated code the
			address; of the host the number that has a name */
	uint64_t is_return; /* it is a return address; of the host: enum kind,
			       for which lookup_is_host_kind() is true */
};

/* LOOKUP_FIND */
struct lookup_find {
	struct lookup_head head; /* of a request */
	uint32_t file, n;
	struct lookup_offset v[LOOKUP_OFFSETS_MAX];
};

struct lookup_frame {
	uint64_t offset, line;
	uint32_t has_offset;
	uint32_t symbol, file; /* offsets in the text; UINT32_MAX: none */
	uint32_t unused;
};

/* LOOKUP_FOUND: n frames, and then the text.  Of the host one frame, whose
 * symbol is the name, or none if there is no name. */
struct lookup_found {
	struct lookup_head head; /* of a request */
	uint32_t index;          /* of the offset in the request */
	uint32_t n;
	uint32_t settled; /* 0: a later request may find more */
	uint32_t unused;
	struct lookup_frame v[SYMBOL_STORE_INLINES_MAX];
};

/* LOOKUP_IMAGE: before the first LOOKUP_FOUND of the request, if the file has a
 * build ID of at most LOOKUP_BUILD_ID_MAX bytes. */
struct lookup_image {
	struct lookup_head head; /* of a request */
	uint32_t n;
	unsigned char build_id[LOOKUP_BUILD_ID_MAX];
};

/* LOOKUP_BAD */
struct lookup_bad {
	struct lookup_head head; /* of a file */
	uint32_t reason;
	uint32_t value;
};

/* Room for any message. */
union lookup_message {
	struct lookup_head head;
	struct lookup_file file;
	struct lookup_find find;
	struct lookup_image image;
	struct lookup_found found;
	struct lookup_bad bad;
	char bytes[LOOKUP_BYTES_MAX];
};

struct lookup_packet {
	size_t len;
	int fds[2]; /* owned; -1: none.  LOOKUP_FILE: file and root */
	union lookup_message m;
};

/* Whether the host is asked for the names of numbers of a kind: users, groups,
 * interfaces, cgroups, and the containers behind cgroups. */
bool lookup_is_host_kind(uint64_t kind);

/* The bytes of a message of a fixed layout. */
size_t lookup_file_len(const struct lookup_file *f);
size_t lookup_find_len(const struct lookup_find *f);

/*
 * Sends len bytes at message, and those of the two descriptors that are not -1.
 * Returns 0, or -1 with errno set: EAGAIN if dont_wait is set and there is no
 * room.
 */
int lookup_send(
    int fd, const void *message, size_t len, const int fds[2], bool dont_wait);

/*
 * Receives a message, with descriptors that become p's.  Returns 1; 0 if the
 * other side has gone; -1 with errno set, EAGAIN if dont_wait is set and there
 * is none, EPROTO if the message is not sound.
 */
int lookup_receive(int fd, struct lookup_packet *p, bool dont_wait);

/* Closes what the packet still owns. */
void lookup_packet_close(struct lookup_packet *p);

/*
 * Fills m with LOOKUP_FOUND for a request's offset number index; names that do
 * not fit any more are cut, or left out.  Returns the bytes.
 */
size_t lookup_found_fill(union lookup_message *m, uint32_t request,
    uint32_t index, const struct symbol_frame *frames, size_t n, bool settled);

/* Sets frames, of SYMBOL_STORE_INLINES_MAX, to those of a LOOKUP_FOUND that was
 * received; they borrow its text.  Returns how many. */
size_t lookup_found_frames(
    const struct lookup_packet *p, struct symbol_frame *frames);

#endif
