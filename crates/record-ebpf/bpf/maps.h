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
	u32 unused;
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct tracked);
	UINT(max_entries, 32768);
} tasks SEC(".maps");

/* The accesses already sent, as set-associative caches of their keys: a small one of shortened keys that stays in the
 * processor's caches, and a large one behind it. What falls out of both is only sent again. */
enum { RECENT_WAYS = 16, RECENT_SETS = 1 << 12, SEEN_WAYS = 8, SEEN_SETS = 1 << 17 };

struct recent_set {
	u32 tags[RECENT_WAYS];
};

struct seen_set {
	u64 keys[SEEN_WAYS];
};

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct recent_set);
	UINT(max_entries, RECENT_SETS);
} recent SEC(".maps");

struct {
	UINT(type, MAP_ARRAY);
	TYPE(key, u32);
	TYPE(value, struct seen_set);
	UINT(max_entries, SEEN_SETS);
} seen SEC(".maps");

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

/* What a recent set keeps of a key; the rest is which set it is. */
INLINE u32 tag_of(u64 key)
{
	u32 tag = key >> 32;
	return tag ? tag : 1;
}

/* All ways are compared before anything is decided: a set comes from far, and a processor that guesses the one answer
 * right goes on meanwhile, where it would guess the way wrong. Only 0 - 1 has the highest bit. */
INLINE int has_recent(const struct recent_set *set, u32 tag)
{
	u64 found = 0;
#pragma unroll
	for (int way = 0; way < RECENT_WAYS; way++)
		found |= (u64)(set->tags[way] ^ tag) - 1;
	return found >> 63;
}

INLINE int has(const struct seen_set *set, u64 key)
{
	return set->keys[0] == key || set->keys[1] == key || set->keys[2] == key || set->keys[3] == key ||
	       set->keys[4] == key || set->keys[5] == key || set->keys[6] == key || set->keys[7] == key;
}

/* The oldest falls out. */
INLINE void put_recent(struct recent_set *set, u32 tag)
{
#pragma unroll
	for (int way = RECENT_WAYS - 1; way > 0; way--)
		set->tags[way] = set->tags[way - 1];
	set->tags[0] = tag;
}

INLINE void put(struct seen_set *set, u64 key)
{
#pragma unroll
	for (int way = SEEN_WAYS - 1; way > 0; way--)
		set->keys[way] = set->keys[way - 1];
	set->keys[0] = key;
}

/* Whether an access was sent before. */
INLINE int is_seen(u64 key)
{
	u32 index = key & (RECENT_SETS - 1);
	struct recent_set *set = map_lookup(&recent, &index);
	if (set && has_recent(set, tag_of(key)))
		return 1;
	index = key & (SEEN_SETS - 1);
	struct seen_set *old = map_lookup(&seen, &index);
	if (!old || !has(old, key))
		return 0;
	if (set)
		put_recent(set, tag_of(key));
	return 1;
}

INLINE void remember(u64 key)
{
	u32 index = key & (RECENT_SETS - 1);
	struct recent_set *recently = map_lookup(&recent, &index);
	if (recently)
		put_recent(recently, tag_of(key));
	index = key & (SEEN_SETS - 1);
	struct seen_set *set = map_lookup(&seen, &index);
	if (set)
		put(set, key);
}
