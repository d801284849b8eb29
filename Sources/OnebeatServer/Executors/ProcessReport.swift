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
        case (_, .asked): .cancelled
        case (.exited(0), _): .succeeded
        // The node may not be trusted with the run any more: somebody else may go on.
        case (_, .abandoned), (.notStarted(.refused, _), _): .interrupted
        case (.exited, nil), (.killed, nil), (.notStarted, nil): .failed(failure)
        }
    }

    private var failure: Failure {
        switch end.result {
        case .exited(let code): Failure(words(forExit: code), exitCode: code)
        case .killed(let signal): Failure(words(forSignal: signal))
        case .notStarted(let step, let errno): Failure("not started: " + words(for: step, errno))
        case .unknown: Failure("its end is unknown")
        }
    }

    private func words(forExit code: Int) -> String {
        let isShell = request.arguments.starts(with: ["/bin/sh", "-c"])
        return switch code {
        case 126 where isShell: "exit code 126: the shell found the command but may not execute it"
        case 127 where isShell: "exit code 127: the shell did not find the command; look at PATH"
        default: "exit code \(code)"
        }
    }

    private func words(forSignal signal: Int) -> String {
        let words = "killed by \(signalText(signal))"
        if let cpu = request.cpu, [SIGXCPU, SIGKILL].contains(CInt(signal)), end.processorTime >= .seconds(cpu) {
            return "\(words): it used up its limit of \(cpu) s of processor time (cpu)"
        }
        if let memory = request.memory, [SIGSEGV, SIGABRT, SIGBUS, SIGKILL].contains(CInt(signal)) {
            return "\(words): it may have needed more than its limit of \(memory) bytes of memory"
        }
        if CInt(signal) == SIGKILL, end.stop == nil {
            return "\(words), and not by Onebeat: when the machine runs out of memory the kernel does that (see dmesg)"
        }
        return words
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
                + "free memory, or raise the limit on processes (ulimit -u)"
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
