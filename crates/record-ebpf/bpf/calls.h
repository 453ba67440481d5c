/* What happens at the end of a system call, by handler. */
#pragma once

#include "task.h"

INLINE int begin_call(u64 *ctx, struct context *c)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	c->result = ctx[1];
	c->task = current_task();
	u32 tgid = c->task->tgid;
	struct tracked *tracked = map_lookup(&tasks, &tgid);
	if (!tracked)
		return 0;
	c->program = tracked->program;
	c->compat = is_compat(c->task);
	c->nr = regs->orig_ax & (CALLS - 1);
	arguments(regs, c->compat, c->args);
	return 1;
}

INLINE struct call call_of(const struct context *c)
{
	u32 nr = c->nr & (CALLS - 1);
	return *(struct call *)&calls[c->compat ? 1 : 0][nr];
}

INLINE s64 outcome(s64 result)
{
	return result < 0 && result >= -4095 ? result : 0;
}

/* What tells this call from others, but for its names. */
INLINE u64 begin_key(const struct context *c, const struct call *call)
{
	u64 key = mix(seed, c->program | (u64)c->nr << 32 | (u64)c->compat << 48);
	key = mix(key, outcome(c->result));
#pragma unroll
	for (int which = 0; which < 6; which++)
		if (call->keys & (1 << which))
			key = mix(key, c->args[which]);
	if ((call->flags & CALL_SMALL_SECOND) && c->args[1] < 0x10000)
		key = mix(key, c->args[1]);
	return key;
}

INLINE struct scratch *begin_event(const struct context *c)
{
	struct scratch *s = begin(c->task, c->program, KIND_CALL);
	if (!s)
		return NULL;
	s->event.nr = c->nr;
	s->event.compat = c->compat;
	s->event.result = c->result;
#pragma unroll
	for (int which = 0; which < 6; which++)
		s->event.args[which] = c->args[which];
	return s;
}

INLINE void dereference(struct context *c, const struct call *call)
{
	if (!(call->flags & CALL_DEREFERENCE))
		return;
	u64 word = 0;
	read_user(&word, sizeof(word), (void *)argument(c->args, call->extra));
	switch (call->extra) {
	case 0: c->args[0] = word; break;
	case 1: c->args[1] = word; break;
	default: c->args[2] = word; break;
	}
}

INLINE s32 directory(const struct context *c, s32 dir)
{
	return dir < 0 ? AT_FDCWD : (s32)argument(c->args, dir);
}

INLINE void finish(struct scratch *s, const struct context *c, u64 key)
{
	if (send(key))
		remember(key);
}

/* One or two names: stat, mkdir, rename, ... */
SEC("tp_btf/sys_exit")
int on_path(u64 *ctx)
{
	struct context c;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	struct scratch *s = begin_event(&c);
	if (!s)
		return 0;
	u64 key = begin_key(&c, &call);
	key = mix(key, name_key(PART_NAME, directory(&c, call.dir), argument(c.args, call.name), FROM_USER));
	/* Attributes of an open file: fstat(2) by another name, which needs no access to a path. */
	if ((call.flags & CALL_STAT) && c.result >= 0 && !((struct part *)s->parts)->size)
		return 0;
	if (call.name2 >= 0 && !(call.flags & CALL_STAT))
		key = mix(key, name_key(PART_NAME2, directory(&c, call.dir2), argument(c.args, call.name2), FROM_USER));
	if (is_seen(key))
		return 0;
	if ((call.flags & CALL_STAT) && c.result >= 0) {
		u16 mode = 0;
		read_user(&mode, sizeof(mode), (void *)(argument(c.args, call.extra) + call.dir2));
		s->event.args[5] = mode;
	}
	add_bases(s);
	finish(s, &c, key);
	return 0;
}

/* A name, and on success a descriptor. */
SEC("tp_btf/sys_exit")
int on_open(u64 *ctx)
{
	struct context c;
	struct place path = {};
	u64 file = 0;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	dereference(&c, &call);
	struct scratch *s = begin_event(&c);
	if (!s)
		return 0;
	u64 key = begin_key(&c, &call);
	if (call.name >= 0)
		key = mix(key, name_key(PART_NAME, directory(&c, call.dir), argument(c.args, call.name), FROM_USER));
	if (c.result >= 0) {
		file = file_of(c.task, c.result);
		path = place_of_file(file);
		/* The name is in the key as well, so these tell enough. */
		key = mix(mix(key, path.mount), path.dentry);
	}
	if (is_seen(key))
		return 0;
	add_bases(s);
	if (path.dentry)
		add_path(PART_FILE, path.mount, path.dentry, READ((struct file *)file, f_mode));
	finish(s, &c, key);
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
	struct context c;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	u64 file = file_of(c.task, (s32)argument(c.args, call.extra));
	struct place path = place_of_file(file);
	u64 key = place_key(begin_key(&c, &call), &path);
	if (is_seen(key))
		return 0;
	struct scratch *s = begin_event(&c);
	if (!s)
		return 0;
	if (path.dentry) {
		s->event.args[5] = namespace_kind(path.dentry);
		add_path(PART_FILE, path.mount, path.dentry, READ((struct file *)file, f_mode));
	}
	finish(s, &c, key);
	return 0;
}

