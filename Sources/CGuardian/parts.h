// What the files of the guardian know of each other.
#ifndef ONEBEAT_GUARDIAN_PARTS_H
#define ONEBEAT_GUARDIAN_PARTS_H

#include "guardian.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { request_spawn, request_stop, request_extend, request_word, request_pass };

struct request {
    uint64_t token;
    uint64_t deadline_ns;
    uint32_t kind;
    uint32_t grace_ms;  // of request_pass: the signal
    uint32_t leaves;
    uint32_t unused;
};

/// Descriptors that travel with a spawn, in this order.
enum { fd_order, fd_in, fd_out, fd_err, fd_count };

// Guardian and keepers tell each other nothing by signals but that there is something to look at: a signal's value is
// lost, or refused, once a job has filled its user's queue. Not a signal that a stray `pkill onebeat` would send.
#define SIGNAL_ORPHANED (SIGRTMIN)  // to a keeper, by the kernel: the guardian is gone
#define SIGNAL_LOOK SIGUSR1         // to the guardian, by a keeper: its leader is gone, and something is left

/// What keeper and guardian know of a run, in memory that they share.
struct record {
    struct guardian_report report;  // `stop` and `leftovers` are the guardian's to write while it lives
    _Atomic(pid_t) leader;          // 0 until it runs
    atomic_bool is_leader_gone;
    bool leaves;
    uint32_t grace_ms;              // for everything, should the guardian be killed
};

static const uint64_t never = UINT64_MAX;
static const uint64_t second_ns = 1000000000, millisecond_ns = 1000000;

_Noreturn void guard(int socket, uint32_t grace_ms);

/// Runs one order to its end, and exits.
_Noreturn void keep(struct record *record, const int fds[fd_count], int socket, pid_t guardian);

/// Starts the ordered program. Returns the leader, or 0 with `step` and `error` of the report filled in.
pid_t start(const int fds[fd_count], struct guardian_report *report);

/// Becomes the ordered program; returns when that fails. The caller has no process left to look after.
void become_last_word(int order);

/// To be called before each round of `signal_below`.
void look_at_processes(void);

/// Sends `signal` to every living process below `root`, but for those that `is_spared` names, and what is below them.
/// Returns how many there were.
unsigned signal_below(pid_t root, bool (*is_spared)(pid_t), int signal);

#endif
