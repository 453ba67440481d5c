/* Which program a process runs: a slot for each (executable, name, user). */
#pragma once

#include "calls.h"

enum { CROWDED = PROGRAMS - 1 };

/* The slot of a program, made and announced when it is new. The scratch area holds the event so far, with the path of
 * the executable when it is known. 0 when the announcement was lost. */
INLINE u32 slot_of(struct scratch *s, struct task_struct *task, u64 executable, const char comm[16], u32 from)
{
	const struct cred *cred = READ(task, cred);
	u32 uid = READ(cred, euid.val);
	u64 key = mix(mix(mix(executable, *(u64 *)&comm[0]), *(u64 *)&comm[8]), uid);
	u32 *known = map_lookup(&programs, &key);
	if (known)
		return *known;
	u32 zero = 0;
	u32 *next = map_lookup(&next_program, &zero);
	if (!next)
		return 0;
	u32 slot = __sync_fetch_and_add(next, 1) + 1;
	if (slot >= CROWDED) {
		__sync_fetch_and_add(next, -1);
		count(COUNT_CROWDED);
		slot = CROWDED;
	}
	struct program *row = map_lookup(&program_rows, &slot);
	if (!row)
		return 0;
	row->executable = executable;
	__builtin_memcpy(row->comm, comm, 16);
	s->event.program = slot;
	s->event.args[0] = *(u64 *)&comm[0];
	s->event.args[1] = *(u64 *)&comm[8];
	s->event.args[2] = uid;
	s->event.args[3] = from;
	if (!send_plainly(key))
		return 0;
	map_update(&programs, &key, &slot, 0);
	return slot;
}

/* Appends the path of an executable and returns its hash. */
INLINE u64 add_executable(struct scratch *s, u64 file)
{
	u32 at = s->used & (PARTS_LIMIT - 1) & ~7U;
	struct place place = place_of_file(file);
	if (!place.dentry)
		return 0;
	add_path(PART_FILE, place.mount, place.dentry, 0);
	u32 size = s->used - at;
	return hash_bytes(at + sizeof(struct part) + sizeof(struct walked), size - sizeof(struct part) - sizeof(struct walked),
			  mix(seed, *(u32 *)&s->parts[at + sizeof(struct part) + 8]));
}

/* A process of which only is known that it is watched: finds its program, then goes on with the call. */
SEC("tp_btf/sys_exit")
int on_unknown(u64 *ctx)
{
	struct task_struct *task = current_task();
	char comm[16];
	struct scratch *s = begin(0, KIND_PROGRAM);
	if (!s)
		return 0;
	struct mm_struct *mm = READ(task, mm);
	u64 executable = mm ? add_executable(s, (u64)READ(mm, exe_file)) : 0;
	read_kernel(comm, sizeof(comm), READ(task, group_leader)->comm);
	u32 slot = slot_of(s, task, executable, comm, 0);
	if (!slot)
		return 0;
	set_program(task, slot);
	TAIL_CALL(ctx, &handlers, 0);
	return 0;
}

/* setuid and its kin: who the program is has changed, what it runs has not. */
INLINE void change_user(struct task_struct *task, u32 program)
{
	struct program *row = map_lookup(&program_rows, &program);
	if (!row)
		return;
	struct scratch *s = begin(0, KIND_PROGRAM);
	if (!s)
		return;
	u32 slot = slot_of(s, task, row->executable, row->comm, program);
	if (slot)
		set_program(task, slot);
}

/* find_vma's callback: appends the path of the file that is mapped there. */
CALLBACK long add_loader(struct task_struct *task, struct vm_area_struct *vma, void *unused)
{
	struct scratch *s = scratch();
	if (!s)
		return 0;
	struct place place = place_of_file((u64)READ(vma, vm_file));
	if (place.dentry)
		add_path(PART_LOADER, place.mount, place.dentry, 0);
	return 0;
}

/* Sends what a process has just started to execute: what was asked for, by which interpreter, through which loader. */
INLINE void started(struct task_struct *task, struct linux_binprm *bprm, u64 file, u32 program, u32 before)
{
	struct scratch *s = begin(program, KIND_EXEC);
	if (!s)
		return;
	s->event.args[0] = before;
	const struct cred *cred = READ(task, cred);
	s->event.args[1] = READ(cred, gid.val);
	s->event.args[2] = READ(cred, egid.val);
	/* Of an ordinary user's capabilities only the ambient ones outlive an execution; the others came with the file. */
	u64 permitted = 0, ambient = 0;
	read_kernel(&permitted, sizeof(permitted), &cred->cap_permitted);
	read_kernel(&ambient, sizeof(ambient), &cred->cap_ambient);
	s->event.args[3] = permitted & ~ambient;
	u64 name = (u64)READ(bprm, filename), interpreter = (u64)READ(bprm, interp);
	u64 key = mix(mix(seed ^ KIND_EXEC, program), before);
	key = mix(key, name_key(PART_NAME, AT_FDCWD, name, FROM_KERNEL));
	if (interpreter != name)
		key = mix(key, add_name(s, PART_INTERPRETER, interpreter, FROM_KERNEL));
	struct place executable = place_of_file(file);
	key = place_key(key, &executable);
	if (is_seen(s, key))
		return;
	s->file = executable;
	s->file_mode = 0;
	/* The process is about to run at the loader's first instruction, or at its own when it has no loader. */
	find_vma(task, task_registers(task)->ip, add_loader, NULL, 0);
	send_with_paths(s, key);
}
