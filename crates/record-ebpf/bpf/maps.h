/* The maps, and the settings that the loader writes before the programs are loaded. */
#pragma once

#include "event.h"

/* Settings: constant once loaded, so the verifier drops what they switch off. */
const volatile u64 seed = 1;            /* of every hash: names cannot be chosen to collide */
const volatile u64 introduction = 0;    /* what the recorder says to introduce itself */
const volatile u32 in_namespace = 0;    /* the recorder is not in the first PID namespace */
const volatile u32 by_cgroup = 0;       /* by control group, not by process */
const volatile u32 cgroup_depth = 0;    /* how deep the group is below the root of the recorder's mount of it */
const volatile u32 cgroup_path_size = 0;
const volatile char cgroup_path[CGROUP_PATH_MAX] = ""; /* from there */
const volatile u32 ring_size = 1 << 25; /* bytes */
const volatile struct call calls[2][CALLS] = {};
const volatile u64 ring_operations = 0; /* bit N: io_uring's request N is of interest */

struct {
	UINT(type, MAP_RINGBUF);
	UINT(max_entries, 1 << 25);
} events SEC(".maps");

/* What is known of a process, by its number as the recorder's PID namespace has it. */
enum {
	TASK_UNTRACKED = 0,
	TASK_STARTER = 0xfffffffd,  /* a thread, not tracked itself: its children are, once they execute something */
	TASK_AT_EXEC = 0xfffffffe,  /* tracked once it executes something */
	TASK_UNKNOWN = 0xffffffff,  /* tracked; which program it runs is yet to be found out */
};

struct tracked {
	u32 program; /* a slot, or one of the above */
	u32 ended;   /* the last process of this number was tracked: what was done to it is read later */
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct tracked);
	UINT(max_entries, 32768);
} tasks SEC(".maps");

/* Which program a thread runs, by where the kernel saves its registers: a cache, so that a call of which nothing is to be
 * noted needs no helper, which costs where returns are mitigated. Two processors may write one entry at once; then the
 * check, which is all of it and the place exclusively or-ed, does not hold. */
enum { THREAD_BITS = 15 };

struct thread {
	u64 check;
	u64 state; /* the program; above it how many changes there had been */
	u64 task;  /* struct task_struct */
	u64 unused;
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct thread);
	UINT(max_entries, 1 << THREAD_BITS);
} threads SEC(".maps");

/* How often a thread may have come to run another program, or another thread to have its place: counted by the programs,
 * and by the loader. */
enum { CHANGES_HERE = 0, CHANGES_OUTSIDE = 1 };

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, u32);
	UINT(max_entries, 2);
} changes SEC(".maps");

/* The accesses already sent: a set-associative cache of their keys, shortened, and the order in which they were sent. Who
 * does what was done before mostly does it in the same order. So the next in order is looked at first: it lies beside the
 * last one, where a set of the cache comes from far. What falls out of the cache is only sent again. */
enum { SEEN_WAYS = 8, SEEN_SETS = 1 << 17, ORDER = 1 << 20, ORDER_ROW = 16 };

struct seen_set {
	u32 tags[SEEN_WAYS];
	u32 places[SEEN_WAYS]; /* in the order */
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct seen_set);
	UINT(max_entries, SEEN_SETS);
} seen SEC(".maps");

struct order_row {
	u32 tags[ORDER_ROW];
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct order_row);
	UINT(max_entries, ORDER / ORDER_ROW);
} order SEC(".maps");

/* Where the next one goes. */
struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, u32);
	UINT(max_entries, 1);
} order_end SEC(".maps");

/* By the hash of executable, name and user: the program's slot. */
struct {
	UINT(type, MAP_HASH);
	TYPE(key, u64);
	TYPE(value, u32);
	UINT(max_entries, PROGRAMS);
} programs SEC(".maps");

/* By slot: what a change of user needs to find the program's next slot. */
struct program {
	u64 executable; /* hash */
	char comm[16];
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct program);
	UINT(max_entries, PROGRAMS);
} program_rows SEC(".maps");

/* By slot: the system calls used, a byte each: 1 succeeded, 2 failed, 4 failed with ENOSYS. */
struct calls_used {
	u8 by_number[2 * CALLS];
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct calls_used);
	UINT(max_entries, PROGRAMS);
} used SEC(".maps");

/* io_uring requests under way, by address: the key of what was submitted. */
struct {
	UINT(type, MAP_LRU_HASH);
	TYPE(key, u64);
	TYPE(value, u64);
	UINT(max_entries, 16384);
} requests SEC(".maps");

