/* What happens at the end of a system call, by handler. `dispatch` has put the call into the scratch area. */
#pragma once

#include "task.h"

/* An argument; any of six, or garbage for what a call has not. */
INLINE u64 argument(const struct scratch *s, s32 which)
{
	u32 index = which;
	OPAQUE(index);
	index &= 7;
	return index < 6 ? s->event.args[index] : 0;
}

INLINE s32 directory(const struct scratch *s, s32 dir)
{
	return dir < 0 ? AT_FDCWD : (s32)argument(s, dir);
}

INLINE s64 outcome(s64 result)
{
	return result < 0 && result >= -4095 ? result : 0;
}

/* What tells this call from others, but for its names. */
INLINE u64 begin_key(const struct scratch *s)
{
	const struct event *e = &s->event;
	u64 key = mix(seed, e->program | (u64)e->nr << 32 | (u64)e->compat << 48);
	u8 keys = s->call.keys;
	key = mix(key, outcome(e->result));
#pragma unroll
	for (int which = 0; which < 6; which++)
		if (keys & (1 << which))
			key = mix(key, e->args[which]);
	if ((s->call.flags & CALL_SMALL_SECOND) && e->args[1] < 0x10000)
		key = mix(key, e->args[1]);
	return key;
}

/* Sends the event if it is a new one; does not return then. */
INLINE void finish(u64 *ctx, struct scratch *s, u64 key)
{
	if (is_seen(s, key))
		return;
	s->key = key;
	TAIL_CALL(ctx, &handlers, HANDLER_SEND);
}

enum { OPENAT2 = 437, RESOLVE_IN_ROOT = 0x10 };

/* Replaces a pointer among the arguments by the word that it points to. */
INLINE void dereference(struct scratch *s)
{
	if (!(s->call.flags & CALL_DEREFERENCE))
		return;
	u64 word = 0;
	read_user(&word, sizeof(word), (void *)argument(s, s->call.extra));
	u32 index = s->call.extra;
	OPAQUE(index);
	index &= 3;
	/* openat2(2) has four arguments; how it resolves its name is the third word of the structure. */
	if (s->event.nr == OPENAT2) {
		s->event.args[4] = 0;
		read_user(&s->event.args[4], sizeof(word), (void *)(argument(s, s->call.extra) + 16));
	}
	s->event.args[index] = word;
}

INLINE void reach(struct scratch *s, u64 file)
{
	s->file = place_of_file(file);
	s->file_mode = s->file.dentry ? READ((struct file *)file, f_mode) : 0;
}

SEC("tp_btf/sys_exit")
int on_send(u64 *ctx)
{
	struct scratch *s = scratch();
	if (s)
		send_with_paths(s, s->key);
	return 0;
}

/* One or two names: stat, mkdir, rename, ... */
SEC("tp_btf/sys_exit")
int on_path(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	u8 flags = s->call.flags;
	s32 fd = directory(s, s->call.dir);
	u64 user = argument(s, s->call.name);
	/* Attributes of an open file: fstat(2) by another name, which needs no access to a path. */
	if (flags & CALL_STAT && s->event.result >= 0 && fd != AT_FDCWD) {
		u8 first = 0;
		if (user)
			read_user(&first, sizeof(first), (void *)user);
		if (!first)
			return 0;
	}
	u64 name = name_now(PART_NAME, fd, user, FROM_USER);
	u64 key = near(mix(begin_key(s), name), name);
	if (flags & CALL_STAT) {
		if (s->event.result >= 0) {
			/* Nor do those of the working directory. */
			if (!user || !((struct part *)s->parts)->size || is_seen(s, key))
				return 0;
			u16 mode = 0;
			read_user(&mode, sizeof(mode), (void *)(argument(s, s->call.extra) + s->call.dir2));
			s->event.args[5] = mode;
		}
	} else if (s->call.name2 >= 0) {
		key = mix(key, name_key(PART_NAME2, directory(s, s->call.dir2), argument(s, s->call.name2), FROM_USER));
	}
	finish(ctx, s, key);
	return 0;
}

/* A name, and on success a descriptor. */
SEC("tp_btf/sys_exit")
int on_open(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	dereference(s);
	u64 name = 0;
	if (s->call.name >= 0)
		name = name_now(PART_NAME, directory(s, s->call.dir), argument(s, s->call.name), FROM_USER);
	/* An absolute name starts there, too. */
	if (s->event.nr == OPENAT2 && s->event.args[4] & RESOLVE_IN_ROOT)
		name = mix(name, base_of(directory(s, s->call.dir), FIRST_BASE));
	u64 key = near(mix(begin_key(s), name), name);
	if (s->event.result >= 0) {
		u64 file = file_now(s->event.result);
		s->file = place_of_file(file);
		/* The name is in the key as well, so these tell enough. */
		key = near(mix(mix(key, s->file.mount), s->file.dentry), name);
		if (is_seen(s, key))
			return 0;
		s->file_mode = READ((struct file *)file, f_mode);
	}
	finish(ctx, s, key);
	return 0;
}

/* For a descriptor of a namespace: the CLONE_NEW... flag of its kind. */
INLINE u64 namespace_kind(u64 dentry)
{
	enum { NSFS_MAGIC = 0x6e736673 };
	struct super_block *sb = READ((struct dentry *)dentry, d_sb);
	if (READ(sb, s_magic) != NSFS_MAGIC)
		return 0;
	struct inode *inode = READ((struct dentry *)dentry, d_inode);
	struct ns_common *namespace = READ(inode, i_private);
	struct ns_common___typed *typed = (struct ns_common___typed *)namespace;
	if (EXISTS(typed->ns_type))
		return READ(typed, ns_type);
	const struct proc_ns_operations *operations = READ(namespace, ops);
	return (u32)READ(operations, type);
}

