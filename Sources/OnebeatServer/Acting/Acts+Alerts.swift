import Foundation
import Onebeat

extension JobStore {
    /// The jobs of alerts that somebody means by a name: the one of that name, else all channels of the entry of that name, else
    /// those whose names hold it.
    package func alerts(meant name: String) async throws -> [JobRecord] {
        var filter = JobFilter()
        filter.containing = name
        let found = try await jobs(filter).filter(\.isAlert)
        if let exact = found.first(where: { $0.name == name }) { return [exact] }
        let entry = found.filter { $0.name.hasPrefix("\(AlertReader.prefix)\(name)/") || $0.name.hasPrefix("\(name)/") }
        return entry.isEmpty ? found : entry
    }
}

extension StoreError {
    /// No alert is called so.
    package static func noAlert(_ name: String) -> StoreError {
        .notFound("no alert is called \"\(name)\"; `alerts:` in the file makes them, and `onebeat jobs` lists them")
    }
}

extension Acts {
    /// Asks for runs that send a sample through an alert's channels, one each. A node sends it, as any other message.
    /// - Parameter alerts: as ``JobStore/alerts(meant:)`` found them.
    /// - Throws: ``ActRefusal`` where several entries could be meant, and where no node is there to send it.
    package func test(_ alerts: [JobRecord], named name: String) async throws -> [Triggered] {
        if alerts.isEmpty { throw StoreError.noAlert(name) }
        let entries = Set(alerts.map { $0.name.split(separator: "/").prefix(2).joined(separator: "/") })
        guard alerts.count == 1 || entries.count == 1 else {
            throw ActRefusal(.conflict, "\"\(name)\" could be \(alerts.map(\.name).joined(separator: " or "))")
        }
        // Nothing is asked for that nobody would do: it would wait, and be sent when nobody waits for it any more.
        let (now, nodes) = (try await store.now(), try await store.nodes(limit: 1000))
        for alert in alerts { try Self.requireSender(of: alert, among: nodes, at: now) }
        var triggered: [Triggered] = []
        for alert in alerts {
            let run = try await store.trigger(
                alert.name, requestID: "test-\(UUID().uuidString.lowercased())", by: actor)
            triggered.append(Triggered(run: run, outlook: try await store.outlook(of: run)))
        }
        return triggered
    }

    private static func requireSender(
        of job: JobRecord, among nodes: [NodeRecord], at now: Timestamp
    ) throws(ActRefusal) {
        let policies = job.definition.policies
        guard let unserved = Unserved(queue: policies.queue, need: job.definition.need, among: nodes, at: now) else {
            return
        }
        let isAnybodyThere = nodes.contains { $0.standing(at: now) == "alive" }
        throw ActRefusal(
            .conflict,
            "no node is there to send a sample of \(job.name): "
                + (isAnybodyThere ? unserved.sentence : "none lives; start one with `onebeat up`"))
    }
}

/// Messages of an alert as they would be sent, as JSON.
package struct AlertPreviewResource: Codable, Sendable {
    package var alert: String
    package var channel: String
    /// A failure, many at once, and the good news; what is secret is left out.
    package var messages: [String]

    /// - Returns: `nil` for what is no alert.
    package init?(_ job: JobRecord, at now: Timestamp) {
        guard case .alert(let rule) = job.definition.work else { return nil }
        alert = job.name
        channel = rule.channel
        let clock = Schedule.clock(of: job.definition.schedule.timezone)
        messages = AlertSample.all(rule: job.name, at: now, clock: clock).map {
            AlertSample.text(of: $0, rule, job: job.name, at: now)
        }
    }
}
