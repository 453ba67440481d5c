/* io_uring: requests are not system calls. What they name is still there when they are submitted, how they ended is
 * known when they complete; the loader joins the two by the key. */
#pragma once

#include "programs.h"

enum {
	RING_OPENAT = 18,
	RING_STATX = 21,
	RING_OPENAT2 = 28,
	RING_RENAMEAT = 35,
	RING_UNLINKAT = 36,
	RING_MKDIRAT = 37,
	RING_SYMLINKAT = 38,
	RING_LINKAT = 39,
	RING_SOCKET = 45,
};

struct request {
	u64 name;  /* struct filename */
	u64 name2;
	s32 dir;
	s32 dir2;
	u64 args[3];
};

/* Each kind of request lays its own structure over the start of the request. */
#define FIELD(type, field) READ((struct type *)address, field)

INLINE void read_request(u8 operation, u64 address, struct request *r)
{
	switch (operation) {
	case RING_OPENAT:
	case RING_OPENAT2:
		r->name = (u64)FIELD(io_open, filename);
		r->dir = FIELD(io_open, dfd);
		r->args[0] = FIELD(io_open, how.flags);
		break;
	case RING_STATX:
		r->name = (u64)FIELD(io_statx, filename);
		r->dir = FIELD(io_statx, dfd);
		r->args[0] = FIELD(io_statx, flags);
		break;
	case RING_UNLINKAT:
		r->name = (u64)FIELD(io_unlink, filename);
		r->dir = FIELD(io_unlink, dfd);
		r->args[0] = FIELD(io_unlink, flags);
		break;
	case RING_MKDIRAT:
		r->name = (u64)FIELD(io_mkdir, filename);
		r->dir = FIELD(io_mkdir, dfd);
		r->args[0] = FIELD(io_mkdir, mode);
		break;
	case RING_RENAMEAT:
		r->name = (u64)FIELD(io_rename, oldpath);
		r->dir = FIELD(io_rename, old_dfd);
		r->name2 = (u64)FIELD(io_rename, newpath);
		r->dir2 = FIELD(io_rename, new_dfd);
		r->args[0] = FIELD(io_rename, flags);
		break;
	case RING_LINKAT:
	case RING_SYMLINKAT:
		r->name = (u64)FIELD(io_link, oldpath);
		r->dir = FIELD(io_link, old_dfd);
		r->name2 = (u64)FIELD(io_link, newpath);
		r->dir2 = FIELD(io_link, new_dfd);
		r->args[0] = FIELD(io_link, flags);
		break;
	case RING_SOCKET:
		r->args[0] = FIELD(io_socket, domain);
		r->args[1] = FIELD(io_socket, type);
		r->args[2] = FIELD(io_socket, protocol);
		break;
	}
}

INLINE u64 request_name(u16 kind, u64 filename, s32 dir)
{
	return filename ? name_key(kind, dir, (u64)READ((struct filename *)filename, name), FROM_KERNEL) : 0;
}

/* Linux 6.4 and later. */
SEC("tp_btf/io_uring_submit_req")
int on_ring_submit(u64 *ctx)
{
	struct io_kiocb *io = (struct io_kiocb *)ctx[0];
	struct task_struct *task = current_task();
	u32 program = program_of(task);
	if (program == TASK_UNTRACKED || program >= PROGRAMS)
		return 0;
	u8 operation = io->opcode;
	struct scratch *s = begin(program, KIND_RING_SUBMIT);
	if (!s)
		return 0;
	u64 address = number(s, io);
	struct request r = {};
	if (operation < 64 && ring_operations & (1ULL << operation))
		read_request(operation, address, &r);
	s->event.nr = operation;
	u64 key = mix(mix(seed ^ KIND_RING_SUBMIT, program), operation);
#pragma unroll
	for (int which = 0; which < 3; which++) {
		s->event.args[which] = r.args[which];
		key = mix(key, r.args[which]);
	}
	key = mix(key, request_name(PART_NAME, r.name, r.dir));
	key = mix(key, request_name(PART_NAME2, r.name2, r.dir2));
	if (operation < 64 && ring_operations & (1ULL << operation))
		map_update(&requests, &address, &key, 0);
	if (is_seen(s, key))
		return 0;
	send_with_paths(s, key);
	return 0;
}

INLINE int ring_complete(u64 address, s32 result)
{
	u64 *submitted = map_lookup(&requests, &address);
	if (!submitted)
		return 0;
	u64 key = *submitted;
	map_delete(&requests, &address);
	struct io_kiocb *io = (struct io_kiocb *)address;
	u8 operation = READ(io, opcode);
	struct scratch *s = begin(0, KIND_RING_COMPLETE);
	if (!s)
		return 0;
	s->event.args[0] = key;
	s->event.nr = operation;
	s->event.result = result;
	key = mix(key, outcome(result) ^ KIND_RING_COMPLETE);
	if (result >= 0 && (operation == RING_OPENAT || operation == RING_OPENAT2)) {
		reach(s, file_of(result));
		key = place_key(key, &s->file);
	}
	if (!is_seen(s, key))
		send_with_paths(s, key);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int on_ring_complete(u64 *ctx)
{
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)ctx[2];
	return ring_complete(ctx[1], READ(cqe, res));
}

/* On older kernels the result was an argument of its own. */
SEC("tp_btf/io_uring_complete")
int on_ring_complete_old(u64 *ctx)
{
	return ring_complete(ctx[1], (s32)ctx[3]);
}
