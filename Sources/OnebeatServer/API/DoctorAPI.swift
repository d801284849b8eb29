import Hummingbird
import Onebeat

/// What a node says of its settings, its store and its machine, below `/api/v1`. Readers share an examination that takes long.
struct DoctorAPI: Sendable {
    private let found: SharedAnswer<Examination>

    init(_ examine: @escaping @Sendable () async -> Examination, time: any TimeSource) {
        found = SharedAnswer(time: time) { await examine() }
    }

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("doctor") { request, _ in
            _ = try QueryReader(request, known: [])
            return try await JSON.response(found.value())
        }
    }
}

extension Examination {
    /// What can be said of any store and of this machine.
    static func standard(_ store: any Store) async -> Examination {
        var findings: [Finding] = []
        do {
            findings = try await StandingChecks.findings(store)
        } catch {
            findings.append(.fail("store", "\(error)", "is it up, and may this machine reach it?"))
        }
        return Examination(nil, findings + MachineChecks.findings())
    }
}
