import Logging

extension Logger {
    /// One line for each run that was not started in time, so that the log of a node tells what the pages tell. Attempts that
    /// fail are told where they end, and runs that were lost where they are taken over.
    func tell(ofMissed runs: [Run]) {
        for run in runs where run.state == .missed {
            warning(
                "run missed",
                metadata: [
                    "job": "\(run.job)", "run": "\(run.key)", "outcome": "\(run.state.rawValue)",
                    "why": "\(run.message ?? run.reason?.sentence ?? "")",
                ])
        }
    }
}
