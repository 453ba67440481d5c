/* ringfence's recorder in the kernel: BPF programs on BTF tracepoints.
 *
 * At the end of every system call of a watched process: was this access, by this program, with this result, sent
 * before? If not, the event is put together (names, paths by walking dentries) and sent. Nothing here interprets: which
 * arguments matter is a table that the loader fills, what they mean is decided there as well.
 *
 * The end of a call is enough: x86-64 keeps the arguments in place, the kernel has by then read the names itself, so
 * they are in memory, and descriptors exist. Calls that do not end (exit) and calls after which the registers are
 * others (execve, rt_sigreturn) have tracepoints of their own.
 */
#include "programs.h"
#include "ring.h"

/* Starting is a thread's state; the number of one that is not its process's first is no process's. */
INLINE int is_starter(struct task_struct *task)
{
	struct tracked *state = tracked(number_of_thread(task));
	return state && state->program == TASK_STARTER;
}

/* Attached only while the recorder introduces itself, by a call that nobody else makes: it asks for a secret position in
 * the directory that is the root of its mount of the control groups, or in any other. */
SEC("tp_btf/sys_exit")
int on_introduction(u64 *ctx)
{
	enum { LSEEK = 8 };
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	struct task_struct *task = current_task();
	u32 zero = 0;
	struct host *host = map_lookup(&hosts, &zero);
	struct scratch *s = scratch();
	if (!s || !host || regs->orig_ax != LSEEK || regs->si != introduction)
		return 0;
	host->root = root_of(task);
	struct pid *pid = READ(task, thread_pid);
	u32 level = READ(pid, level) & 31;
	host->pid_level = level;
	host->pid_namespace = (u64)READ(pid, numbers[level].ns);
	struct file *directory = (struct file *)file_of((s32)regs->di);
	if (by_cgroup && directory) {
		struct kernfs_node *node = READ(READ(directory, f_inode), i_private);
		struct cgroup *group = READ(node, priv);
		host->cgroup_base = READ(node, id);
		host->cgroup_base_level = READ(group, level);
		host->cgroup_level = host->cgroup_base_level + cgroup_depth;
	}
	host->mount_namespace = READ(READ(READ(task, nsproxy), mnt_ns), ns.inum);
	return 0;
}

SEC("tp_btf/sys_exit")
int dispatch(u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	struct scratch *s = scratch();
	u64 task = 0;
	u32 program = s ? program_now(s, regs, &task) : TASK_UNTRACKED;
	if (program == TASK_UNTRACKED)
		return 0;
	if (program == TASK_UNKNOWN) {
		TAIL_CALL(ctx, &handlers, HANDLER_IDENTIFY);
		return 0;
	}
	s64 result = ctx[1];
	u32 nr = regs->orig_ax;
	if (nr >= CALLS)
		return 0;
	int compat = is_compat_now(task);
	mark_used(program, nr, compat, result);
	const struct call *call = (const struct call *)&calls[compat ? 1 : 0][nr];
	if (!call->handler || (call->flags & CALL_EXECUTABLE && !(regs->dx & 4)))
		return 0;
	s = begin(program, KIND_CALL);
	if (!s)
		return 0;
	s->call = *call;
	s->event.nr = nr;
	s->event.compat = compat;
	s->event.result = result;
	u64 *args = s->event.args;
	if (compat) {
		args[0] = (u32)regs->bx;
		args[1] = (u32)regs->cx;
		args[2] = (u32)regs->dx;
		args[3] = (u32)regs->si;
		args[4] = (u32)regs->di;
		args[5] = (u32)regs->bp;
	} else {
		args[0] = regs->di;
		args[1] = regs->si;
		args[2] = regs->dx;
		args[3] = regs->r10;
		args[4] = regs->r8;
		args[5] = regs->r9;
	}
	switch (s->call.handler) {
	case HANDLER_PATH: TAIL_CALL(ctx, &handlers, HANDLER_PATH); break;
	case HANDLER_OPEN: TAIL_CALL(ctx, &handlers, HANDLER_OPEN); break;
	case HANDLER_FD: TAIL_CALL(ctx, &handlers, HANDLER_FD); break;
	case HANDLER_PLACE: TAIL_CALL(ctx, &handlers, HANDLER_PLACE); break;
	case HANDLER_ARGS: TAIL_CALL(ctx, &handlers, HANDLER_ARGS); break;
	case HANDLER_ADDRESS: TAIL_CALL(ctx, &handlers, HANDLER_ADDRESS); break;
	case HANDLER_MAP: TAIL_CALL(ctx, &handlers, HANDLER_MAP); break;
	case HANDLER_INDIRECT: TAIL_CALL(ctx, &handlers, HANDLER_INDIRECT); break;
	}
	return 0;
}

SEC("tp_btf/sched_process_fork")
int on_fork(u64 *ctx)
{
	struct task_struct *parent = (struct task_struct *)ctx[0];
	struct task_struct *child = (struct task_struct *)ctx[1];
	if (parent->tgid == child->tgid)
		return 0;
	struct tracked *of_parent = tracked(number_of_process(parent));
	struct tracked *of_child = tracked(number_of_process(child));
	if (!of_parent || !of_child)
		return 0;
	of_child->ended = 0;
	u32 program = is_starter(parent) ? TASK_AT_EXEC : of_parent->program;
	if (program == TASK_UNTRACKED || program == TASK_STARTER)
		return 0;
	of_child->program = program;
	count_alive(1);
	return 0;
}

