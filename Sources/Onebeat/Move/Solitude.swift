/// What a run that lost its workers again and again may run beside: nothing.
///
/// A closure that traps takes its process with it, and all that runs there. Which of those runs it was cannot be told from
/// outside, so none of them is held guilty. Each that was there too often is tried alone: then it is the one, or it is not.
public enum Solitude {
    /// How long such a run waits, once due, for a node on which nothing runs. After that it starts beside others, since a
    /// busy cluster may have none; a process that has just started again does.
    public static let patience = Duration.seconds(10)
    /// For how long nothing starts beside it.
    public static let length = Duration.seconds(60)

    /// Which of the due runs a claim may decide on.
    /// - Parameter isIdle: whether nothing runs on the node.
    /// - Returns: on such a node one that must be alone, if there is any, and nothing else; else all but those.
    package static func choose(among due: [Run], isIdle: Bool, at now: Timestamp) -> (runs: [Run], isAlone: Bool) {
        if isIdle, let suspect = due.first(where: \.mustBeAlone) { return ([suspect], true) }
        return (due.filter { !$0.mustBeAlone || now > $0.dueAt + patience }, false)
    }
}

extension Run {
    /// Whether it starts where nothing else runs, since it lost its workers too often.
    package var mustBeAlone: Bool { crashes >= Settlement.crashLimit }
}
