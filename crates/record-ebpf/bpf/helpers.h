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

/* Goes on with another program. A constant index that is in sight of the verifier makes it a jump; a compiler that joins
 * two of these would make it one through a pointer, which mitigations make slow. */
#define TAIL_CALL(context, map, index)                                                             \
	asm volatile("r1 = %[c]\n\tr2 = %[m]\n\tr3 = %[i]\n\tcall 12"                           \
		     :                                                                             \
		     : [c] "r"(context), [m] "r"(map), [i] "i"(index)                              \
		     : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

/* bpf_rdonly_cast(), which the loader puts in the place of this number where the kernel has it (Linux 6.2 and later,
 * src/kernel.rs): then what it returns may be read as what the type says, at the cost of one instruction. */
static void *(*const cast)(const void *object, u64 type) = (void *)0x7fff0001;
const volatile u32 can_cast = 0;

/* Any structure of the kernel that begins with a number of 64 bits. */
#define WORDS(address) cast((void *)(address), __builtin_btf_type_id(*(struct timespec64 *)0, 1))

/* Reads a kernel field through a pointer that the verifier does not know as one; a pointer in it comes out as a number.
 * The comma takes qualifiers away: a `const` value would be believed to stay zero. */
#define READ(pointer, field)                                                                       \
	({                                                                                         \
		typeof(((void)0, (pointer)->field)) value_ = 0;                                    \
		if (can_cast)                                                                      \
			value_ = *(typeof(value_) *)WORDS(&(pointer)->field);                      \
		else                                                                               \
			read_kernel(&value_, sizeof(value_), &(pointer)->field);                   \
		value_;                                                                            \
	})

/* Follows a pointer of a structure that the verifier knows, at the cost of one instruction on every kernel. Where that can
 * be told from a number, it is: for each pointer that the verifier itself follows from a task it searches all of the
 * kernel's types, four times (6.18). */
#define FOLLOW(pointer, field)                                                                     \
	({                                                                                         \
		typeof(((void)0, (pointer)->field)) value_;                                        \
		if (can_cast)                                                                      \
			value_ = *(typeof(value_) *)WORDS(&(pointer)->field);                      \
		else                                                                               \
			value_ = (pointer)->field;                                                 \
		value_;                                                                            \
	})

/* Whether the running kernel has a field. */
#define EXISTS(field) __builtin_preserve_field_info(field, 2)

/* Keeps the compiler from reasoning about a value, so that the bounds check stays where the verifier sees it. */
#define OPAQUE(value) asm volatile("" : "+r"(value))
