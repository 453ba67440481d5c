/* Which processes are watched, and what the current system call is. */
#pragma once

#include "parts.h"

enum { TS_COMPAT = 2, AT_FDCWD = -100 };

INLINE int in_cgroup(void)
{
	u32 zero = 0;
	u64 *id = map_lookup(&cgroups, &zero);
	struct host *host = map_lookup(&hosts, &zero);
	return id && host && *id && current_ancestor_cgroup_id(host->cgroup_level) == *id;
}

/* A process's number in the recorder's PID namespace; 0 when it has none. */
SUBPROGRAM u32 number_in_namespace(u64 process)
{
	u32 zero = 0;
	struct pid *pid = (struct pid *)process;
	struct host *host = map_lookup(&hosts, &zero);
	if (!host)
		return 0;
	u32 level = host->pid_level & 31;
	if (READ(pid, level) < level || (u64)READ(pid, numbers[level].ns) != host->pid_namespace)
		return 0;
	return READ(pid, numbers[level].nr);
}

INLINE u32 number_of_process(struct task_struct *task)
{
	return in_namespace ? number_in_namespace((u64)READ(task->group_leader, thread_pid)) : (u32)task->tgid;
}

INLINE u32 number_of_parent(struct task_struct *task)
{
	struct task_struct *parent = READ(task, real_parent);
	return in_namespace ? number_in_namespace((u64)READ(READ(parent, group_leader), thread_pid)) : (u32)READ(parent, tgid);
}

INLINE u32 number_of_thread(struct task_struct *task)
{
	return in_namespace ? number_in_namespace((u64)READ(task, thread_pid)) : (u32)task->pid;
}

INLINE struct tracked *tracked(u32 number)
{
	return number ? map_lookup(&tasks, &number) : NULL;
}

/* The slot of the program that the current process runs; TASK_UNTRACKED when it is not watched (yet). */
INLINE u32 program_of(struct task_struct *task)
{
	struct tracked *state = tracked(number_of_process(task));
	if (!state)
		return TASK_UNTRACKED;
	u32 program = state->program;
	if (by_cgroup) {
		if (!in_cgroup())
			return TASK_UNTRACKED;
		return program ? program : TASK_UNKNOWN;
	}
	return program == TASK_AT_EXEC || program == TASK_STARTER ? TASK_UNTRACKED : program;
}

INLINE void set_program(struct task_struct *task, u32 program)
{
	struct tracked *state = tracked(number_of_process(task));
	if (state)
		state->program = program;
	changed();
}

/* The same as program_of(), for the current thread, whose registers are given; and its task as a number. */
INLINE u32 program_now(struct scratch *s, struct pt_regs *registers, u64 *task)
{
	u32 here = CHANGES_HERE, outside = CHANGES_OUTSIDE;
	volatile u32 *changes_here = map_lookup(&changes, &here), *changes_outside = map_lookup(&changes, &outside);
	u64 place = number(s, registers);
	u32 index = place * 0x9e3779b97f4a7c15ULL >> (64 - THREAD_BITS);
	volatile struct thread *known = map_lookup(&threads, &index);
	if (!changes_here || !changes_outside || !known)
		return TASK_UNTRACKED;
	u32 now = *changes_here + *changes_outside;
	u64 state = known->state;
	*task = known->task;
	if ((known->check ^ state ^ *task) == place && state >> 32 == now)
		return state;
	struct task_struct *current = current_task();
	u32 program = program_of(current);
	*task = number(s, current);
	if (program == TASK_UNKNOWN)
		return program;
	state = program | (u64)now << 32;
	known->state = state;
	known->task = *task;
	known->check = place ^ state ^ *task;
	return program;
}

INLINE int is_compat(struct task_struct *task)
{
	return (task->thread_info.status & TS_COMPAT) != 0;
}

/* Of the current task, as a number. */
INLINE int is_compat_now(u64 task)
{
	if (can_cast)
		return (READ((struct task_struct *)task, thread_info.status) & TS_COMPAT) != 0;
	return is_compat(current_task());
}

INLINE void mark_used(u32 program, u32 nr, int compat, s64 result)
{
	if (program >= PROGRAMS)
		return;
	struct calls_used *row = map_lookup(&used, &program);
	if (!row)
		return;
	u8 how = result >= 0 || result < -4095 ? 1 : result == -38 ? 4 : 2;
	u32 index = (nr & (CALLS - 1)) + (compat ? CALLS : 0);
	u8 before = row->by_number[index & (2 * CALLS - 1)];
	if (!(before & how))
		row->by_number[index & (2 * CALLS - 1)] = before | how;
}

