import Glibc
import Onebeat

/// Puts the end of a process into an outcome, in words that help whoever reads them at night.
package struct ProcessReport {
    let request: ProcessRequest
    let end: ProcessEnd

    package init(request: ProcessRequest, end: ProcessEnd) {
        self.request = request
        self.end = end
    }

    package var outcome: Outcome {
        switch (end.result, end.stop) {
        case (.unknown, _): .lost
        // Also when it was told to stop: 0 is its own word that its work is done.
        case (.exited(0), _): .succeeded
        // The node may not be trusted with the run any more: somebody else may go on.
        case (.notStarted(.refused, _), _): .notStarted
        case (_, .asked): .cancelled
        case (_, .abandoned): .interrupted
        case (.exited, nil), (.killed, nil), (.notStarted, nil), (.orphaned, nil): .failed(failure)
        }
    }

    private var failure: Failure {
        switch end.result {
        case .exited(let code): Failure(words(forExit: code), exitCode: code)
        case .killed(let signal): Failure(words(forSignal: signal))
        case .notStarted(let step, let errno): Failure("not started: " + words(for: step, errno))
        case .orphaned(let signal):
            Failure(
                "killed together with its keeper, the process between it and the node's guardian, which somebody sent "
                    + "\(signalText(signal)); a job must not signal its parent ($PPID)")
        case .unknown: Failure("its end is unknown")
        }
    }

    private func words(forExit code: Int) -> String {
        let words = "exit code \(code)"
        let isShell = request.arguments.starts(with: ["/bin/sh", "-c"])
        if isShell, code == 126 { return "\(words): the shell found the command but may not execute it" }
        if isShell, code == 127 { return "\(words): the shell did not find the command; look at PATH" }
        // Limits hold for each process of the job, and its first one lives to tell of another's end.
        if code > 128, let reason = reason(forSignal: code - 128) {
            return "\(words), as of a command that \(signalText(code - 128)) ended: \(reason)"
        }
        if isShell, (129...159).contains(code) {
            return "\(words), as of a command that \(signalText(code - 128)) ended"
        }
        if code != 0, let memory = request.memory {
            return "\(words); where it speaks of memory, its limit of \(memory) bytes (limits.memory) is why"
        }
        return words
    }

    private func words(forSignal signal: Int) -> String {
        let words = "killed by \(signalText(signal))"
        if let reason = reason(forSignal: signal) { return "\(words): \(reason)" }
        if CInt(signal) == SIGKILL {
            return "\(words), and not by Onebeat: when the machine runs out of memory the kernel does that (see dmesg)"
        }
        return words
    }

    /// What a limit of the job has to do with a signal. The kernel sends XCPU at the limit of processor time, and a second
    /// later KILL. The limit of memory sends nothing: a program is refused more, and most end themselves then.
    private func reason(forSignal signal: Int) -> String? {
        switch CInt(signal) {
        case SIGXCPU:
            return request.cpu.map { "it used up its limit of \($0) s of processor time (limits.cpu)" }
        case SIGKILL:
            guard let cpu = request.cpu, end.processorTime >= .seconds(cpu) + .milliseconds(900) else { return nil }
            return "it used up its limit of \(cpu) s of processor time, and a second more (limits.cpu)"
        case SIGSEGV, SIGABRT:
            return request.memory.map {
                "it may have needed more than its limit of \($0) bytes of memory (limits.memory)"
            }
        default: return nil
        }
    }

    private func words(for step: ProcessEnd.Step, _ number: CInt) -> String {
        switch step {
        case .program: words(forProgram: number)
        case .directory:
            "directory \"\(request.directory ?? "")\": \(errorText(number)); create it, or correct `dir`"
        case .user:
            "the node may not become user \"\(request.user?.name ?? "")\": \(errorText(number)); run it as root"
        case .nice:
            "niceness \(request.nice ?? 0): \(errorText(number)); only root may go below the node's own"
        case .limits:
            "the limits on memory or cpu: \(errorText(number)); they may not exceed the node's own (ulimit -H)"
        case .process:
            "the system has no room for one more process: \(errorText(number)); "
                + "free memory, or raise the limit on processes (ulimit -u; TasksMax= of the unit; pids.max)"
        case .room: "the node has more jobs running than it can keep watch over; give it fewer slots"
        case .order: "the guardian could not read the order: \(errorText(number))"
        case .refused: "the node's lease had passed"
        }
    }

    private func words(forProgram number: CInt) -> String {
        let program = request.arguments.first ?? ""
        switch number {
        case ENOENT where !program.contains("/"):
            let path = request.environment["PATH"] ?? "/bin:/usr/bin"
            return "program \"\(program)\" was not found in PATH (\(path)); install it, or give its whole path"
        case ENOENT where access(program, F_OK) == 0:
            return "program \"\(program)\" is there, but the interpreter its first line names is not; correct that line"
        case ENOENT:
            return "program \"\(program)\" does not exist; correct the path, or install it"
        case EACCES:
            return "program \"\(program)\" may not be executed: \(errorText(number)); chmod +x it, or correct the path"
        case E2BIG:
            return "program \"\(program)\": arguments and environment are too long; pass what is large in a file"
        default:
            return "program \"\(program)\": \(errorText(number))"
        }
    }
}