struct {
	UINT(type, MAP_PERCPU_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct scratch);
	UINT(max_entries, 1);
} scratches SEC(".maps");

struct {
	UINT(type, MAP_PERCPU_ARRAY);
	TYPE(key, u32);
	TYPE(value, u64);
	UINT(max_entries, COUNTERS);
} counters SEC(".maps");

/* One for all processors. */
struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, u32);
	UINT(max_entries, 1);
} next_program SEC(".maps");

/* The control group that is recorded, by inode number; 0 while there is none of that path. */
struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, u64);
	UINT(max_entries, 1);
} cgroups SEC(".maps");

/* Where the recorder is: whose numbers it knows processes by, what it sees of the file tree and of the control groups. */
struct host {
	struct place root;
	u64 pid_namespace; /* struct pid_namespace */
	u64 cgroup_base;   /* inode number of the root of its mount of the control groups */
	u32 mount_namespace;
	u32 pid_level;
	u32 cgroup_base_level;
	u32 cgroup_level;  /* of the group that is recorded */
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct host);
	UINT(max_entries, 1);
} hosts SEC(".maps");

/* How many processes are tracked by number. */
struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, s32);
	UINT(max_entries, 1);
} alive SEC(".maps");

struct {
	UINT(type, MAP_PROG_ARRAY);
	UINT(key_size, 4);
	UINT(value_size, 4);
	UINT(max_entries, 16);
} handlers SEC(".maps");

INLINE void count(u32 which)
{
	u64 *counter = map_lookup(&counters, &which);
	if (counter)
		*counter += 1;
}

INLINE void count_alive(s32 change)
{
	u32 zero = 0;
	s32 *number = map_lookup(&alive, &zero);
	if (number)
		__sync_fetch_and_add(number, change);
}

/* To be called after the change. */
INLINE void changed(void)
{
	u32 here = CHANGES_HERE;
	u32 *number = map_lookup(&changes, &here);
	if (number)
		__sync_fetch_and_add(number, 1);
}

INLINE struct scratch *scratch(void)
{
	u32 zero = 0;
	return map_lookup(&scratches, &zero);
}

INLINE u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ (hash >> 32);
}

/* Keys of accesses to one name lie in one set: what is done to a file is often done together. */
INLINE u64 near(u64 key, u64 name)
{
	return (key & ~(SEEN_SETS - 1ULL)) | (name & (SEEN_SETS - 1));
}

/* What is kept of a key; the rest is which set it is in. */
INLINE u32 tag_of(u64 key)
{
	u32 tag = key >> 32;
	return tag ? tag : 1;
}

INLINE u32 *in_order(u32 place)
{
	u32 row = place / ORDER_ROW % (ORDER / ORDER_ROW);
	struct order_row *tags = map_lookup(&order, &row);
	return tags ? &tags->tags[place % ORDER_ROW] : NULL;
}

/* Whether an access was sent before. */
INLINE int is_seen(struct scratch *s, u64 key)
{
	u32 tag = tag_of(key);
	u32 *next = in_order(s->next);
	if (next && *next == tag) {
		s->next += 1;
		return 1;
	}
	u32 index = key & (SEEN_SETS - 1);
	struct seen_set *set = map_lookup(&seen, &index);
	if (!set)
		return 0;
	/* All ways are compared before anything is decided: a set comes from far, and a processor that guesses the one
	 * answer right goes on meanwhile, where it would guess the way wrong. Only 0 - 1 has the highest bit. */
	u64 found = 0, place = 0;
#pragma unroll
	for (int way = 0; way < SEEN_WAYS; way++) {
		u64 is = ((u64)(set->tags[way] ^ tag) - 1) >> 63;
		found |= is;
		place |= -is & set->places[way];
	}
	if (found)
		s->next = place + 1;
	return found;
}

/* The oldest of its set falls out. */
INLINE void remember(u64 key)
{
	u32 zero = 0, index = key & (SEEN_SETS - 1), tag = tag_of(key);
	u32 *end = map_lookup(&order_end, &zero);
	struct seen_set *set = map_lookup(&seen, &index);
	if (!end || !set)
		return;
	u32 place = __sync_fetch_and_add(end, 1);
	u32 *last = in_order(place);
	if (last)
		*last = tag;
#pragma unroll
	for (int way = SEEN_WAYS - 1; way > 0; way--) {
		set->tags[way] = set->tags[way - 1];
		set->places[way] = set->places[way - 1];
	}
	set->tags[0] = tag;
	set->places[0] = place;
}
