/* Building an event's parts in the scratch area: names from the process, paths from the kernel's dentries. */
#pragma once

#include "maps.h"

/* A kernel pointer as a number to compute with, which the verifier only allows of what comes out of memory. */
INLINE u64 number(struct scratch *s, const void *pointer)
{
	volatile u64 *memory = &s->pointer;
	*memory = (u64)pointer;
	return *memory;
}

/* The same of a pointer that was followed, and may be a number already. */
INLINE u64 number_of_followed(struct scratch *s, const void *pointer)
{
	return can_cast ? (u64)pointer : number(s, pointer);
}

INLINE struct place place_of(struct scratch *s, const struct path *path)
{
	return (struct place){ number_of_followed(s, FOLLOW(path, mnt)), number_of_followed(s, FOLLOW(path, dentry)) };
}

INLINE struct place place_at(const struct path *path)
{
	return (struct place){ (u64)READ(path, mnt), (u64)READ(path, dentry) };
}

INLINE struct place root_of(struct task_struct *task)
{
	return place_at(&READ(task, fs)->root);
}

INLINE struct place working_directory_of(struct task_struct *task)
{
	return place_at(&READ(task, fs)->pwd);
}

/* Where the next part may start, if there is room for one; else -1. */
INLINE s32 next_part(struct scratch *s)
{
	u32 at = s->used;
	if (at >= PARTS_LIMIT) {
		s->event.parts_cut = 1;
		return -1;
	}
	return at & (PARTS_LIMIT - 1) & ~7U;
}

INLINE void end_part(struct scratch *s, u32 at, u16 kind, u32 size)
{
	at &= (PARTS_LIMIT - 1) & ~7U;
	struct part *part = (struct part *)&s->parts[at];
	part->kind = kind;
	part->size = size;
	part->unused = 0;
	s->used = (at + sizeof(*part) + size + 7) & ~7U;
}

INLINE u64 word_at(struct scratch *s, u32 index)
{
	OPAQUE(index);
	index &= 0xfff;
	return index < PARTS_ROOM / 8 ? s->words[index] : 0;
}

/* The verifier follows a loop in the program round by round, a callback once: short names go fast, long ones verify. */
enum { SHORT_NAME = 128 };

CALLBACK long hash_word(u32 index, void *unused)
{
	struct scratch *s = scratch();
	if (!s)
		return 1;
	s->walk.hash = mix(s->walk.hash, word_at(s, s->walk.at + index));
	return 0;
}

/* Hashes `size` bytes at `at`, a multiple of 8; never 0. */
INLINE u64 hash_part(struct scratch *s, u32 at, u32 size, u64 hash)
{
	u32 first = at / 8, words = size / 8;
	/* Read back after the loop: what the verifier has learnt by then of the size would make each way out another. */
	volatile u32 *kept = &s->walk.start;
	*kept = size;
	for (u32 word = 0; word < SHORT_NAME / 8; word++) {
		if (word >= words)
			break;
		hash = mix(hash, word_at(s, first + word));
	}
	if (words > SHORT_NAME / 8) {
		s->walk.hash = hash;
		s->walk.at = first + SHORT_NAME / 8;
		loop((words - SHORT_NAME / 8) & (NAME_MAX_BYTES / 8 - 1), hash_word, NULL, 0);
		hash = s->walk.hash;
	}
	/* The bytes after the end are whatever was there before. */
	size = *kept;
	u64 last = word_at(s, first + size / 8) & ((1ULL << (size % 8 * 8)) - 1);
	hash = mix(hash, last ^ ((u64)size << 56));
	return hash | 1;
}

SUBPROGRAM u64 hash_bytes(u32 at, u32 size, u64 hash)
{
	struct scratch *s = scratch();
	return s ? hash_part(s, at, size, hash) : 1;
}

enum name_from { FROM_USER, FROM_KERNEL };

/* Appends a name and returns its hash; 0 when it cannot be read, and then there is no part. */
INLINE u64 add_name(struct scratch *s, u32 kind, u64 name, u32 from)
{
	s32 at = next_part(s);
	if (at < 0)
		return 0;
	u32 start = at;
	void *to = &s->parts[(start & (PARTS_LIMIT - 1)) + sizeof(struct part)];
	long size = from == FROM_KERNEL ? read_kernel_str(to, NAME_MAX_BYTES, (void *)name) :
					  read_user_str(to, NAME_MAX_BYTES, (void *)name);
	if (size <= 0)
		return 0;
	u32 length = (u32)(size - 1) & (NAME_MAX_BYTES - 1);
	end_part(s, start, kind, length);
	return hash_part(s, start + sizeof(struct part), length, seed ^ kind);
}

enum { STEPS = 2048 };

/* Appends the name of one dentry and a slash; whether there was room. */
INLINE int add_component(struct scratch *s, const struct dentry *dentry)
{
	struct walk *w = &s->walk;
	u32 at = w->at;
	if (at - w->start >= NAME_MAX_BYTES - 1) {
		w->flags |= PATH_CUT;
		return 0;
	}
	OPAQUE(at);
	at &= 0x7fff;
	if (at >= PARTS_ROOM - 260)
		return 0;
	const unsigned char *name = READ(dentry, d_name.name);
	long size = read_kernel_str(&s->parts[at], 256, name);
	at += (u32)(size > 0 ? size - 1 : 0) & 0xff;
	OPAQUE(at);
	at &= 0x7fff;
	if (at >= PARTS_ROOM)
		return 0;
	s->parts[at] = '/';
	w->at = at + 1;
	return 1;
}

