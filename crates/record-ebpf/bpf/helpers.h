/* The kernel's BPF helpers and map definitions, by the numbers of include/uapi/linux/bpf.h (a stable interface). */
#pragma once

#include "kernel.h"

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
/* A callback: verified where it is used. */
#define CALLBACK static __attribute__((noinline))
/* Verified once by itself, for any arguments, so that its callers stay simple to verify. */
#define SUBPROGRAM __attribute__((noinline))

/* In the types of a map's fields, as BTF carries them. */
#define UINT(name, value) int(*name)[value]
#define TYPE(name, type) typeof(type) *name

enum {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_PROG_ARRAY = 3,
	MAP_PERCPU_ARRAY = 6,
	MAP_LRU_HASH = 9,
	MAP_RINGBUF = 27,
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
static u64 (*const current_pid_tgid)(void) = (void *)14;
static long (*const tail_call)(void *context, void *map, u32 index) = (void *)12;
static long (*const read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*const read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*const read_user_str)(void *to, u32 size, const void *from) = (void *)114;
static long (*const read_kernel_str)(void *to, u32 size, const void *from) = (void *)115;
static u64 (*const current_ancestor_cgroup_id)(int level) = (void *)123;
static long (*const ringbuf_output)(void *map, void *data, u64 size, u64 flags) = (void *)130;
static u64 (*const ringbuf_query)(void *map, u64 flags) = (void *)134;
static struct task_struct *(*const current_task)(void) = (void *)158;
static struct pt_regs *(*const task_registers)(struct task_struct *task) = (void *)175;
static long (*const find_vma)(struct task_struct *task, u64 address, void *callback, void *context, u64 flags) =
	(void *)180;
static long (*const loop)(u32 times, void *callback, void *context, u64 flags) = (void *)181;

/* Reads a kernel field through a pointer that the verifier does not know as one. The comma takes qualifiers away: a
 * `const` value would be believed to stay zero. */
#define READ(pointer, field)                                                                       \
	({                                                                                         \
		typeof(((void)0, (pointer)->field)) value_ = 0;                                    \
		read_kernel(&value_, sizeof(value_), &(pointer)->field);                           \
		value_;                                                                            \
	})

/* Whether the running kernel has a field. */
#define EXISTS(field) __builtin_preserve_field_info(field, 2)

/* Keeps the compiler from reasoning about a value, so that the bounds check stays where the verifier sees it. */
#define OPAQUE(value) asm volatile("" : "+r"(value))