/* Starts an event. */
INLINE struct scratch *begin(u32 program, u16 kind)
{
	struct scratch *s = scratch();
	if (!s)
		return NULL;
	s->used = 0;
	s->bases[0].dentry = s->bases[1].dentry = s->file.dentry = 0;
	struct event *e = &s->event;
	e->kind = kind;
	e->program = program;
	e->parts_cut = 0;
	e->compat = 0;
	e->nr = 0;
	e->result = 0;
	return s;
}

/* Says who acts and sends the event; remembers its key. Enough for what has no paths. */
SUBPROGRAM int send_plainly(u64 key)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch();
	if (!s)
		return 0;
	struct event *e = &s->event;
	struct pid *pid = READ(task, thread_pid);
	e->key = key;
	e->root = ROOT_NOT_TOLD;
	e->tgid = number_of_process(task);
	e->inner_tid = READ(pid, numbers[READ(pid, level) & 31].nr);
	pid = READ(READ(task, group_leader), thread_pid);
	e->inner_tgid = READ(pid, numbers[READ(pid, level) & 31].nr);
	e->parent = number_of_parent(task);
	if (!send_and_wake(s, 0))
		return 0;
	remember(key);
	return 1;
}

/* Adds what only an event that is sent needs, sends it and remembers its key. The first event from another root or mount namespace than the
 * host's says where that root is. */
SUBPROGRAM int send(u64 key)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch();
	u32 zero = 0;
	struct host *host = map_lookup(&hosts, &zero);
	if (!s || !host)
		return 0;
	struct event *e = &s->event;
	struct place root = root_of(task);
	struct pid *pid = READ(task, thread_pid);
	e->key = key;
	e->tgid = number_of_process(task);
	e->inner_tid = READ(pid, numbers[READ(pid, level) & 31].nr);
	pid = READ(READ(task, group_leader), thread_pid);
	e->inner_tgid = READ(pid, numbers[READ(pid, level) & 31].nr);
	e->parent = number_of_parent(task);
	e->mount_namespace = READ(READ(READ(task, nsproxy), mnt_ns), ns.inum);
	e->root = mix(mix(mix(seed, root.dentry), root.mount), e->mount_namespace);
	int elsewhere = root.dentry != host->root.dentry || root.mount != host->root.mount ||
			e->mount_namespace != host->mount_namespace;
	if (!elsewhere)
		e->root = ROOT_OF_HOST;
	int first = elsewhere && !is_seen(s, e->root);
	if (first)
		add_path(PART_ROOT, root.mount, root.dentry, 0);
	if (!send_and_wake(s, first))
		return 0;
	remember(key);
	if (first)
		remember(e->root);
	return 1;
}

struct pointer {
	u64 to;
};

/* The file behind a descriptor of the current process, as a number; 0 when there is none. */
INLINE u64 file_now(s32 fd)
{
	struct task_struct *task = current_task();
	struct files_struct *files = FOLLOW(task, files);
	struct fdtable *table = FOLLOW(files, fdt);
	if (fd < 0 || (u32)fd >= FOLLOW(table, max_fds))
		return 0;
	return READ((struct pointer *)((u64)FOLLOW(table, fd) + (u64)fd * 8), to);
}

/* The same where it is not done at every call. */
SUBPROGRAM u64 file_of(s32 fd)
{
	struct task_struct *task = current_task();
	struct fdtable *table = READ(READ(task, files), fdt);
	if (fd < 0 || (u32)fd >= READ(table, max_fds))
		return 0;
	return READ((struct pointer *)((u64)READ(table, fd) + (u64)fd * 8), to);
}

INLINE struct place place_of_file(u64 file)
{
	return file ? place_at(&((struct file *)file)->f_path) : (struct place){};
}

/* Tells a file from others, also from one that had its dentry before. */
INLINE u64 place_key(u64 key, const struct place *place)
{
	key = mix(mix(key, place->mount), place->dentry);
	return place->dentry ? mix(key, READ((struct dentry *)place->dentry, d_name.hash)) : key;
}

enum base { FIRST_BASE, SECOND_BASE, ROOT_BASE };

/* Where a name starts. Tells apart directories that were renamed, as far as eight levels up. The root is not kept: an
 * absolute name says enough. */
