import Onebeat

/// Mail that some of its recipients have and a server refused for others: another run of the alert goes on with those, with
/// tries of its own, so that nobody gets it twice and nobody is forgotten. The run's request names them.
package enum MailRemainder {
    private static let mark = "-to-"

    /// What a run has for a request that goes on with those whom `run` did not reach. The same each time.
    static func request(after run: Run, for refused: [Mailbox]) -> String {
        base(run.requestID) + mark + refused.map(key).sorted().joined(separator: ".")
    }

    /// The request that a message was first asked for by.
    package static func base(_ request: String) -> String {
        request.range(of: mark).map { String(request[..<$0.lowerBound]) } ?? request
    }

    /// Whom a run is for: all, or those whom the run before did not reach. One who was taken out of the file meanwhile is none.
    static func recipients(of run: Run, among all: [Mailbox]) -> [Mailbox] {
        guard let place = run.requestID.range(of: mark) else { return all }
        let keys = Set(run.requestID[place.upperBound...].split(separator: ".").map(String.init))
        return all.filter { keys.contains(key($0)) }
    }

    /// Whether a run goes on with what another did not do.
    package static func isOne(_ run: Run, of first: Run) -> Bool {
        run.id != first.id && base(run.requestID) == base(first.requestID)
    }

    private static func key(_ mailbox: Mailbox) -> String {
        String(Fingerprint.sha256(mailbox.address.lowercased()).prefix(12))
    }
}
