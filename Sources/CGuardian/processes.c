// Who is below whom, from /proc. Parents are the only trace that a process cannot shake off: setsid leaves group and
// session, but whose parent dies goes to the nearest subreaper, and that is the keeper.
//
// The kernel lists each thread's children, so that a run costs what it is, however many processes the machine has. Where
// it was built without those lists (CONFIG_PROC_CHILDREN), one look at all processes serves a whole round.
#define _GNU_SOURCE
#include "parts.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct process {
    pid_t pid, parent, group;
    unsigned threads;
};

// Untouched pages of these cost nothing. Beyond them the next round finds the rest.
enum { most_processes = 1 << 18, most_groups = 1 << 18 };
static struct process found[most_processes], all[most_processes];
static unsigned found_count, all_count;

static bool looks_at_all;

void guardian_look_at_all(bool looks) { looks_at_all = looks; }

/// Calls `take` with each number that names an entry of a folder of /proc, in rising order.
static void each_number(int folder, void (*take)(int folder, const char *name))
{
    struct entry {  // what getdents64 writes; opendir would allocate
        uint64_t inode;
        int64_t offset;
        unsigned short size;
        unsigned char type;
        char name[];
    };
    _Alignas(struct entry) char buffer[16384];
    long size;
    while ((size = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < size;) {
            struct entry *entry = (struct entry *)(buffer + at);
            at += entry->size;
            if (entry->name[0] >= '1' && entry->name[0] <= '9') take(folder, entry->name);
        }
    }
}

/// A path in a folder of /proc; `snprintf` is not async-signal-safe.
static char *put(char *end, const char *text)
{
    size_t length = strlen(text);
    memcpy(end, text, length + 1);
    return end + length;
}

static char *put_number(char *end, pid_t number)
{
    char digits[12];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0) *end++ = digits[--count];
    *end = 0;
    return end;
}

/// Reads a living process: a zombie is none, unless only its first thread has ended.
static bool read_process(pid_t pid, struct process *process)
{
    char path[64], text[512];
    put(put_number(put(path, "/proc/"), pid), "/stat");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return false;
    text[size] = 0;
    char *field = strrchr(text, ')');  // the name in brackets may hold anything, brackets too
    if (!field || !field[1] || !field[2]) return false;
    char state = field[2];
    process->pid = pid;
    process->parent = (pid_t)strtol(field + 3, &field, 10);
    process->group = (pid_t)strtol(field, &field, 10);
    for (int i = 6; field && i < 20; i++) field = strchr(field + 1, ' ');
    process->threads = field ? (unsigned)strtoul(field, NULL, 10) : 1;
    return state != 'X' && (state != 'Z' || process->threads > 1);
}

static bool (*spares)(pid_t);

static void add(pid_t pid)
{
    if (found_count < most_processes && !(spares && spares(pid)) && read_process(pid, &found[found_count])) found_count++;
}

static void add_children_of_thread(int folder, const char *thread)
{
    char path[64], buffer[4096];
    put(put(path, thread), "/children");
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t size;
    pid_t pid = 0;
    while ((size = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < size; i++) {
            if (buffer[i] >= '0' && buffer[i] <= '9') {
                pid = pid * 10 + (buffer[i] - '0');
            } else if (pid > 0) {
                add(pid);
                pid = 0;
            }
        }
    }
    if (pid > 0) add(pid);
    close(fd);
}

static void add_children(pid_t parent, unsigned threads)
{
    if (looks_at_all) {
        for (unsigned i = 0; i < all_count; i++)
            if (all[i].parent == parent) add(all[i].pid);
        return;
    }
    char path[64], thread[16];
    put(put_number(put(path, "/proc/"), parent), "/task");
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    put_number(thread, parent);
    if (threads > 1) each_number(folder, add_children_of_thread);
    else add_children_of_thread(folder, thread);
    close(folder);
}

static void add_to_all(int folder, const char *name)
{
    (void)folder;
    if (all_count < most_processes && read_process((pid_t)strtol(name, NULL, 10), &all[all_count])) all_count++;
}

void look_at_processes(void)
{
    static bool is_known;
    if (!is_known) {
        char path[64];
        put(put_number(put(put_number(put(path, "/proc/"), getpid()), "/task/"), getpid()), "/children");
        if (access(path, R_OK) < 0) looks_at_all = true;
        is_known = true;
    }
    if (!looks_at_all) return;
    all_count = 0;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return;
    each_number(proc, add_to_all);
    close(proc);
}

/// Whether nobody before stood for this group in this call: each group is to be hit once.
static bool is_first_of(pid_t group)
{
    static struct { pid_t group; unsigned call; } hit[most_groups];
    static unsigned call;
    if (group == 0) { call++; return false; }
    for (unsigned i = (unsigned)group, tries = 0; tries < 16; i++, tries++) {
        unsigned place = i % most_groups;
        if (hit[place].call != call) {
            hit[place].group = group;
            hit[place].call = call;
            return true;
        }
        if (hit[place].group == group) return false;
    }
    return true;
}

unsigned signal_below(pid_t root, bool (*is_spared)(pid_t), int signal)
{
    spares = is_spared;
    found_count = 0;
    add_children(root, 1);
    for (unsigned i = 0; i < found_count; i++) add_children(found[i].pid, found[i].threads);
    pid_t own_group = getpgrp();
    is_first_of(0);
    for (unsigned i = 0; i < found_count; i++) {
        struct process *process = &found[i];
        if (process->group <= 1 || process->group == own_group) {
            kill(process->pid, signal);  // just born: it has not left our group yet
        } else if (is_first_of(process->group)) {
            // Groups below us were made below us. A group is hit at once, so nobody slips away by forking.
            kill(-process->group, signal);
            if (signal == SIGTERM) kill(-process->group, SIGCONT);  // a stopped process cannot act on TERM
        }
    }
    return found_count;
}
