import Foundation
import Glibc
import OnebeatTesting
import Testing

/// A Celery application of a sandbox, with a broker of its own and real workers of several processes.
struct CeleryApp {
    let box: Sandbox
    let redis: RedisServer
    static let python = python(of: "celery")

    /// The Python of one of the environments that `scripts/prepare tests` makes.
    static func python(of environment: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path + "/.build/\(environment)/bin/python"
    }

    /// - Parameters:
    ///   - settings: more of the application's settings, as keyword arguments in Python.
    ///   - url: what it has for broker and results; a Redis of its own unless told otherwise.
    init(in box: Sandbox, settings: String = "", redis server: RedisServer? = nil, url given: String? = nil) throws {
        self.box = box
        redis = try server ?? RedisServer()
        let url = given ?? "redis://127.0.0.1:\(redis.port)/0"
        try box.write(
            """
            import os, time
            from celery import Celery

            url = "\(url)"
            app = Celery("app", broker=url, backend=url)
            app.conf.update(task_track_started=True, broker_connection_retry_on_startup=True)
            app.conf.update(worker_prefetch_multiplier=1\(settings.isEmpty ? "" : ", \(settings)"))

            def note(word, task):
                with open("journal", "a") as journal:
                    journal.write(f"{word} {task.request.id} {os.getpid()}\\n")

            @app.task(name="add", bind=True)
            def add(self, x, y, scale=1):
                note("add", self)
                return (x + y) * scale

            @app.task(name="boom", bind=True)
            def boom(self):
                note("boom", self)
                raise ValueError("no paper")

            @app.task(name="nap", bind=True)
            def nap(self, seconds):
                note("begin", self)
                time.sleep(seconds)
                note("end", self)

            @app.task(name="flaky", bind=True)
            def flaky(self):
                note("flaky", self)
                if self.request.retries < 1:
                    raise self.retry(exc=RuntimeError("jam"), countdown=0)

            @app.task(name="beat", bind=True, ignore_result=True)
            def beat(self):
                note(self.request.get("onebeat_run_key") or "?", self)

            @app.task(name="tick", bind=True, ignore_result=True)
            def tick(self):
                with open("ticks", "a") as ticks:
                    ticks.write(f'{self.request.get("onebeat_run_key") or "beat"} {self.request.id} {time.time():.3f}\\n')

            @app.task(name="mangled", bind=True)
            def mangled(self, kind):
                import redis
                key = f"celery-task-meta-{self.request.id}"
                line = redis.Redis(port=\(redis.port))
                line.delete(key)
                line.set(key, "<html>") if kind == "text" else line.lpush(key, "x")
                line.publish(key, "x")
                time.sleep(30)

            def lose(task):
                with open("losses", "a") as losses:
                    losses.write(f'{task.request.get("onebeat_job")} {os.getpid()}\\n')
                time.sleep(3)

            @app.task(name="early", bind=True)
            def early(self): lose(self)

            @app.task(name="late", bind=True, acks_late=True, reject_on_worker_lost=False)
            def late(self): lose(self)

            @app.task(name="reject", bind=True, acks_late=True, reject_on_worker_lost=True)
            def reject(self): lose(self)

            @app.task(name="pickled", bind=True, serializer="json")
            def pickled(self):
                import pickle, redis
                key = f"celery-task-meta-{self.request.id}"
                line = redis.Redis(port=\(redis.port))
                line.set(key, pickle.dumps({"status": "SUCCESS"}))
                line.publish(key, "x")
                time.sleep(30)
            """, to: "app.py")
    }

    /// Starts a worker and waits until it takes tasks.
    func worker(_ name: String = "w", queues: String = "celery", processes: Int = 2) async throws -> Child {
        let worker = try box.start([
            Self.python, "-m", "celery", "-A", "app", "worker", "-P", "prefork", "-c", "\(processes)", "-n",
            "\(name)@test", "-Q", queues, "-l", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat",
        ])
        let isReady = try await eventually(within: .seconds(30)) {
            worker.errors.contains(" ready.") || worker.exitCode != nil
        }
        #expect(isReady && worker.exitCode == nil, "the worker did not start: \(worker.errors.suffix(2000))")
        return worker
    }

    /// Starts a beat, which sends what the application's `beat_schedule` says.
    func beat() throws -> Child {
        try box.start([
            Self.python, "-m", "celery", "-A", "app", "beat", "-s", box.path("beat-\(UUID().uuidString)"), "--pidfile=",
            "-l", "INFO",
        ])
    }

    func configure(_ jobs: String, settings: String = "") throws {
        try box.configure(jobs, settings: "celery: {broker: \"redis://127.0.0.1:\(redis.port)/0\"}\n\(settings)")
    }

    /// What tasks wrote, the first word of it `word`.
    func journal(_ word: String) -> [String] { box.lines("journal").filter { $0.hasPrefix("\(word) ") } }
}

extension Child {
    /// Ends it and all that it started, at once.
    func killGroup() { kill(-pid, SIGKILL) }
}
