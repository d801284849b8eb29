import Foundation
import Glibc
import OnebeatTesting

/// Gives a process a wall clock that is wrong, and nothing else that is; one that can be stepped while the process runs.
///
/// libfaketime was tried: whatever it is told, it moves the absolute times of monotonic timers, too, so that those of a
/// process an hour behind never fire, and those of one an hour ahead fire without end. No wrong clock does that.
enum WrongClock {
    /// A file that says how wrong the clocks are of processes that are told of it (`WRONG_BY_FILE`), from now on.
    final class Dial: Sendable {
        let path: String

        init(_ path: String) throws {
            self.path = path
            try Data(count: 8).write(to: URL(fileURLWithPath: path))
            guard chmod(path, 0o644) == 0 else { throw ServerFailure("\(path) cannot be shown to others") }
        }

        /// In place, since the file is mapped.
        func turn(to seconds: Int64) throws {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try file.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
            try file.close()
        }
    }

    /// Compiles the library that does it.
    /// - Returns: its path, for `LD_PRELOAD`; `WRONG_BY` is the error in seconds, `WRONG_BY_FILE` a ``Dial``.
    static func build(in folder: String) throws -> String {
        let (code, library) = ("\(folder)/wrong-clock.c", "\(folder)/wrong-clock.so")
        try source.write(toFile: code, atomically: true, encoding: .utf8)
        try ServerProcess.finish(["cc", "-shared", "-fPIC", "-O1", "-o", library, code, "-ldl"])
        return library
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <pthread.h>
        #include <semaphore.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static long constant;
        static volatile long *dial;
        #define error (dial ? constant + *dial : constant)
        __attribute__((constructor)) static void begin(void)
        {
            const char *text = getenv("WRONG_BY"), *path = getenv("WRONG_BY_FILE");
            constant = text ? atol(text) : 0;
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *map = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
            if (map != MAP_FAILED) dial = map;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *time)
        {
            int result = (int)syscall(SYS_clock_gettime, clock, time);
            if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += error;
            return result;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone)
        {
            struct timespec now;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *out)
        {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (out) *out = now.tv_sec;
            return now.tv_sec;
        }

        // The kernel, whose clock is right, waits until a wall clock's time. Monotonic times are far smaller.
        static struct timespec right(const struct timespec *wrong)
        {
            struct timespec time = *wrong;
            if (time.tv_sec > 1000000000) time.tv_sec -= error;
            return time;
        }

        int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
        {
            static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
            if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
            struct timespec time = right(until);
            return next(condition, mutex, &time);
        }

        int sem_timedwait(sem_t *semaphore, const struct timespec *until)
        {
            static int (*next)(sem_t *, const struct timespec *);
            if (!next) next = dlsym(RTLD_NEXT, "sem_timedwait");
            struct timespec time = right(until);
            return next(semaphore, &time);
        }
        """#
}