INLINE u64 base_now(s32 fd, u32 which)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch();
	if (!s)
		return 0;
	struct place *base = which == SECOND_BASE ? &s->bases[1] : &s->bases[0];
	if (fd == AT_FDCWD || which == ROOT_BASE) {
		struct fs_struct *fs = FOLLOW(task, fs);
		if (which == ROOT_BASE) {
			struct place root = place_of(s, &fs->root);
			return mix(mix(seed, root.dentry), root.mount);
		}
		*base = place_of(s, &fs->pwd);
		u64 key = mix(seed, base->mount);
		struct dentry *dentry = FOLLOW(fs, pwd.dentry);
		for (int level = 0; level < 8; level++) {
			key = mix(key, number_of_followed(s, dentry) ^ FOLLOW(dentry, d_name.hash));
			struct dentry *parent = FOLLOW(dentry, d_parent);
			if (parent == dentry)
				break;
			dentry = parent;
		}
		return key;
	}
	*base = place_of_file(file_of(fd));
	u64 key = place_key(seed, base);
	return base->dentry ? mix(key, (u64)READ((struct dentry *)base->dentry, d_parent)) : key;
}

SUBPROGRAM u64 base_of(s32 fd, u32 which)
{
	return base_now(fd, which);
}

/* The first words of `/proc/self/fd/` and of `/dev/fd/`, and what follows the first: in the byte order of this machine. */
#define PROC_SE 0x65732f636f72702fULL
#define LF_FD 0x2f64662f666cULL
#define DEV_FD 0x2f64662f7665642fULL

/* The number of a descriptor of the process's own that the name at `at`, a multiple of 8, leads through; -1 if none. */
INLINE s32 descriptor_in(struct scratch *s, u32 at)
{
	u64 first = word_at(s, at / 8);
	if (first == PROC_SE && (word_at(s, at / 8 + 1) & 0xffffffffffffULL) == LF_FD)
		at += 14;
	else if (first == DEV_FD)
		at += 8;
	else
		return -1;
	s32 fd = -1;
	for (int digit = 0; digit < 8; digit++) {
		u32 next = at + digit;
		OPAQUE(next);
		next &= 0x7fff;
		u8 byte = next < PARTS_ROOM ? s->parts[next] : 0;
		if (byte < '0' || byte > '9')
			return byte == 0 || byte == '/' ? fd : -1;
		fd = (fd < 0 ? 0 : fd * 10) + (byte - '0');
	}
	return -1;
}

/* A name that leads through a descriptor starts where that leads: it may be another file's by the time that the event is
 * read. */
SUBPROGRAM u64 descriptor_base(u32 at, u32 which)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	struct place *base = which == SECOND_BASE ? &s->bases[1] : &s->bases[0];
	s32 fd = descriptor_in(s, at);
	if (fd < 0)
		return 0;
	*base = place_of_file(file_of(fd));
	return place_key(seed, base);
}

/* Appends a name, notes where it starts from, and returns what tells it from others. 0 is no name. */
INLINE u64 name_now(u32 kind, s32 fd, u64 name, u32 from)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	u32 at = s->used + sizeof(struct part);
	u64 key = name ? add_name(s, kind, name, from) : 0;
	OPAQUE(at);
	at &= 0x7fff;
	u32 which = kind == PART_NAME2 ? SECOND_BASE : FIRST_BASE;
	if (key && at < PARTS_ROOM && s->parts[at] == '/') {
		u64 first = word_at(s, at / 8);
		if (first == PROC_SE || first == DEV_FD)
			key = mix(key, descriptor_base(at, which));
		which = ROOT_BASE;
	}
	return mix(key, base_now(fd, which));
}

SUBPROGRAM u64 name_key(u32 kind, s32 fd, u64 name, u32 from)
{
	return name_now(kind, fd, name, from);
}

/* Appends where the names start from and what was reached, and sends the event. */
INLINE int send_with_paths(struct scratch *s, u64 key)
{
	if (s->bases[0].dentry)
		add_path(PART_BASE, s->bases[0].mount, s->bases[0].dentry, 0);
	if (s->bases[1].dentry)
		add_path(PART_BASE2, s->bases[1].mount, s->bases[1].dentry, 0);
	if (s->file.dentry)
		add_path(PART_FILE, s->file.mount, s->file.dentry, s->file_mode);
	return send(key);
}
