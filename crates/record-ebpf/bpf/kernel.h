/* The few kernel structures that the recorder reads, each with only the fields that it reads.
 *
 * `preserve_access_index` makes the compiler emit CO-RE relocations: offsets are looked up in the running
 * kernel's BTF when the programs are loaded, so what is written here need not have the kernel's layout.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define NULL ((void *)0)

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timespec64 {
	s64 tv_sec;
};

struct qstr {
	u32 hash;
	u32 len;
	const unsigned char *name;
};

struct inode {
	u16 i_mode;
	u32 i_rdev;
	void *i_private;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
};

struct hlist_bl_node {
	void *next;
	void **pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct proc_ns_operations {
	s32 type;
};

struct ns_common {
	const struct proc_ns_operations *ops;
	u32 inum;
};

/* The same structure since Linux 6.18: what follows three underscores is no part of a name to CO-RE. */
struct ns_common___typed {
	u32 ns_type;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	u32 f_mode;
	struct inode *f_inode;
	struct path f_path;
};

struct fdtable {
	u32 max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

/* Two words of 32 bits, or one of 64 since Linux 6.3. */
typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t euid;
	kgid_t gid;
	kgid_t egid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_ambient;
};

struct mm_struct {
	struct file *exe_file;
};

struct thread_info {
	unsigned long flags;
	u32 status;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
};

struct pid_namespace;

struct upid {
	s32 nr;
	struct pid_namespace *ns;
};

struct pid {
	u32 level;
	struct upid numbers[1];
};

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	const struct cred *real_cred;
	const struct cred *cred;
	char comm[16];
	s32 pid;
	s32 tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
};

struct pt_regs {
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
};

struct kernfs_node {
	u64 id;
	void *priv;
};

struct cgroup_root {
	s32 hierarchy_id;
};

struct cgroup {
	s32 level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup *ancestors[1];
};

struct vm_area_struct {
	struct file *vm_file;
};

struct filename {
	const char *name;
};

struct open_how {
	u64 flags;
};

struct io_kiocb {
	u8 opcode;
};

struct io_uring_cqe {
	s32 res;
};

struct io_open {
	s32 dfd;
	struct filename *filename;
	struct open_how how;
};

struct io_statx {
	s32 dfd;
	u32 flags;
	struct filename *filename;
};

struct io_unlink {
	s32 dfd;
	s32 flags;
	struct filename *filename;
};

struct io_mkdir {
	s32 dfd;
	u16 mode;
	struct filename *filename;
};

struct io_rename {
	s32 old_dfd;
	s32 new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	s32 flags;
};

struct io_link {
	s32 old_dfd;
	s32 new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	s32 flags;
};

struct io_socket {
	s32 domain;
	s32 type;
	s32 protocol;
};

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
};

struct k_sigaction {
	struct sigaction sa;
};

#pragma clang attribute pop
