/* What the programs and the loader (src/wire.rs) have agreed on: the events, the counters, the settings. */
#pragma once

#include "helpers.h"

enum kind {
	KIND_CALL = 1,         /* a system call, its names and results */
	KIND_PROGRAM = 2,      /* a program's slot and path: names who did the rest */
	KIND_EXEC = 3,         /* a program was started: file, name, interpreter, loader */
	KIND_CAPABILITY = 4,   /* a capability was asked for */
	KIND_RING_SUBMIT = 5,  /* an io_uring request was submitted */
	KIND_RING_COMPLETE = 6 /* and it ended */
};

enum part_kind {
	PART_NAME = 1,   /* a name as the process gave it */
	PART_NAME2 = 2,  /* the second name of rename, link, mount */
	PART_BASE = 3,   /* the directory that NAME is relative to */
	PART_BASE2 = 4,  /* the directory that NAME2 is relative to */
	PART_FILE = 5,   /* the file that was reached */
	PART_ADDRESS = 6, /* a socket address */
	PART_INTERPRETER = 7, /* a script's interpreter, as its first line names it */
	PART_ROOT = 9,   /* the process's root directory, from the top of its mount namespace */
	PART_LOADER = 8  /* the program interpreter (ld.so) of a dynamic executable */
};

enum path_flag {
	PATH_CUT = 1,        /* deeper or longer than there was room for: the part nearest to the root is missing */
	PATH_ABOVE_ROOT = 2, /* not below the process's root: seen from the mount namespace's root */
	PATH_DELETED = 4,    /* the name is gone */
	PATH_DETACHED = 8    /* on a mount that is in no namespace (memfd, pipe, lazily unmounted) */
};

/* Follows a part's header when the part is a path. Names come leaf first, each followed by a slash. */
struct walked {
	u16 in_mount; /* bytes up to the root of the mount that the file is on */
	u16 visible;  /* bytes up to the process's root: the path as the service sees it */
	u16 above;    /* bytes that follow: from there, or from the process's root, up to the file system's own root */
	u16 flags;
	u32 device;   /* of the file system */
	u32 rdev;     /* of a device node */
	u32 mode;
	u32 file_mode; /* the kernel's f_mode of an open file */
};

struct part {
	u16 kind;
	u16 size; /* of what follows the header, without padding to 8 */
	u32 unused;
};

enum { ROOT_OF_HOST = 0 };
#define ROOT_NOT_TOLD (~0ULL)

struct event {
	u64 key;
	u64 root; /* names the process's root directory and mount namespace: equal for equal ones */
	s64 result;
	u64 args[6];
	u32 tgid;  /* as the recorder's PID namespace numbers processes; 0 for one that is not in it */
	u32 inner_tgid; /* as the process's own does */
	u32 inner_tid;
	u32 parent;
	u32 program;
	u32 mount_namespace;
	u16 kind;
	u16 nr;
	u8 compat;
	u8 parts_cut; /* a part was left out for want of room */
	u16 unused;
};

enum {
	NAME_MAX_BYTES = 4096,
	PARTS_LIMIT = 16384, /* a part may start below, and goes at most NAME_MAX_BYTES beyond */
	PARTS_ROOM = PARTS_LIMIT + NAME_MAX_BYTES + 512,
};

/* How to handle one system call; the table is filled by the loader (src/table.rs). */
struct call {
	u8 handler;
	s8 dir;   /* which argument is the directory's descriptor; -1 the working directory */
	s8 name;  /* which argument is the name; -1 none */
	s8 dir2;
	s8 name2;
	u8 keys;  /* bit N: argument N tells one access from another */
	s8 extra; /* handler's own: descriptor, address */
	u8 flags;
} __attribute__((aligned(8))); /* copied as one word */

/* A walk from a dentry towards the root, or over a long name. Pointers are numbers here. */
struct walk {
	u64 dentry;
	u64 mount;
	u64 mount_root;  /* the root dentry of `mount` */
	u64 root_dentry; /* where the process's root is */
	u64 root_mount;
	u32 at;          /* where the next component goes */
	u32 start;
	u32 in_mount;
	u32 flags;
	u32 crossed;
	u64 hash;
};

/* A directory or file: where in which mount. Pointers as numbers. */
struct place {
	u64 mount; /* struct vfsmount */
	u64 dentry;
};

/* One for each processor: an event that is being put together. What is kept here and not on the stack is kept out of
 * the verifier's sight, which keeps loops simple for it. */
struct scratch {
	struct event event;
	union {
		u8 parts[PARTS_ROOM];
		u64 words[PARTS_ROOM / 8];
	};
	u32 used;
	u32 next; /* the place in the order after the access that was seen last on this processor */
	u64 pointer; /* where a pointer becomes a number */
	struct walk walk;
	struct call call;
	u64 key;
	struct place bases[2]; /* where the names are relative to; nowhere when they are absolute */
	struct place file;     /* the file that was reached */
	u32 file_mode;
};

enum handler {
	HANDLER_NONE = 0,
	HANDLER_PATH = 1,
	HANDLER_OPEN = 2,
	HANDLER_FD = 3,
	HANDLER_PLACE = 4,
	HANDLER_ARGS = 5,
	HANDLER_ADDRESS = 6,
	HANDLER_MAP = 7,
	HANDLER_IDENTIFY = 8,
	HANDLER_INDIRECT = 9,
	HANDLER_SEND = 10,
};

enum call_flag {
	CALL_DEREFERENCE = 1,  /* argument `extra` points to a structure whose first word is the flags */
	CALL_PLACE_ROOT = 2,   /* the place that changed is the root, not the working directory */
	CALL_MESSAGE = 4,      /* argument `extra` is a msghdr */
	CALL_SMALL_SECOND = 8, /* the second argument tells accesses apart when it is a number, not a pointer */
	CALL_EXECUTABLE = 16,  /* only of interest with bit 2 (PROT_EXEC) of the third argument */
	CALL_STAT = 32,        /* argument `extra` is where attributes were written, the mode `dir2` bytes into it */
	CALL_IDENTITY = 64,    /* who the program is may have changed */
};

enum { CALLS = 512, PROGRAMS = 4096, CGROUP_PATH_MAX = 1024 };

enum counter {
	COUNT_LOST = 0,     /* events for which the ring buffer had no room */
	COUNT_SENT = 1,     /* events sent */
	COUNT_CUT = 2,      /* paths that were cut */
	COUNT_PROGRAMS = 3, /* slots in use, slot 0 included */
	COUNT_CROWDED = 4,  /* programs beyond the slots */
	COUNTERS = 8
};