/* chdir, fchdir, chroot: where the process is now. */
SEC("tp_btf/sys_exit")
int on_place(u64 *ctx)
{
	struct context c;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	struct scratch *s = begin_event(&c);
	if (!s)
		return 0;
	u64 key = begin_key(&c, &call);
	if (call.name >= 0)
		key = mix(key, name_key(PART_NAME, directory(&c, call.dir), argument(c.args, call.name), FROM_USER));
	struct fs_struct *fs = c.task->fs;
	struct place place = place_of(s, &fs->pwd);
	if (call.flags & CALL_PLACE_ROOT)
		place = place_of(s, &fs->root);
	if (c.result >= 0)
		key = place_key(key, &place);
	if (is_seen(key))
		return 0;
	if (c.result >= 0)
		add_path(PART_FILE, place.mount, place.dentry, 0);
	else
		add_bases(s);
	finish(s, &c, key);
	return 0;
}

INLINE void change_user(struct task_struct *task, u32 program);

/* Arguments that are numbers. */
SEC("tp_btf/sys_exit")
int on_args(u64 *ctx)
{
	struct context c;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	dereference(&c, &call);
	u64 key = begin_key(&c, &call);
	if (!is_seen(key)) {
		struct scratch *s = begin_event(&c);
		if (s)
			finish(s, &c, key);
	}
	if ((call.flags & CALL_IDENTITY) && c.result >= 0)
		change_user(c.task, c.program);
	return 0;
}

/* Memory that becomes executable: mmap of a file or of nothing, mprotect. */
SEC("tp_btf/sys_exit")
int on_map(u64 *ctx)
{
	enum { MAP_ANONYMOUS = 0x20 };
	struct context c;
	struct place path = {};
	u64 file = 0;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	if (call.extra >= 0 && !(c.args[3] & MAP_ANONYMOUS)) {
		file = file_of(c.task, (s32)c.args[4]);
		path = place_of_file(file);
	}
	u64 key = place_key(begin_key(&c, &call), &path);
	if (is_seen(key))
		return 0;
	struct scratch *s = begin_event(&c);
	if (!s)
		return 0;
	if (path.dentry)
		add_path(PART_FILE, path.mount, path.dentry, READ((struct file *)file, f_mode));
	finish(s, &c, key);
	return 0;
}

enum { AF_UNIX = 1, ADDRESS_MAX = 128 };

/* Sends an event with a socket address, and the working directory when the address is a relative path. */
INLINE void address(struct context *c, u64 key, u64 user, u32 size)
{
	if (!user || size < 2)
		return;
	if (size > ADDRESS_MAX)
		size = ADDRESS_MAX;
	struct scratch *s = begin_event(c);
	if (!s)
		return;
	OPAQUE(size);
	size &= 0xff;
	if (size > ADDRESS_MAX)
		return;
	if (read_user(&s->parts[sizeof(struct part)], size, (void *)user))
		return;
	end_part(s, 0, PART_ADDRESS, size);
	key = mix(key, hash_bytes(sizeof(struct part), size, seed));
	u16 family = *(u16 *)&s->parts[sizeof(struct part)];
	u8 first = s->parts[sizeof(struct part) + 2];
	if (family == AF_UNIX && size > 2 && first) {
		if (first == '/')
			key = mix(key, number(s, c->task->fs->root.dentry));
		else
			key = mix(key, base_of(s, c->task, AT_FDCWD, &s->bases[0]));
	}
	if (is_seen(key))
		return;
	add_bases(s);
	finish(s, c, key);
}

INLINE void message(struct context *c, u64 key, u64 user)
{
	u64 header[2] = {};
	if (read_user(header, c->compat ? 8 : 16, (void *)user))
		return;
	if (c->compat)
		address(c, key, (u32)header[0], header[0] >> 32);
	else
		address(c, key, header[0], header[1]);
}

/* bind, connect, sendto, sendmsg. */
SEC("tp_btf/sys_exit")
int on_address(u64 *ctx)
{
	struct context c;
	if (!begin_call(ctx, &c))
		return 0;
	struct call call = call_of(&c);
	u64 key = begin_key(&c, &call);
	if (call.flags & CALL_MESSAGE)
		message(&c, key, c.args[1]);
	else if (call.extra == 1)
		address(&c, key, c.args[1], c.args[2]);
	else
		address(&c, key, c.args[4], c.args[5]);
	return 0;
}

/* i386's socketcall(2): the arguments lie in memory. The event carries the number of the call that it stands for. */
SEC("tp_btf/sys_exit")
int on_socketcall(u64 *ctx)
{
	struct context c;
	u32 words[6] = {};
	if (!begin_call(ctx, &c))
		return 0;
	u32 which = c.args[0];
	c.nr = which == 1 ? 359 : which == 2 ? 361 : which == 3 ? 362 : which == 8 ? 360 : which == 11 ? 369 : which == 16 ? 370 : 0;
	if (!c.nr)
		return 0;
	u32 size = which == 2 || which == 3 || which == 1 || which == 16 ? 12 : which == 8 ? 16 : 24;
	if (size > sizeof(words) || read_user(words, size, (void *)c.args[1]))
		return 0;
#pragma unroll
	for (int at = 0; at < 6; at++)
		c.args[at] = words[at];
	struct call call = call_of(&c);
	u64 key = begin_key(&c, &call);
	if (which == 16) {
		message(&c, key, c.args[1]);
	} else if (which == 2 || which == 3) {
		address(&c, key, c.args[1], c.args[2]);
	} else if (which == 11) {
		address(&c, key, c.args[4], c.args[5]);
	} else if (!is_seen(key)) {
		struct scratch *s = begin_event(&c);
		if (s)
			finish(s, &c, key);
	}
	return 0;
}