/* A descriptor of a file. */
SEC("tp_btf/sys_exit")
int on_fd(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	u64 file = file_of((s32)argument(s, s->call.extra));
	s->file = place_of_file(file);
	u64 key = place_key(begin_key(s), &s->file);
	if (is_seen(s, key))
		return 0;
	if (s->file.dentry) {
		s->file_mode = READ((struct file *)file, f_mode);
		s->event.args[5] = namespace_kind(s->file.dentry);
	}
	finish(ctx, s, key);
	return 0;
}

/* chdir, fchdir, chroot: where the process is now. */
SEC("tp_btf/sys_exit")
int on_place(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	u64 key = begin_key(s);
	if (s->call.name >= 0)
		key = mix(key, name_key(PART_NAME, directory(s, s->call.dir), argument(s, s->call.name), FROM_USER));
	if (s->event.result >= 0) {
		struct task_struct *task = current_task();
		s->file = s->call.flags & CALL_PLACE_ROOT ? root_of(task) : working_directory_of(task);
		s->file_mode = 0;
		/* What a name was relative to is gone by now. */
		s->bases[0].dentry = 0;
		key = place_key(key, &s->file);
	}
	finish(ctx, s, key);
	return 0;
}

INLINE void change_user(struct task_struct *task, u32 program);

/* Arguments that are numbers. */
SEC("tp_btf/sys_exit")
int on_args(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	dereference(s);
	u64 key = begin_key(s);
	if ((s->call.flags & CALL_IDENTITY) && s->event.result >= 0) {
		u32 program = s->event.program;
		if (!is_seen(s, key))
			send_plainly(key);
		change_user(current_task(), program);
		return 0;
	}
	finish(ctx, s, key);
	return 0;
}

/* Memory that becomes executable: mmap of a file or of nothing, mprotect. */
SEC("tp_btf/sys_exit")
int on_map(u64 *ctx)
{
	enum { MAP_ANONYMOUS = 0x20 };
	struct scratch *s = scratch();
	if (!s)
		return 0;
	if (s->call.extra >= 0 && !(s->event.args[3] & MAP_ANONYMOUS))
		reach(s, file_of((s32)s->event.args[4]));
	finish(ctx, s, place_key(begin_key(s), &s->file));
	return 0;
}

enum { AF_UNIX = 1, ADDRESS_MAX = 128 };

/* bind, connect, sendto, sendmsg: a socket address, and the working directory when it is a relative path. */
SEC("tp_btf/sys_exit")
int on_address(u64 *ctx)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	u64 user = argument(s, s->call.extra);
	u32 size = argument(s, s->call.extra + 1);
	if (s->call.flags & CALL_MESSAGE) {
		u64 header[2] = {};
		if (read_user(header, s->event.compat ? 8 : 16, (void *)user))
			return 0;
		user = s->event.compat ? (u32)header[0] : header[0];
		size = s->event.compat ? header[0] >> 32 : header[1];
	}
	if (!user || size < 2)
		return 0;
	if (size > ADDRESS_MAX)
		size = ADDRESS_MAX;
	OPAQUE(size);
	size &= 0xff;
	if (size > ADDRESS_MAX || read_user(&s->parts[sizeof(struct part)], size, (void *)user))
		return 0;
	end_part(s, 0, PART_ADDRESS, size);
	u64 key = mix(begin_key(s), hash_bytes(sizeof(struct part), size, seed));
	u16 family = *(u16 *)&s->parts[sizeof(struct part)];
	u8 first = s->parts[sizeof(struct part) + 2];
	if (family == AF_UNIX && size > 2 && first) {
		struct task_struct *task = current_task();
		if (first == '/')
			key = mix(key, root_of(task).dentry);
		else
			key = mix(key, base_of(AT_FDCWD, FIRST_BASE));
	}
	finish(ctx, s, key);
	return 0;
}

/* i386's socketcall(2), and its first mmap: another call whose arguments lie in memory. */
SEC("tp_btf/sys_exit")
int on_indirect(u64 *ctx)
{
	u32 words[6] = {};
	struct scratch *s = scratch();
	if (!s)
		return 0;
	/* include/uapi/linux/net.h; the numbers of the calls that came later for the same. */
	enum { MMAP = 90, MMAP2 = 192, PROT_EXEC = 4 };
	u32 nr = 0, size = 24;
	u64 address = s->event.args[1];
	if (s->event.nr == MMAP) {
		nr = MMAP2;
		address = s->event.args[0];
	} else switch (s->event.args[0]) {
	case 1: nr = 359, size = 12; break;  /* socket */
	case 2: nr = 361, size = 12; break;  /* bind */
	case 3: nr = 362, size = 12; break;  /* connect */
	case 8: nr = 360, size = 16; break;  /* socketpair */
	case 11: nr = 369; break;            /* sendto */
	case 16: nr = 370, size = 12; break; /* sendmsg */
	case 20: nr = 345, size = 16; break; /* sendmmsg */
	}
	if (!nr || read_user(words, size, (void *)address))
		return 0;
	if (nr == MMAP2 && !(words[2] & PROT_EXEC))
		return 0;
#pragma unroll
	for (int at = 0; at < 6; at++)
		s->event.args[at] = words[at];
	s->event.nr = nr;
	s->call = *(struct call *)&calls[1][nr];
	if (nr == MMAP2)
		TAIL_CALL(ctx, &handlers, HANDLER_MAP);
	else if (nr == 359 || nr == 360)
		TAIL_CALL(ctx, &handlers, HANDLER_ARGS);
	else
		TAIL_CALL(ctx, &handlers, HANDLER_ADDRESS);
	return 0;
}