/* Called by a process that has just become another program: its credentials, name and memory are the new ones. */
SEC("tp_btf/sched_process_exec")
int on_exec(u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct linux_binprm *bprm = (struct linux_binprm *)ctx[2];
	struct tracked *state = tracked(number_of_process(task));
	if (!state)
		return 0;
	u32 before = state->program;
	if (before == TASK_STARTER || (by_cgroup ? !in_cgroup() : before == TASK_UNTRACKED))
		return 0;
	struct scratch *s = begin(0, KIND_PROGRAM);
	if (!s)
		return 0;
	char comm[16];
	read_kernel(comm, sizeof(comm), task->comm);
	u64 file = (u64)READ(bprm, file);
	u64 executable = add_executable(s, file);
	u32 program = slot_of(s, task, executable, comm, 0);
	/* Lost: found out again at the next system call. */
	state->program = program ? program : TASK_UNKNOWN;
	changed();
	if (program)
		started(task, bprm, file, program, before);
	return 0;
}

/* A control group was made: perhaps the one that is recorded, when its service starts (again). Its path is told from the
 * top of the hierarchy, which need not be what the recorder sees of it. */
SEC("tp_btf/cgroup_mkdir")
int on_cgroup(u64 *ctx)
{
	struct cgroup *group = (struct cgroup *)ctx[0];
	struct scratch *s = scratch();
	u32 zero = 0;
	u64 *id = map_lookup(&cgroups, &zero);
	struct host *host = map_lookup(&hosts, &zero);
	if (!by_cgroup || !s || !id || !host || group->root->hierarchy_id != 0 || (u32)group->level != host->cgroup_level)
		return 0;
	struct cgroup *base = READ(group, ancestors[host->cgroup_base_level & 0xffff]);
	struct kernfs_node *node = READ(base, kn);
	if (READ(node, id) != host->cgroup_base)
		return 0;
	long size = read_kernel_str(s->parts, CGROUP_PATH_MAX, (void *)ctx[1]);
	if (size <= cgroup_path_size)
		return 0;
	u32 start = size - 1 - cgroup_path_size;
	for (u32 at = 0; at < CGROUP_PATH_MAX && at < cgroup_path_size; at++) {
		if (s->parts[(start + at) & (CGROUP_PATH_MAX - 1)] != cgroup_path[at])
			return 0;
	}
	*id = group->kn->id;
	changed();
	return 0;
}

/* A process, or a thread, was moved to another control group. */
SEC("tp_btf/cgroup_attach_task")
int on_move(u64 *ctx)
{
	changed();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit(u64 *ctx)
{
	enum { EXIT = 60, EXIT_GROUP = 231, EXIT_32 = 1, EXIT_GROUP_32 = 252 };
	struct task_struct *task = (struct task_struct *)ctx[0];
	u32 program = program_of(task);
	if (program != TASK_UNTRACKED) {
		/* These do not return; a process that was killed has another call there, or none. */
		u32 nr = task_registers(task)->orig_ax;
		int compat = is_compat(task);
		if (compat ? nr == EXIT_32 || nr == EXIT_GROUP_32 : nr == EXIT || nr == EXIT_GROUP)
			mark_used(program, nr, compat, 0);
	}
	if (READ(READ(task, signal), live.counter) == 0) {
		struct tracked *state = tracked(number_of_process(task));
		if (state && state->program) {
			state->program = TASK_UNTRACKED;
			state->ended = 1;
			count_alive(-1);
		}
	}
	/* Another thread may get its stack. */
	changed();
	return 0;
}

/* A signal handler is about to run, and will end with a call that leaves no trace: it restores other registers. */
SEC("tp_btf/signal_deliver")
int on_signal(u64 *ctx)
{
	enum { RT_SIGRETURN = 15, RT_SIGRETURN_32 = 173, SIGRETURN_32 = 119, SA_SIGINFO = 4, TIF_ADDR32 = 29 };
	struct k_sigaction *action = (struct k_sigaction *)ctx[2];
	struct task_struct *task = current_task();
	u32 program = program_of(task);
	if (program == TASK_UNTRACKED || (u64)READ(action, sa.sa_handler) <= 1)
		return 0;
	if (!(task->thread_info.flags & (1UL << TIF_ADDR32)))
		mark_used(program, RT_SIGRETURN, 0, 0);
	else
		mark_used(program, READ(action, sa.sa_flags) & SA_SIGINFO ? RT_SIGRETURN_32 : SIGRETURN_32, 1, 0);
	return 0;
}

/* Linux 6.14 and later. */
SEC("tp_btf/cap_capable")
int on_capability(u64 *ctx)
{
	struct user_namespace *namespace = (struct user_namespace *)ctx[1];
	u32 capability = ctx[3];
	s32 result = ctx[4];
	struct task_struct *task = current_task();
	u32 program = program_of(task);
	if (program == TASK_UNTRACKED || program >= PROGRAMS)
		return 0;
	/* The kernel acts for another, as overlayfs does for who mounted it: the program need not have it. */
	if (ctx[0] != (u64)READ(task, real_cred))
		return 0;
	u32 nr = task_registers(task)->orig_ax;
	int compat = is_compat(task);
	u32 inum = namespace->ns.inum;
	u64 key = mix(mix(mix(seed ^ KIND_CAPABILITY, program | (u64)nr << 32), capability | (u64)compat << 32), inum);
	key = mix(key, (u64)result);
	struct scratch *s = scratch();
	if (!s || is_seen(s, key))
		return 0;
	begin(program, KIND_CAPABILITY);
	s->event.nr = nr;
	s->event.compat = compat;
	s->event.result = result;
	s->event.args[0] = capability;
	s->event.args[1] = inum;
	send_plainly(key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
