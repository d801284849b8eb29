import Foundation
import Glibc
import Synchronization
import Testing

/// A folder of its own with a configuration, a store, and what runs on them.
final class Sandbox: Sendable {
    /// What a command that ended has left.
    struct Finished {
        var code: Int32
        var output: String
        var errors: String
    }

    let folder: String
    private let children = Mutex<[Child]>([])
    private let count = Mutex(0)

    private init() throws {
        let template = Array((NSTemporaryDirectory() + "/onebeat-e2e-XXXXXX").utf8CString)
        let made = template.withUnsafeBufferPointer { strdup($0.baseAddress!) }
        defer { free(made) }
        guard let made, mkdtemp(made) != nil else { throw CocoaError(.fileWriteUnknown) }
        folder = String(cString: made)
    }

    /// Gives `body` a sandbox, and leaves neither processes nor files behind, whatever happens.
    static func with(_ body: (Sandbox) async throws -> Void) async throws {
        let box = try Sandbox()
        do {
            try await body(box)
        } catch {
            await box.clear()
            throw error
        }
        await box.clear()
    }

    /// The binary.
    static let binary = built("onebeat")

    /// A program that was built with the tests: it lies beside the test bundle.
    static func built(_ name: String) -> String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ text: String, to name: String = "onebeat.yaml") throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    func read(_ name: String) -> String { (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? "" }

    func lines(_ name: String) -> [String] { read(name).split(separator: "\n").map(String.init) }

    /// Starts a process that ends with the sandbox at the latest.
    func start(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws -> Child {
        let number = count.withLock {
            $0 += 1; return $0
        }
        let child = try Child(
            arguments, in: folder, environment: environment, input: input, log: path("process-\(number)"))
        children.withLock { $0.append(child) }
        return child
    }

    /// Runs a program to its end.
    func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        within limit: Duration = .seconds(30)
    ) async throws -> Finished {
        let child = try start(arguments, environment: environment, input: input)
        let code = try await child.end(within: limit)
        #expect(code != nil, "\(arguments) still runs after \(limit)")
        if code == nil { child.send(SIGKILL) }
        return Finished(code: code ?? -1, output: child.output, errors: child.errors)
    }

    /// Runs `onebeat` with these arguments to its end.
    func onebeat(
        _ arguments: String..., environment: [String: String] = [:], input: String? = nil
    ) async throws -> Finished {
        try await run([Self.binary] + arguments, environment: environment, input: input)
    }

    /// Asks the store itself, past everything of ours: rows of columns.
    func query(_ sql: String, store: String = "onebeat.db") async throws -> [[String]] {
        let answer = try await run([
            "sqlite3", "-readonly", "-separator", "\t", "-cmd", ".timeout 5000", path(store), sql,
        ])
        #expect(answer.code == 0, "\(answer.errors)")
        return answer.output.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The processes that carry this sandbox in their surroundings: what its jobs started, however they hid.
    var jobProcesses: [pid_t] {
        let mark = Array("SANDBOX=\(folder)".utf8)
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
        return numbers.filter { pid in
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(mark) }
        }
    }

    private func clear() async {
        for child in children.withLock({ $0 }) {
            child.send(SIGKILL)
            _ = try? await child.end(within: .seconds(5))
        }
        for pid in jobProcesses { kill(pid, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
