import AsyncHTTPClient
import Foundation
import NIOCore
import Onebeat

/// Makes HTTP calls. Each carries the run's key and the attempt's fence, so that the receiver can drop repeats and
/// refuse a stale caller. What is sent is never logged: it may hold secrets.
public final class HTTPExecutor: Executor {
    /// How many bytes of an answer's body are kept; the rest is not read.
    public static let mostBytes = 256 * 1024
    /// How many redirects are followed.
    public static let mostRedirects = 5

    private let client: HTTPClient
    private let environment: [String: String]
    private let time: any TimeSource

    /// - Parameters:
    ///   - environment: where `${NAME}` in addresses, headers and bodies is looked up when a call is made.
    ///   - time: the clock that time-outs are measured by.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment, time: any TimeSource = SystemTime()
    ) {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .follow(max: Self.mostRedirects, allowCycles: false),
            timeout: .init(connect: .seconds(30)))
        // The job's own retry policy decides whether to try again, and says so in the history.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.environment = environment
        self.time = time
    }

    /// Closes idle connections. Call it when no attempt is left; none can start after it.
    public func shutdown() async throws { try await client.shutdown() }

    /// Makes the call of `claim` and says how it ended; the answer's body goes to `output`.
    public func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        guard case .http(let call) = claim.definition.work else {
            return .failed(Failure("work of kind \(claim.definition.work.kind) is not an HTTP call"))
        }
        let request: HTTPClientRequest
        do {
            request = try self.request(for: call, of: claim)
        } catch {
            return .failed(Failure("\(error)"))
        }
        let end = time.uptime() + call.timeout
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await self.make(request, call, output) }
            group.addTask {
                try? await self.time.sleep(until: end)
                return Task.isCancelled ? nil : .timedOut
            }
            var outcome: Outcome?
            for await ended in group {
                outcome = outcome ?? ended
                group.cancelAll()
            }
            return Task.isCancelled ? .cancelled : outcome ?? .cancelled
        }
    }

    /// - Throws: ``UnfitCall`` naming the key that cannot be expanded.
    private func request(for call: HTTPCall, of claim: Claim) throws -> HTTPClientRequest {
        func expand(_ text: String, _ key: String) throws -> String {
            do {
                return try EnvironmentExpansion.expand(text, environment: environment)
            } catch {
                throw UnfitCall(description: "http.\(key): \(error)")
            }
        }
        var request = HTTPClientRequest(url: try expand(call.url, "url"))
        request.method = .init(rawValue: call.method.uppercased())
        request.headers.add(name: "User-Agent", value: "onebeat/\(OnebeatVersion.current)")
        request.headers.add(name: "Idempotency-Key", value: claim.run.key)
        for (name, value) in call.headers {
            request.headers.replaceOrAdd(name: name, value: try expand(value, "headers.\(name)"))
        }
        let identity = [
            ("Onebeat-Job", claim.run.job),
            ("Onebeat-Run-Key", claim.run.key),
            ("Onebeat-Scheduled-At", "\(claim.run.scheduledAt)"),
            ("Onebeat-Attempt", "\(claim.attempt)"),
            ("Onebeat-Fence", "\(claim.fence)"),
        ]
        for (name, value) in identity { request.headers.replaceOrAdd(name: name, value: value) }
        if let body = call.body { request.body = .bytes(ByteBuffer(string: try expand(body, "body"))) }
        return request
    }

    /// - Returns: `nil` when the surrounding Swift task was cancelled first.
    private func make(_ request: HTTPClientRequest, _ call: HTTPCall, _ output: any OutputSink) async -> Outcome? {
        let failure = HTTPFailure(url: call.url, called: request.url)
        do {
            // The deadline that counts runs beside this call and covers the body too.
            let response = try await client.execute(request, deadline: .distantFuture)
            let start = try await keep(response.body, output)
            return outcome(of: response, to: call, start, failure)
        } catch {
            return Task.isCancelled ? nil : .failed(Failure(failure.words(for: error)))
        }
    }

    /// Streams the body to the output.
    /// - Returns: its first bytes.
    private func keep(_ body: HTTPClientResponse.Body, _ output: any OutputSink) async throws -> [UInt8] {
        var start: [UInt8] = []
        var room = Self.mostBytes
        for try await piece in body {
            let bytes = Array(piece.readableBytesView.prefix(room))
            if start.count < 1024 { start += bytes.prefix(1024 - start.count) }
            room -= bytes.count
            await output.write(bytes, to: .stdout)
            if bytes.count < piece.readableBytes {
                let words = "[onebeat: the answer goes on; \(Self.mostBytes / 1024) KiB of it are kept]\n"
                await output.write(Array(words.utf8), to: .note)
                break
            }
        }
        return start
    }

    private func outcome(
        of response: HTTPClientResponse, to call: HTTPCall, _ start: [UInt8], _ failure: HTTPFailure
    ) -> Outcome {
        let code = Int(response.status.code)
        let isExpected = call.expected.isEmpty ? (200..<300).contains(code) : call.expected.contains(code)
        if isExpected { return .succeeded }
        let wanted = call.expected.isEmpty ? "2xx" : call.expected.map(String.init).joined(separator: " or ")
        return .failed(Failure(failure.words(status: code, wanted: wanted, start), exitCode: code))
    }
}

/// A call that cannot be made as it is written: which key, and what was wrong.
private struct UnfitCall: Error, CustomStringConvertible {
    let description: String
}
