import Onebeat

/// What a nemesis does to a cluster.
public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// A node is killed, and started again.
    case kill
    /// The node that leads is killed, and started again.
    case killLeader
    /// Whoever leads is killed, five times in a row: every 3 s or so, as soon as the lead has changed hands.
    case killLeaders
    /// A node and its guardian are killed at one time: nobody can say that its jobs are dead.
    case killWithGuardian
    /// A guardian is killed; its node must end.
    case killGuardian
    /// A node is frozen for longer than its lease; its guardian ends its jobs.
    case freeze
    /// A node is frozen for a moment.
    case freezeBriefly
    /// A node and its guardian are frozen for longer than the lease: nothing ends its jobs.
    case freezeWithGuardian
    /// A guardian is frozen and its node is not: nothing starts there, and nothing may be lost.
    case freezeGuardian
    /// All nodes but one are asked to stop and started again, one right after the other.
    case restartStorm
    /// All of a node's lines to the database are cut.
    case cutStore
    /// The line is cut after a commit and before its answer.
    case loseCommit
    /// A request is lost on the way to the database.
    case loseRequest
    /// A node's claims are held on their line, and arrive when it has long given up.
    case holdClaims
    /// A node hears nothing of the database for a while.
    case partStore
    /// A node hears nothing of Redis for a while.
    case partRedis
    /// Redis forgets everything.
    case flushRedis
    /// Redis is stopped, and started again.
    case stopRedis
    /// Redis answers reads and refuses writes for a while, as a replica does.
    case refuseRedisWrites
    /// A part of all claims fails at the very end of its commit for a while.
    case refuseCommits
    /// The database is stopped as by a power cut, and started again.
    case crashStore
    /// A standby takes the database's place after it was cut off for a while: what was committed meanwhile is gone.
    case promoteStandby
    /// The database's clock is off for up to 20 s, on or back, by seconds or by years.
    case stepStoreClock
    /// The clock of a node is set, on or back, and stays so.
    case stepNodeClock

    /// How many of them a deck has.
    fileprivate var share: Int {
        switch self {
        case .kill, .killLeader, .loseCommit, .loseRequest: 3
        case .flushRedis: 2
        case .killLeaders, .killWithGuardian, .killGuardian, .freeze, .freezeBriefly, .freezeWithGuardian,
            .freezeGuardian, .restartStorm, .cutStore, .holdClaims, .partStore, .partRedis, .stopRedis,
            .refuseRedisWrites, .refuseCommits, .crashStore, .promoteStandby, .stepStoreClock, .stepNodeClock:
            1
        }
    }
}

/// A fault, and the chance that decides whom it befalls and for how long.
public struct Move: Sendable {
    /// What happens.
    public let fault: Fault
    private let dice: Dice

    init(_ fault: Fault, _ dice: Dice) {
        self.fault = fault
        self.dice = dice
    }

    /// One of these; `nil` when there is none.
    public func choose<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[dice.number(0...(elements.count - 1))]
    }

    /// A number of seconds in these bounds.
    public func seconds(_ bounds: ClosedRange<Double>) -> Duration {
        .seconds(bounds.lowerBound + (bounds.upperBound - bounds.lowerBound) * dice.fraction())
    }
}

/// Decides what happens next to a cluster: like a deck of cards, so that even a short run meets every kind.
public struct Nemesis {
    private let dice: Dice
    private let kinds: [Fault]
    private var deck: [Fault] = []

    /// A nemesis of a seed: the same seed deals the same faults.
    /// - Parameter kinds: what it may do.
    public init(seed: UInt64, kinds: [Fault] = Fault.allCases) {
        dice = Dice(seed: seed)
        self.kinds = kinds
    }

    /// The next fault.
    public mutating func next() -> Move {
        if deck.isEmpty {
            // Each kind once before any comes again, so that a short run has all of them.
            deck = shuffled(kinds.flatMap { Array(repeating: $0, count: $0.share - 1) }) + shuffled(kinds)
        }
        return Move(deck.removeLast(), dice.split())
    }

    /// Deals a fault again, after a few others, that found nothing to befall.
    public mutating func putBack(_ fault: Fault) { deck.insert(fault, at: max(0, deck.count - 3)) }

    /// How long until the next one.
    public func pause(upTo most: Duration) -> Duration { most * dice.fraction() }

    private func shuffled(_ faults: [Fault]) -> [Fault] {
        var deck = faults
        for index in deck.indices.dropFirst() { deck.swapAt(index, dice.number(0...index)) }
        return deck
    }
}
