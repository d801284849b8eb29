import Onebeat

/// Why a run is there.
enum RunOrigin: Equatable {
    /// It was due, or follows one that was.
    case due
    /// It runs elsewhere, and somebody told of it.
    case told
    /// A backfill makes up for an instant by it.
    case backfill
    /// It was asked for in place of a run that had ended.
    case again
    /// An event from outside started it.
    case event
    /// A node found something to tell, and it is the message of that number.
    case message(Int64)
    /// It goes on with those whom the mail server refused while it took the message for others.
    case remainder(Int64)
    /// Somebody tries a channel.
    case sample
    /// Somebody asked for it.
    case hand

    init(_ run: Run) {
        switch run.kind {
        case .scheduled, .unknown: self = run.isReported ? .told : .due
        case .backfill: self = .backfill
        case .manual:
            if run.isReported {
                self = .told
            } else if run.isForPastInstant {
                self = .again
            } else if run.isMessage {
                let isRest = MailRemainder.base(run.requestID) != run.requestID
                if let number = AlertExecutor.batch(of: run) {
                    self = isRest ? .remainder(number) : .message(number)
                } else {
                    // Of a dead man's switch there is no sample.
                    self = run.job.hasSuffix("/\(AlertChannel.ping.rawValue)") ? .hand : .sample
                }
            } else {
                self = run.isOfEvent ? .event : .hand
            }
        }
    }
}

extension RunOrigin {
    /// In a few words, for a table; nothing where it was due.
    var inShort: String? {
        switch self {
        case .due: nil
        case .told: "told of"
        // Both have always been shown as what they were: somebody asked for them.
        case .again, .hand: "by hand"
        case .backfill: nil
        case .event: "by an event"
        case .message(let number): "message \(number)"
        case .remainder(let number): "message \(number), to the rest"
        case .sample: "a sample, by hand"
        }
    }
}

extension Run {
    /// Why it is there, in a few words; nothing where it was due.
    package var originInShort: String? { RunOrigin(self).inShort }
}
