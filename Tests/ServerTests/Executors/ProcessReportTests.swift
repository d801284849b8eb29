import Glibc
import Onebeat
import Testing

@testable import OnebeatServer

@Suite struct ProcessReportTests {
    private func outcome(_ change: (inout ProcessRequest, inout ProcessEnd) -> Void) -> Outcome {
        var request = ProcessRequest(["backup"])
        var end = ProcessEnd(result: .exited(code: 0))
        change(&request, &end)
        return ProcessReport(request: request, end: end).outcome
    }

    @Test func aKilledProcessNamesTheLikelyLimit() {
        let cpu = outcome {
            $0.cpu = 5
            $1.result = .killed(signal: Int(SIGXCPU))
            $1.processorTime = .seconds(5)
        }
        #expect(
            cpu.failure?.message == "killed by SIGXCPU (24): it used up its limit of 5 s of processor time (limits.cpu)"
        )
        let memory = outcome {
            $0.memory = 1000
            $1.result = .killed(signal: Int(SIGSEGV))
        }
        #expect(memory.failure?.message.contains("more than its limit of 1000 bytes of memory") == true)
        let refused = outcome {
            $0.memory = 1000
            $1.result = .exited(code: 1)
        }
        #expect(refused.failure?.message.contains("its limit of 1000 bytes (limits.memory)") == true)
        // No limit of ours sends KILL before the processor time is used up.
        let killed = outcome {
            $0.memory = 1000
            $0.cpu = 5
            $1.result = .killed(signal: Int(SIGKILL))
            $1.processorTime = .seconds(5)
        }
        #expect(killed.failure?.message.contains("limit") == false)
        let unexplained = outcome { $1.result = .killed(signal: Int(SIGKILL)) }
        #expect(unexplained.failure?.message.contains("out of memory") == true)
    }

    @Test func whatTheGuardianStoppedMayGoOnElsewhereUnlessItHadEndedWell() {
        let killed = outcome {
            $1.result = .killed(signal: Int(SIGTERM))
            $1.stop = .abandoned
        }
        #expect(killed == .interrupted)
        #expect(outcome { $1.stop = .abandoned } == .succeeded)
        #expect(outcome { $1.stop = .asked } == .succeeded)
        let asked = outcome {
            $1.result = .exited(code: 143)
            $1.stop = .asked
        }
        #expect(asked == .cancelled)
        #expect(outcome { $1.result = .notStarted(.refused, errno: 0) } == .notStarted)
        #expect(outcome { $1.result = .unknown } == .lost)
    }

    @Test func aShellThatFindsNoCommandSaysSo() {
        let outcome = outcome {
            $0.arguments = ["/bin/sh", "-c", "no-such"]
            $1.result = .exited(code: 127)
        }
        #expect(outcome.failure?.message == "exit code 127: the shell did not find the command; look at PATH")
        #expect(outcome.failure?.exitCode == 127)
    }
}
