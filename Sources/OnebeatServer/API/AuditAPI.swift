import HTTPTypes
import Hummingbird
import Onebeat
import Synchronization

/// The audit below `/api/v1`, in parts: each ends after the job with which it has gone on for long enough.
struct AuditAPI: Sendable {
    typealias Context = WebContext

    /// How long a part goes on, and how long one with a single job may: an answer has a minute.
    static let patience = (part: Duration.seconds(5), job: Duration.seconds(40))
    /// How many faults a part tells of; all are counted.
    static let mostFaults = 1000

    let reading: ReadAPI
    let time: any TimeSource
    private let isBusy = Busy()

    /// An audit reads much: a node makes one at a time.
    private final class Busy: Sendable {
        let isSo = Mutex(false)
    }

    init(reading: ReadAPI, time: any TimeSource) {
        self.reading = reading
        self.time = time
    }

    func addRoutes(to group: RouterGroup<Context>) {
        group.get("audit") { request, _ in
            try await audit(QueryReader(request, known: ["job", "from", "to", "after"]))
        }
    }

    private func audit(_ query: QueryReader) async throws -> Response {
        let (job, start, end) = (query.text("job"), try query.moment("from"), try query.moment("to"))
        if let start, let end, end <= start {
            throw Problem(.conflict, "to is not after from; nothing lies between them")
        }
        if let job, try await reading.store.versions(of: job, before: nil, limit: 1).isEmpty {
            throw Problem.noJob(job)
        }
        let isFree = isBusy.isSo.withLock { isBusy in
            defer { isBusy = true }
            return !isBusy
        }
        guard isFree else {
            throw Problem(
                .serviceUnavailable, "another audit is under way on this node; ask again",
                headers: [.retryAfter: "5"])
        }
        defer { isBusy.isSo.withLock { $0 = false } }
        return try await JSON.response(page(job: job, after: query.text("after"), from: start, to: end))
    }

    private func page(
        job: String?, after last: String?, from start: Timestamp?, to end: Timestamp?
    ) async throws -> AuditPage {
        let begun = time.uptime()
        var faults: [FaultResource] = []
        // One after the other, so that what stands in no answer is what comes after one job.
        let auditor = Auditor(reading.store)
        let summary = try await auditor.audit(job: job, after: last, from: start, to: end, lanes: 1) { fault in
            if faults.count < Self.mostFaults { faults.append(FaultResource(fault)) }
        } progress: { summary in
            guard time.uptime() - begun > Self.patience.job else { return }
            throw Problem(
                .conflict,
                "the runs of one job are more than an answer may take (\(summary.runs) were looked at); audit a shorter period,"
                    + " by from and to, or beside the store")
        } until: { summary in
            time.uptime() - begun > Self.patience.part || summary.faults >= Self.mostFaults
        }
        return AuditPage(items: faults, summary: AuditSummary(summary), next: summary.reached)
    }
}
