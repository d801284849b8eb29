import Onebeat
import OnebeatCelery
import OnebeatRedis
import OnebeatServer

/// What the doctor says of a Celery application: whether its broker answers, who takes from the queues that jobs name, and
/// whether its workers keep results where they are looked for.
enum CeleryChecks {
    static func findings(on settings: CelerySettings, _ jobs: [JobDefinition]) async -> [Finding] {
        var findings: [Finding] = []
        if settings.results != settings.broker, let why = await trouble(with: settings.results) {
            findings.append(.fail("celery", "\(why)", "check celery.results; without it no task's end is seen"))
        }
        if let why = await trouble(with: settings.broker) {
            findings.append(.fail("celery", "\(why)", advice(on: why)))
            return findings
        }
        let client = RedisClient(settings.broker, name: "onebeat:doctor", patience: .seconds(3))
        do {
            let workers = try await CeleryWorkers.ask(by: client, settings)
            findings += self.findings(on: workers, settings, jobs)
        } catch {
            findings.append(unasked(error))
        }
        await client.close()
        return findings
    }

    /// What a broker that is not to be spoken with means for the runs.
    static func advice(on error: RedisError) -> String {
        switch error {
        case .refused: "check celery.broker; until that is mended, each run that is to send a task fails at once"
        case .unavailable, .unknownOutcome: "check celery.broker; tasks wait until it answers"
        }
    }

    /// The broker answers, and its workers cannot be asked.
    static func unasked(_ error: RedisError) -> Finding {
        switch error {
        case .refused:
            .warn(
                "celery", "the workers cannot be asked which queues they take from: \(error)",
                "the doctor alone asks them, and needs +sadd +srem +rpop +del ~* for it; tasks are sent and watched without"
            )
        case .unavailable, .unknownOutcome: .fail("celery", "\(error)", advice(on: error))
        }
    }

    static func findings(
        on workers: CeleryWorkers, _ settings: CelerySettings, _ jobs: [JobDefinition]
    ) -> [Finding] {
        guard workers.listening > 0 else {
            return [
                .warn(
                    "celery", "no worker listens at \(settings.broker)",
                    "start one; or is that not the application's broker, database and prefix?")
            ]
        }
        guard !workers.queues.isEmpty else {
            return [
                .warn(
                    "celery", "\(workers.listening) listen at \(settings.broker), and none answers",
                    "they are busy or stopped, or have worker_enable_remote_control off; look at their logs")
            ]
        }
        let served = Set(workers.queues.values.joined())
        var findings: [Finding] = [
            .ok(
                "celery",
                "\(settings.broker): \(workers.queues.keys.sorted().joined(separator: ", ")) take from"
                    + " \(served.sorted().joined(separator: ", "))")
        ]
        var told: Set<String> = []
        for job in jobs {
            guard case .celery(let call) = job.work else { continue }
            let queue = call.queue ?? settings.queue
            guard !served.contains(queue), told.insert(queue).inserted else { continue }
            findings.append(
                .warn(
                    "celery", "no worker takes from the queue \(queue), which job \(job.name) sends to",
                    "start one with -Q \(queue), or correct the queue's name"))
        }
        for (worker, backend) in workers.backends.sorted(by: { $0.key < $1.key }) {
            guard let address = try? RedisAddress(backend.replacing("**", with: "x")) else {
                findings.append(
                    .warn(
                        "celery", "\(worker) keeps results in \(SecretAddress(backend)), which is no Redis",
                        "use outcome: dispatch, or a result_backend of redis://"))
                continue
            }
            // Hosts may have several names; ports and databases do not.
            if (address.port, address.database) != (settings.results.port, settings.results.database) {
                findings.append(
                    .warn(
                        "celery",
                        "\(worker) keeps results in \(address), and they are looked for in \(settings.results)",
                        "write celery: {results: …} as the application's result_backend"))
            }
        }
        return findings
    }

    private static func trouble(with address: RedisAddress) async -> RedisError? {
        let client = RedisClient(address, name: "onebeat:doctor", patience: .seconds(3))
        defer { Task { await client.close() } }
        do {
            // A user that may not ask this may be let in all the same.
            _ = try await client.send([RedisCommand("PING")])
            return nil
        } catch {
            return error
        }
    }
}
