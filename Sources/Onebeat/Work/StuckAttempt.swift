/// An attempt whose closure was asked to stop and does not: it keeps its slot, and no one but the closure can end it.
struct StuckAttempt: Sendable {
    /// How long a closure may take to end before that is said.
    static let patience = Duration.seconds(30)

    let claim: Claim
    /// Why it was asked.
    let cause: StopCause

    /// What is kept of it.
    func event(by node: String) -> Event {
        Event("run.stuck", job: claim.run.job, run: claim.run.id, actor: node, message: words)
    }

    var words: String {
        let why =
            switch cause {
            case .timeout: "at its time-out"
            case .cancelled: "since somebody cancelled it"
            case .shutdown: "since its node leaves"
            case .leaseLost: "since its node's lease was lost"
            }
        return
            "attempt \(claim.attempt) of \(claim.run.key) was asked to end \(Self.patience.text) ago, \(why), and goes on: its"
            + " closure does not look whether it is cancelled, and keeps its slot until it returns"
    }
}
