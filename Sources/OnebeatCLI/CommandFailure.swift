import Onebeat
import OnebeatServer

/// Why a command ends, for programs; docs/commands.md lists them. Those from 64 on are those of sysexits.h.
enum ExitStatus: Int32, Sendable {
    /// What was asked for was done.
    case done = 0
    /// What was asked for did not come true: the run failed, a check failed, there is no such job.
    case failed = 1
    /// The definitions differ from what is stored, where that was the question.
    case different = 2
    /// The run that was waited for did not start: skipped, missed or cancelled.
    case notRun = 3
    /// The configuration, or other input, cannot be used as it is.
    case badData = 65
    /// A file that was named, or the store's, is not there.
    case noInput = 66
    /// The store cannot be used.
    case unavailable = 69
    /// The store is busy; the same call may do later.
    case tryLater = 75
    /// A setting is wrong.
    case badSetting = 78
}

/// Ends the command with words and an exit code.
struct CommandFailure: Error {
    /// What was wrong and what would do, problem by problem. Empty when all was said before.
    let problems: [String]
    let exit: ExitStatus

    init(_ problem: String, _ exit: ExitStatus = .failed) { self.init([problem], exit) }

    init(_ problems: [String], _ exit: ExitStatus) {
        self.problems = problems
        self.exit = exit
    }

    /// The end of a command that has said all there is to say.
    static func silent(_ exit: ExitStatus) -> CommandFailure { CommandFailure([], exit) }

    /// The problems in one text.
    var message: String { problems.joined(separator: "\n") }

    /// The problems as they go to standard error.
    var lines: [String] { problems.map { "onebeat: \($0)" } }

    /// The failure that an error means to the user; `nil` for those of the argument parser.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as StoreError: self.init(error)
        case let error as ScheduleError:
            let lines = [error.description, error.picture?.indented].compactMap(\.self)
            self.init(lines.joined(separator: "\n"), .badData)
        case let refusal as ActRefusal:
            self.init(refusal.description.told, refusal.kind == .invalid ? .badData : .failed)
        case let failure as RemoteNode.Failure:
            let exit: ExitStatus =
                switch failure.kind {
                case .refused, .missing, .notAllowed: .failed
                case .badInput: .badData
                case .tryLater: .tryLater
                case .noFile: .noInput
                case .badFile: .badSetting
                }
            self.init(failure.description.told, exit)
        case let error as DefinitionError: self.init(error.description, .badData)
        case let error as ListenError: self.init(error.description, .unavailable)
        case let error as CertificateProblem: self.init(error.description, .badSetting)
        case let error as GuardianError: self.init(error.description, .unavailable)
        default: return nil
        }
    }

    private init(_ error: StoreError) {
        let words = error.description.told
        switch error {
        case .unavailable, .unknownOutcome: self.init(words, .tryLater)
        case .fenced, .notFound, .changed: self.init(words, .failed)
        case .refused: self.init(words, .unavailable)
        case .outdated: self.init(words, .badData)
        }
    }
}

extension String {
    /// Each line two columns to the right.
    var indented: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)" }.joined(separator: "\n")
    }
}
