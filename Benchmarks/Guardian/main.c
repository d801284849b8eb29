// How long the jobs of a dead node live on: from the node's death by KILL to the end of the last process of its jobs.
// Each job is three processes that ignore TERM, so that the guardian's grace (2 s) passes before any of them ends.
//
//   make -C Benchmarks/Guardian run JOBS=2000 FOREIGN=5000
#define _GNU_SOURCE
#include "guardian.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char order[1024];
static size_t order_size;

static void write_order(void)
{
    const char *words[] = {"/bin/sh", "-c", "trap '' TERM INT HUP; echo; sleep 1000 & setsid sleep 1000 & wait; sleep 1000",
                           "PATH=/usr/bin:/bin"};
    struct guardian_order head = {.argument_count = 3, .environment_count = 1};
    memcpy(order, &head, sizeof head);
    order_size = sizeof head;
    order[order_size++] = 0;  // the node's own directory
    for (int i = 0; i < 4; i++) {
        memcpy(order + order_size, words[i], strlen(words[i]) + 1);
        order_size += strlen(words[i]) + 1;
    }
}

/// The node: it starts the jobs and waits for its death.
static void be_node(int jobs, int out, int ready)
{
    int socket;
    if (guardian_fork(2000, &socket) < 0) { perror("guardian"); _exit(1); }
    for (int i = 0; i < jobs; i++)
        if (guardian_spawn(socket, (uint64_t)i + 1, 10000, 0, order, order_size, -1, out, -1) < 0) perror("spawn");
    close(out);
    // A job that could not start is reported at once; those that run report nothing yet.
    struct guardian_report report;
    for (;;) {
        if (guardian_receive(socket, &report) == 1) fprintf(stderr, "not started: step %d, errno %d\n", report.step, report.error);
        else usleep(10000);
        if (write(ready, "", 1) < 0) _exit(1);
    }
}

static double seconds(uint64_t from) { return (double)(guardian_now_ns() - from) / 1e9; }

int main(int argc, char **argv)
{
    int jobs = argc > 1 ? atoi(argv[1]) : 500, foreign = argc > 2 ? atoi(argv[2]) : 0;
    bool looks_at_all = argc > 3 && strcmp(argv[3], "all") == 0;
    guardian_look_at_all(looks_at_all);
    write_order();
    for (int i = 0; i < foreign; i++)
        if (fork() == 0) for (;;) pause();
    int out[2], ready[2];
    if (pipe(out) < 0 || pipe(ready) < 0) return 1;
    pid_t node = fork();
    if (node == 0) {
        close(out[0]);
        close(ready[0]);
        be_node(jobs, out[1], ready[1]);
    }
    close(out[1]);
    close(ready[1]);
    char byte[4096];
    uint64_t start = guardian_now_ns();
    for (int begun = 0; begun < jobs;) {
        ssize_t count = read(out[0], byte, sizeof byte);
        if (count <= 0) return 1;
        begun += (int)count;
    }
    sleep(1);
    printf("%d jobs of 3 processes beside %d others; begun in %.2f s\n", jobs, foreign, seconds(start) - 1);
    start = guardian_now_ns();
    kill(node, SIGKILL);
    while (read(out[0], byte, sizeof byte) > 0) {}
    printf("the last process ended %.2f s after the node's death (2 s of it are the grace)\n", seconds(start));
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    return 0;
}
