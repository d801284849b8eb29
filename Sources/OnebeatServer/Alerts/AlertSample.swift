import Onebeat

/// Messages as they would be sent, for people who want to see them: with what is secret left out.
package enum AlertSample {
    /// A failure, many at once, and the good news.
    package static func all(rule: String, at now: Timestamp, clock: Schedule? = nil) -> [AlertMessage] {
        func incident(_ job: String, _ kind: AlertKind, _ summary: String, _ id: Int64) -> Incident {
            var incident = Incident(
                rule: rule, kind: kind, job: job, since: now, run: RunID(4694 + id), summary: summary)
            (incident.id, incident.openedAt) = (id, now)
            return incident
        }
        let failed = incident("backup_daily", .failed, "failed: exit code 1; last line: No space left on device", 17)
        let late = incident(
            "report", .late,
            "run 4712 has been due since \((now - .seconds(72)).words) and has not started: no node is up", 18)
        let well = incident("backup_daily", .recovered, "well again; it was failed", 19)
        return [
            AlertMessage([failed], number: 17, clock: clock), AlertMessage([failed, late], number: 17, clock: clock),
            AlertMessage([well], number: 19, clock: clock),
        ]
    }

    /// What goes out, as text.
    package static func text(of message: AlertMessage, _ rule: AlertRule, job: String, at now: Timestamp) -> String {
        guard let channel = AlertChannel(rawValue: rule.channel) else {
            return "this Onebeat knows no channel \(quoted(rule.channel)); upgrade it"
        }
        var settings = rule.settings
        for name in ["token", "secret", "key"] { if settings[name] != nil { settings[name] = "(secret)" } }
        if let url = settings["url"] { settings["url"] = AlertChannel.shown(url) }
        do {
            switch try channel.delivery(of: message, rule: job, settings: settings, at: now) {
            case .call(let call):
                let headers = call.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                let head = ["\(call.method) \(call.url)"] + headers + ["", call.body ?? ""]
                return head.joined(separator: "\n").replacing("$${", with: "${")
            case .process(let line, let process):
                let variables = process.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                return (variables + ["$ \(line)"]).joined(separator: "\n").replacing("$${", with: "${")
            case .mail(let mail, let server, _): return "to \(server.shown)\n\(mail.text(at: now, lineEnd: "\n"))"
            }
        } catch {
            return "\(error)"
        }
    }
}
