import Onebeat

/// Decides which of our waiting runs a beat has done, while the work is handed over: each message of the beat stands for one
/// due instant, and no instant for two messages.
package struct BeatHandover: Sendable {
    private var alignments: [TaskShape: BeatAlignment] = [:]
    /// Messages that no instant was found for yet.
    private var open: [BeatMessage] = []
    /// How many messages there were of each shape.
    package private(set) var counts: [TaskShape: Int] = [:]

    package init() {}

    /// What is to be looked at next: the shapes of messages that have no instant.
    package var openShapes: Set<TaskShape> { Set(open.map(\.shape)) }

    /// Messages for which there is nothing of ours.
    package var unmatched: [BeatMessage] { open }

    package mutating func take(_ messages: [BeatMessage]) {
        for message in messages { counts[message.shape, default: 0] += 1 }
        open += messages
    }

    /// - Parameter own: the runs of each shape that are planned or were, of the while since messages were heard and some
    ///   time before.
    /// - Returns: the runs that the beat has done.
    package mutating func done(among own: [TaskShape: [OwnInstant: Run]]) -> [Run] {
        var done: [Run] = []
        var left: [BeatMessage] = []
        for message in open {
            let runs = own[message.shape] ?? [:]
            let instant = alignments[message.shape, default: BeatAlignment()].instant(
                of: message.sentAt, among: runs.keys.sorted())
            guard let instant, let run = runs[instant] else {
                left.append(message)
                continue
            }
            done.append(run)
        }
        open = left
        return done
    }
}
