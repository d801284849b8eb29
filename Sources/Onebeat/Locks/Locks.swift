// Locks: the threshold before a job that may not overlap. Other programs can hold a job's lock too, so it keeps them and
// us apart; among the nodes of one store the store alone decides. A lock ends by itself, a holder may be paused past
// that end, and whoever keeps locks may forget them: nothing here ever makes a duplicate or loses a run.
//
// A lock that a program takes by name (`Onebeat.withLock`) is a lease in the store, under a fence of its own; the same lock
// is taken here too, so that other programs keep out. There, too, the store decides.

/// Where locks are kept. Every move is one flight for many locks, since a worker takes many at a time.
public protocol Locks: Sendable {
    /// Takes locks that nobody holds.
    /// - Returns: an answer for each wish, in order.
    /// - Throws: ``LockError``; any of the locks may have been taken then.
    func acquire(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer]

    /// Takes locks that nobody holds, or that `predecessor` or the wish's own token still holds.
    /// - Returns: an answer for each wish, in order.
    /// - Throws: ``LockError``; any of the locks may have been taken then.
    func succeed(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer]

    /// Lets locks that are still held go on for their length, from now.
    /// - Returns: an answer for each, in order.
    /// - Throws: ``LockError``; any of the locks may have been extended then.
    func extend(_ wishes: [LockWish]) async throws(LockError) -> [LockAnswer]

    /// Gives up those of the locks that are still held by these tokens.
    /// - Throws: ``LockError``; any of the locks may have been given up then.
    func release(_ locks: [HeldLock]) async throws(LockError)
}

/// The name of a lock.
public struct LockName: Sendable, Hashable, CustomStringConvertible {
    /// The job it guards, or the name that a program gave it; kept in composed form (NFC).
    public let job: String

    /// The lock of a job, or of a program.
    public init(job: String) { self.job = job.composed }

    /// The key that other programs know it by: `lock:job:NAME`.
    public var description: String { "lock:job:\(job)" }

    /// Why a run of the job does not start.
    public func words(heldBy holder: String) -> String { "\(self) is held by \(holder)" }
}

/// A lock and the token that holds it.
public struct HeldLock: Sendable, Hashable {
    /// The lock.
    public var name: LockName
    /// What its holder proves itself by.
    public var token: String

    /// Pairs the two.
    public init(_ name: LockName, token: String) {
        self.name = name
        self.token = token
    }
}

/// A lock that somebody wants to hold.
public struct LockWish: Sendable, Hashable {
    /// The lock and the token that is to hold it.
    public var lock: HeldLock
    /// How long it lasts unless it is extended, at least a millisecond.
    public var length: Duration
    /// The token of a holder who is known to need it no more; see ``Locks/succeed(_:)``.
    public var predecessor: String?

    /// Makes a wish.
    public init(_ lock: HeldLock, length: Duration, predecessor: String? = nil) {
        self.lock = lock
        self.length = length
        self.predecessor = predecessor
    }
}

/// What became of a wish.
public enum LockAnswer: Sendable, Hashable {
    /// The lock is held by the wish's token, for the wish's length.
    case held
    /// Somebody else holds it: their token, as they wrote it.
    case heldBy(String)
    /// Nobody holds it: it ended, or was forgotten. Only for a lock that was to be extended.
    case gone
    /// What is kept in the lock's place, or was answered, is no lock: what it is and what would do. It is as good as no
    /// answer: it neither keeps a run from starting nor guards one.
    case noLock(String)
}

/// Whoever keeps the locks did not answer as they should: what was wrong and what would do.
public struct LockError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In words, without any secret.
    public var description: String

    /// An error in words.
    public init(_ description: String) { self.description = description }
}
