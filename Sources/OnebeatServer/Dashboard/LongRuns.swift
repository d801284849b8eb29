import Onebeat

/// Runs that took far longer than usual, however they ended, and those that do now.
struct LongRuns {
    struct Line: Equatable {
        var run: Run
        var length: Duration
        /// What nineteen of twenty others that ended well took at most.
        var usual: Duration
    }

    /// How many are listed.
    static let most = 10

    /// The newest first.
    let lines: [Line]

    /// - Parameter runs: the newest of a job, the newest first.
    init(_ runs: [Run], at now: Timestamp) {
        let successes = runs.filter { $0.state == .succeeded }
        lines = Array(
            runs.lazy.compactMap { run -> Line? in
                guard let start = run.startedAt, let end = run.state == .running ? now : run.finishedAt else {
                    return nil
                }
                let length = end.duration(since: start)
                guard let usual = UsualLength.of(run, among: successes), UsualLength.isFar(length, beyond: usual) else {
                    return nil
                }
                return Line(run: run, length: length, usual: usual)
            }.prefix(Self.most))
    }

    func html(_ words: Words) -> HTML? {
        guard !lines.isEmpty else { return nil }
        let items = lines.map { line in
            let run: HTML = "<a href=\"\(Address.run(line.run.id))\">\(say("run \("\(line.run.id)")"))</a>"
            let (length, usual) = (Words.exact(line.length), Words.exact(line.usual))
            let sentence =
                line.run.state == .running
                ? say("\(run) has been running for \(length): usually it takes \(usual) at most.")
                : say(
                    "\(run) took \(length), \(words.relative(line.run.finishedAt)): usually it takes \(usual) at most.")
            return "<li>\(line.run.state.badge) \(sentence)</li>\n" as HTML
        }
        return "<h3>\(say("Longer than usual"))</h3>\n<ul class=\"long-runs\">\(items)</ul>"
    }
}
