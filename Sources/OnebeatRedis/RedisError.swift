/// What can go wrong between this program and a Redis server. No message holds a password.
public enum RedisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server could not be reached; nothing was sent.
    case unavailable(String)
    /// Something was sent and no answer came: it may have happened.
    case unknownOutcome(String)
    /// The server, or what was asked of it, is not as it should be; trying again will not help.
    case refused(String)

    /// What went wrong and what would do.
    public var description: String {
        switch self {
        case .unavailable(let what), .unknownOutcome(let what), .refused(let what): what
        }
    }
}