/* One step towards the process's root: up a directory, or from a mount to where it is mounted. 1 ends the walk. */
CALLBACK long step(u32 index, void *unused)
{
	struct scratch *s = scratch();
	if (!s)
		return 1;
	struct walk *w = &s->walk;
	if (w->dentry == w->root_dentry && w->mount == w->root_mount)
		return 1;
	if (w->dentry == w->mount_root) {
		struct mount *mount = (struct mount *)w->mount;
		u64 parent = (u64)READ(mount, mnt_parent);
		if (!w->crossed) {
			w->crossed = 1;
			w->in_mount = w->at - w->start;
		}
		if (parent == w->mount || !parent) {
			w->flags |= PATH_ABOVE_ROOT;
			return 1;
		}
		w->dentry = (u64)READ(mount, mnt_mountpoint);
		w->mount = parent;
		w->mount_root = (u64)READ((struct mount *)parent, mnt.mnt_root);
		return 0;
	}
	struct dentry *dentry = (struct dentry *)w->dentry;
	u64 parent = (u64)READ(dentry, d_parent);
	int room = add_component(s, dentry);
	if (parent == w->dentry || !parent) {
		/* A file system's root that is not its mount's: renamed out of a bind mount, or a pipe's dentry. */
		w->flags |= PATH_ABOVE_ROOT;
		return 1;
	}
	w->dentry = parent;
	return !room;
}

/* The same up to the file system's root, mounts ignored. */
CALLBACK long step_above(u32 index, void *unused)
{
	struct scratch *s = scratch();
	if (!s)
		return 1;
	struct walk *w = &s->walk;
	struct dentry *dentry = (struct dentry *)w->dentry;
	u64 parent = (u64)READ(dentry, d_parent);
	if (parent == w->dentry || !parent || !add_component(s, dentry))
		return 1;
	w->dentry = parent;
	return 0;
}

INLINE u64 mount_of(u64 vfsmount)
{
	return vfsmount - __builtin_preserve_field_info(((struct mount *)0)->mnt, 0);
}

/* Appends the path of a place as the current process sees it; as its mount namespace has it for PART_ROOT. `file_mode`
 * is of an open file, or 0. */
SUBPROGRAM int add_path(u32 kind, u64 mount, u64 dentry, u32 file_mode)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	s32 at = next_part(s);
	if (at < 0)
		return 0;
	u32 start = at & (PARTS_LIMIT - 1) & ~7U;
	struct place root = root_of(current_task());
	struct walk *w = &s->walk;
	u64 mount_root = (u64)READ((struct vfsmount *)mount, mnt_root);
	w->dentry = dentry;
	w->mount = mount_of(mount);
	w->mount_root = mount_root;
	w->root_dentry = kind == PART_ROOT ? 0 : root.dentry;
	w->root_mount = mount_of(root.mount);
	w->at = w->start = start + sizeof(struct part) + sizeof(struct walked);
	w->in_mount = 0;
	w->flags = 0;
	w->crossed = 0;

	struct dentry *leaf = (struct dentry *)dentry;
	struct inode *inode = READ(leaf, d_inode);
	struct super_block *sb = READ(leaf, d_sb);
	struct walked *walked = (struct walked *)&s->parts[start + sizeof(struct part)];
	walked->device = READ(sb, s_dev);
	walked->rdev = READ(inode, i_rdev);
	walked->mode = READ(inode, i_mode);
	walked->file_mode = file_mode;
	/* d_unhashed(), but for a root, which is never hashed (include/linux/dcache.h). */
	if (!READ(leaf, d_hash.pprev) && (u64)READ(leaf, d_parent) != dentry)
		w->flags |= PATH_DELETED;
	/* No namespace, or MNT_NS_INTERNAL (fs/mount.h). */
	s64 namespace = (s64)READ((struct mount *)w->mount, mnt_ns);
	if (namespace == 0 || namespace == -22)
		w->flags |= PATH_DETACHED;

	if (loop(STEPS, step, NULL, 0) >= STEPS)
		w->flags |= PATH_CUT;
	u32 visible = w->at - w->start;
	walked->in_mount = w->crossed ? w->in_mount : visible;
	walked->visible = visible;
	walked->flags = w->flags;
	if (w->flags & PATH_CUT)
		count(COUNT_CUT);
	/* What follows is what the process does not see of the way to the file system's root. */
	if (w->crossed)
		w->dentry = mount_root;
	loop(STEPS, step_above, NULL, 0);
	walked->above = w->at - w->start - visible;
	end_part(s, start, kind, sizeof(struct walked) + ((w->at - w->start) & 0x3fff));
	return 0;
}

/* Sends what is in the scratch area. A reader is woken only when a quarter is full, or when what it must look at will not
 * be there for long: it looks by itself now and then. */
INLINE int send_and_wake(struct scratch *s, int wake)
{
	enum { NO_WAKEUP = 1, FORCE_WAKEUP = 2 };
	u64 size = s->used;
	OPAQUE(size);
	size &= 0x7fff;
	if (size > PARTS_ROOM)
		return 0;
	u64 flags = wake || ringbuf_query(&events, 0) > ring_size / 4 ? FORCE_WAKEUP : NO_WAKEUP;
	if (ringbuf_output(&events, s, sizeof(struct event) + size, flags)) {
		count(COUNT_LOST);
		return 0;
	}
	count(COUNT_SENT);
	return 1;
}
