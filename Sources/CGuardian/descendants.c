// Who is below whom, from /proc. Parents are the only trace that a process cannot shake off: setsid leaves group and
// session, but whose parent dies goes to the nearest subreaper, and that is the keeper.
#define _GNU_SOURCE
#include "parts.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct process {
    pid_t pid, parent, group;
    bool is_below;
};

// Untouched pages of this cost nothing. Beyond it the next round finds the rest.
enum { most_processes = 65536 };
static struct process processes[most_processes];

struct directory_entry {  // what getdents64 writes; opendir would allocate
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

static bool read_process(int proc, const char *name, struct process *process)
{
    char path[32], text[512];
    size_t length = strlen(name);
    if (length > 16) return false;
    memcpy(path, name, length);
    memcpy(path + length, "/stat", sizeof "/stat");
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    if (size <= 0) return false;
    text[size] = 0;
    char *field = strrchr(text, ')');  // the name in brackets may hold anything, brackets too
    if (!field || field[2] == 'Z' || field[2] == 'X') return false;
    process->pid = (pid_t)strtol(name, NULL, 10);
    process->parent = (pid_t)strtol(field + 3, &field, 10);
    process->group = (pid_t)strtol(field, NULL, 10);
    process->is_below = false;
    return true;
}

static unsigned read_processes(void)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return 0;
    unsigned count = 0;
    _Alignas(struct directory_entry) char buffer[16384];
    long size;
    while ((size = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < size && count < most_processes;) {
            struct directory_entry *entry = (struct directory_entry *)(buffer + at);
            at += entry->size;
            bool is_number = entry->name[0] >= '1' && entry->name[0] <= '9';
            if (is_number && read_process(proc, entry->name, &processes[count])) count++;
        }
    }
    close(proc);
    return count;
}

static bool contains(const pid_t *pids, unsigned count, pid_t pid)
{
    for (unsigned i = 0; i < count; i++)
        if (pids[i] == pid) return true;
    return false;
}

static int by_pid(const void *key, const void *process)
{
    pid_t a = *(const pid_t *)key, b = ((const struct process *)process)->pid;
    return (a > b) - (a < b);
}

static unsigned mark_below(pid_t root, const pid_t *spared, unsigned spared_count, unsigned count)
{
    unsigned found = 0;
    for (bool grew = true; grew;) {
        grew = false;
        for (unsigned i = 0; i < count; i++) {
            struct process *process = &processes[i];
            if (process->is_below || contains(spared, spared_count, process->pid)) continue;
            // /proc lists by rising number, so the table is sorted.
            struct process *parent = bsearch(&process->parent, processes, count, sizeof *processes, by_pid);
            if (process->parent != root && !(parent && parent->is_below)) continue;
            process->is_below = grew = true;
            found++;
        }
    }
    return found;
}

/// Whether nobody before `index` stood for its group: each group is to be hit once.
static bool is_first_of_group(unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (processes[i].is_below && processes[i].group == processes[index].group) return false;
    return true;
}

unsigned signal_below(pid_t root, const pid_t *spared, unsigned spared_count, int signal)
{
    unsigned count = read_processes();
    unsigned found = mark_below(root, spared, spared_count, count);
    pid_t own_group = getpgrp();
    for (unsigned i = 0; i < count; i++) {
        struct process *process = &processes[i];
        if (!process->is_below) continue;
        if (process->group == own_group) {
            kill(process->pid, signal);  // just born: it has not left our group yet
        } else if (is_first_of_group(i)) {
            // Groups below us were made below us. A group is hit at once, so nobody slips away by forking.
            kill(-process->group, signal);
        }
    }
    return found;
}
