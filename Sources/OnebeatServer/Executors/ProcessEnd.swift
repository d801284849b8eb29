import CGuardian
import Glibc

/// How a process ended. It is given out when neither the process nor anything it started is alive any more.
package struct ProcessEnd: Sendable, Equatable {
    /// What became of the process itself.
    package enum Result: Sendable, Equatable {
        case exited(code: Int)
        case killed(signal: Int)
        case notStarted(Step, errno: CInt)
        /// Its keeper, the process between it and the guardian, was killed by a signal, and it with it.
        case orphaned(signal: Int)
        /// It ran, but whoever watched it was killed. It is dead; how it ended is unknown.
        case unknown
    }

    /// What could not be done on the way to a running program.
    package enum Step: Sendable, Equatable {
        case refused, process, room, order, directory, nice, limits, user, program
    }

    /// Who stopped it before its own end. What outlives it may be stopped too; that is not its own end.
    package enum Stop: Sendable, Equatable {
        case asked
        /// The deadline passed.
        case abandoned
    }

    package var result: Result
    package var stop: Stop? = nil
    /// The process id it had; 0 when it did not start.
    package var processID = 0
    /// Processes it left behind, which had to be ended.
    package var leftovers = 0
    /// Processor time of the process and the children it waited for.
    package var processorTime = Duration.zero
    /// The most memory it held at once, in bytes.
    package var peakMemory = 0

    /// A process of which nothing is known but that it is dead.
    static let unknown = ProcessEnd(result: .unknown)

    init(result: Result) {
        self.result = result
    }

    package init(_ report: guardian_report) {
        result = Result(report)
        stop =
            switch UInt32(bitPattern: report.stop) {
            case guardian_stop_asked.rawValue: .asked
            case guardian_stop_abandoned.rawValue: .abandoned
            default: nil
            }
        processID = Int(report.pid)
        leftovers = Int(report.leftovers)
        processorTime =
            .microseconds(Int64(clamping: report.user_us)) + .microseconds(Int64(clamping: report.system_us))
        peakMemory = Int(clamping: report.peak_kb.multipliedReportingOverflow(by: 1024).partialValue)
    }
}

extension ProcessEnd.Result {
    fileprivate init(_ report: guardian_report) {
        let step: ProcessEnd.Step
        switch guardian_step(UInt32(bitPattern: report.step)) {
        case guardian_step_none:
            let signal = report.status & 0x7f
            self = signal == 0 ? .exited(code: Int(report.status >> 8) & 0xff) : .killed(signal: Int(signal))
            return
        case guardian_step_keeper:
            self = .orphaned(signal: Int(report.error))
            return
        case guardian_step_refused: step = .refused
        case guardian_step_fork: step = .process
        case guardian_step_full: step = .room
        case guardian_step_directory: step = .directory
        case guardian_step_nice: step = .nice
        case guardian_step_limits: step = .limits
        case guardian_step_user: step = .user
        case guardian_step_program: step = .program
        default: step = .order
        }
        self = .notStarted(step, errno: report.error)
    }
}
