// The guardian: a small process beside the node that is the ancestor of every job process and outlives the node.
//
//   node ──socket── guardian ─┬─ keeper ── leader ── …     one keeper for each run
//                             └─ keeper ── leader ── …
//
// The node asks; the guardian decides when what must die, and ends it; a keeper holds the processes of one run together:
// it is their subreaper, so whatever daemonises or calls setsid still ends up below it and is found.
// The child side uses async-signal-safe calls and static memory only, so forking from a threaded process is safe too.
#ifndef ONEBEAT_GUARDIAN_H
#define ONEBEAT_GUARDIAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// How far a run got before it could not start; `guardian_step_none` when it did start.
enum guardian_step {
    guardian_step_none = 0,
    guardian_step_refused,    // the deadline had passed
    guardian_step_fork,       // no process
    guardian_step_full,       // no room for one more run
    guardian_step_order,      // the order could not be read
    guardian_step_directory,
    guardian_step_nice,
    guardian_step_limits,
    guardian_step_user,
    guardian_step_program,
    guardian_step_keeper,     // it ran, and its keeper was killed, by the signal in `error`, and it with it
};

enum guardian_stop {
    guardian_stop_none = 0,
    guardian_stop_asked,      // the node asked
    guardian_stop_abandoned,  // deadline passed, node gone or guardian gone
};

/// Head of an order. Behind it lie `group_count` 32-bit group ids, then the directory ("" = the node's own),
/// `argument_count` arguments and `environment_count` NAME=VALUE strings, each ending in NUL.
struct guardian_order {
    uint64_t memory_bytes;       // address space; 0 = no limit
    uint64_t cpu_seconds;        // 0 = no limit
    uint32_t argument_count;
    uint32_t environment_count;
    uint32_t group_count;
    uint32_t uid, gid;
    int32_t nice;                // added to the node's own
    uint32_t sets_user;
    uint32_t takes_input;        // 0 = nothing to read
};

/// The one answer to a spawn. It comes when nothing of the run is left alive but what is to be left alone.
struct guardian_report {
    uint64_t token;
    int32_t step;                // enum guardian_step
    int32_t error;               // errno of that step
    int32_t status;              // as from waitpid
    int32_t pid;                 // the leader
    int32_t stop;                // enum guardian_stop; who stopped it while the leader ran
    uint32_t leftovers;          // processes that outlived the leader and had to be ended
    uint64_t user_us, system_us, peak_kb;
};

/// Forks the guardian. Returns its process id and stores the node's end of the socket, or returns -1 and sets errno.
/// `grace_ms` lies between TERM and KILL when the deadline passes or the node is gone.
pid_t guardian_fork(uint32_t grace_ms, int *node_socket);

/// Each sends one message and returns 0, or -1 with errno. They block while the socket is full.
/// `grace_ms` of a spawn is what processes get that outlive their leader, unless it `leaves` them alone.
int guardian_spawn(int node_socket, uint64_t token, uint32_t grace_ms, int leaves, const void *order, size_t size,
                   int in, int out, int err);
int guardian_stop(int node_socket, uint64_t token, uint32_t grace_ms);
/// Passes a signal on to the process group of every run, as a terminal would.
int guardian_pass(int node_socket, int signal);
int guardian_extend(int node_socket, uint64_t deadline_ns);

/// Lets a guardian go on that somebody stopped (SIGSTOP).
void guardian_resume(pid_t guardian);

/// Leaves an order for what the guardian becomes when the node is gone and every job process is dead: whoever speaks for
/// the dead. A later one takes its place; one of size 0 withdraws it.
int guardian_leave_word(int node_socket, const void *order, size_t size);

/// Takes one report without blocking: 1 = taken, 0 = the guardian is gone, -1 = errno.
int guardian_receive(int node_socket, struct guardian_report *report);

/// A pipe for output: reading does not block, and neither end is inherited. Returns 0, or -1 with errno.
int guardian_pipe(int *read_end, int *write_end);

/// Readiness of descriptors. `arm` asks for one word on `fd`; `wait` blocks and returns how many descriptors it wrote.
int guardian_readiness(void);
int guardian_readiness_arm(int readiness, int fd);
int guardian_readiness_forget(int readiness, int fd);
int guardian_readiness_wait(int readiness, int *fds, int capacity);

/// Opens /dev/null for each of the descriptors 0 to 2 that is closed, so that nothing else is ever taken for a stream.
void guardian_open_streams(void);

/// For tests: whether guardians forked from now on take the way of a kernel that does not list a process's children.
void guardian_look_at_all(bool looks);

/// A signal's name without SIG, or NULL.
const char *guardian_signal_name(int signal);

/// The clock deadlines are on: it goes on while the machine sleeps.
uint64_t guardian_now_ns(void);

#endif
