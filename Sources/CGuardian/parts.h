// What the files of the guardian know of each other.
#ifndef ONEBEAT_GUARDIAN_PARTS_H
#define ONEBEAT_GUARDIAN_PARTS_H

#include "guardian.h"
#include <signal.h>

enum { request_spawn, request_stop, request_extend, request_word, request_pass };

struct request {
    uint64_t token;
    uint64_t deadline_ns;
    uint32_t kind;
    uint32_t grace_ms;  // of request_pass: the signal
};

/// Descriptors that travel with a spawn, in this order.
enum { fd_order, fd_in, fd_out, fd_err, fd_count };

// Real-time signals, so that a stray `pkill onebeat` cannot be mistaken for an order.
#define SIGNAL_STOP (SIGRTMIN)         // carries the grace in milliseconds
#define SIGNAL_ABANDON (SIGRTMIN + 1)
#define SIGNAL_PASS (SIGRTMIN + 2)     // carries a signal for the run

_Noreturn void guard(int socket, uint32_t grace_ms);

/// Runs one order to its end, reports it, exits. `abandon_grace_ms` applies to `SIGNAL_ABANDON`.
_Noreturn void keep(const struct request *request, const int fds[fd_count], int socket, pid_t guardian,
                    uint32_t abandon_grace_ms);

/// Starts the ordered program. Returns the leader, or 0 with `step` and `error` of the report filled in.
pid_t start(const int fds[fd_count], struct guardian_report *report);

/// Becomes the ordered program; returns when that fails. The caller has no process left to look after.
void become_last_word(int order);

/// Sends `signal` (0 = only count) to every living process below `root`, except the spared ones and what is below them.
/// Returns how many there were.
unsigned signal_below(pid_t root, const pid_t *spared, unsigned spared_count, int signal);

#endif
