import Foundation
import NIOCore
import Onebeat
import Synchronization

/// Makes HTTP calls. Each carries the run's key and the attempt's fence, so that the receiver can drop repeats and
/// refuse a stale caller. What is sent is never logged: it may hold secrets.
package final class HTTPExecutor: Executor {
    /// How many bytes of an answer's body are kept; the rest is not read.
    package static let mostBytes = 256 * 1024

    private let environment: [String: String]
    private let time: any TimeSource
    private let proxies: ProxySettings
    private let trust: Trust

    /// - Parameters:
    ///   - environment: where `${NAME}` in addresses, headers and bodies is looked up when a call is made, and which
    ///     proxy and which authorities there are (`https_proxy`, `SSL_CERT_FILE` and their like).
    ///   - time: the clock that time-outs are measured by.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, time: any TimeSource = SystemTime()
    ) {
        self.environment = environment
        self.time = time
        proxies = ProxySettings(environment: environment)
        trust = Trust(environment: environment)
    }

    /// Makes the call of `claim` and says how it ended; the answer's body goes to `output`.
    package func execute(_ claim: Claim, output: any OutputSink) async -> Outcome {
        guard case .http(let call) = claim.definition.work else {
            return .failed(Failure("work of kind \(claim.definition.work.kind) is not an HTTP call"))
        }
        let request: HTTPRequest
        do {
            request = try self.request(for: call, of: claim)
        } catch {
            return .failed(Failure("\(error)"))
        }
        let end = time.uptime() + call.timeout
        let progress = Progress()
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await self.make(request, call, claim, progress, output) }
            group.addTask {
                try? await self.time.sleep(until: end)
                return Task.isCancelled ? nil : progress.failure.map { .failed($0) } ?? .timedOut
            }
            var outcome: Outcome?
            for await ended in group {
                // An answer that says that all is well counts, also when it came as the call was given up.
                outcome = ended == .succeeded ? ended : outcome ?? ended
                group.cancelAll()
            }
            return outcome ?? .cancelled
        }
    }

    // MARK: The request

    /// - Throws: ``UnfitCall`` naming the key that cannot be used, and never its value.
    private func request(for call: HTTPCall, of claim: Claim) throws(UnfitCall) -> HTTPRequest {
        let names = claim.definition.valueNames
        let template = names.isEmpty ? nil : ValueTemplate(parents: names, input: claim.input)
        func expand(_ text: String, _ key: String, _ place: ValueTemplate.Place) throws(UnfitCall) -> String {
            do {
                guard let template else { return try EnvironmentExpansion.expand(text, environment: environment) }
                // A value is what somebody else wrote: no variable is looked for in it.
                return try template.fill(text, for: place) { text throws(EnvironmentExpansion.Failure) in
                    try EnvironmentExpansion.expand(text, environment: environment)
                }
            } catch {
                throw UnfitCall(description: "http.\(key): \(error)")
            }
        }
        let address: HTTPAddress
        let url = try expand(call.url, "url", .address)
        do {
            address = try HTTPAddress(url)
        } catch {
            throw UnfitCall(description: "\(SecretAddress(call.shownAddress(of: claim))) \(error)")
        }
        let method = call.method.uppercased()
        guard HTTPRequest.isToken(method), method != "CONNECT" else {
            throw UnfitCall(description: "http.method: \(quoted(call.method)) is no method of a call")
        }
        var headers = Self.identity(of: claim)
        for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
            let value = try expand(value, "headers.\(name)", .header)
            guard HTTPRequest.isToken(name) else {
                throw UnfitCall(description: "http.headers: \(quoted(name)) is not a header's name")
            }
            guard !HTTPRequest.reserved.contains(name.lowercased()) else {
                throw UnfitCall(description: "http.headers.\(name): is set by the call itself; leave it out")
            }
            guard HTTPRequest.isFieldValue(value) else {
                throw UnfitCall(
                    description: "http.headers.\(name): has a line break or a control character in it, which no header"
                        + " can carry; a variable that was read from a file may end in one")
            }
            headers.append((name, value))
        }
        headers += [
            ("User-Agent", "onebeat/\(OnebeatVersion.current)"), ("Idempotency-Key", claim.run.key.asFieldValue),
        ]
        let body = try call.body.map { (text) throws(UnfitCall) in Array(try expand(text, "body", call.bodyPlace).utf8)
        }
        return HTTPRequest(method: method, address: address, headers: headers, body: body)
    }

    /// Who calls: these headers cannot be given otherwise.
    private static func identity(of claim: Claim) -> [(name: String, value: String)] {
        [
            ("Onebeat-Job", claim.run.job.asFieldValue), ("Onebeat-Run-Key", claim.run.key.asFieldValue),
            ("Onebeat-Scheduled-At", "\(claim.run.scheduledAt)"), ("Onebeat-Attempt", "\(claim.attempt)"),
            ("Onebeat-Fence", "\(claim.fence)"),
        ]
    }

    // MARK: The call

    /// What is known of a call that is under way.
    private final class Progress: Sendable {
        private let state = Mutex<Failure?>(nil)

        /// That it failed whatever its answer's body will be: its status is not one that was expected.
        var failure: Failure? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    /// - Returns: `nil` when the surrounding Swift task was cancelled first.
    private func make(
        _ request: HTTPRequest, _ call: HTTPCall, _ claim: Claim, _ progress: Progress, _ output: any OutputSink
    ) async -> Outcome? {
        var request = request
        var failure = HTTPFailure(url: call.shownAddress(of: claim), called: request.address)
        do {
            for hop in 0... {
                var answer = try await Answer(to: request, self, call, &failure)
                defer { answer.close() }
                guard let next = try failure.redirect(answer.head, of: request, call, hop, Self.identity(of: claim))
                else {
                    return try await end(of: &answer, to: call, claim, failure, progress, output)
                }
                request = next
            }
            return nil
        } catch {
            return Task.isCancelled ? nil : .failed(Failure(failure.words(for: error)))
        }
    }

    private func end(
        of answer: inout Answer, to call: HTTPCall, _ claim: Claim, _ failure: HTTPFailure, _ progress: Progress,
        _ output: any OutputSink
    ) async throws -> Outcome {
        let status = answer.head.status
        let isExpected = call.accepts(status)
        if !isExpected { progress.failure = failure.failure(of: answer.head, to: call, []) }
        do {
            let most = isExpected && call.handsOnBody ? RunValue.mostBytes + 1 : 1024
            let start = try await keep(&answer, output, most)
            guard isExpected else {
                return .failed(
                    failure.failure(of: answer.head, to: call, claim.definition.hasSecretOutput ? [] : start))
            }
            return call.handsOnBody ? await handOn(start, output) : .succeeded
        } catch {
            // The status says that it failed, and more than a body that broke off would.
            if let failure = progress.failure, !Task.isCancelled { return .failed(failure) }
            throw error
        }
    }

    private func handOn(_ body: [UInt8], _ output: any OutputSink) async -> Outcome {
        do {
            await output.handOn(try RunValue(json: body))
            return .succeeded
        } catch {
            return .failed(Failure("the answer's body cannot be handed on: \(error)"))
        }
    }

    /// Streams the body to the output.
    /// - Returns: its first bytes, at most `most`.
    private func keep(_ answer: inout Answer, _ output: any OutputSink, _ most: Int) async throws -> [UInt8] {
        var start: [UInt8] = []
        var room = Self.mostBytes
        while let piece = try await answer.body() {
            let bytes = Array(piece.prefix(room))
            if start.count < most { start += bytes.prefix(most - start.count) }
            room -= bytes.count
            if !bytes.isEmpty { await output.write(bytes, to: .stdout) }
            if bytes.count < piece.count {
                let words = "[onebeat: the answer goes on; \(Self.mostBytes / 1024) KiB of it are kept]\n"
                await output.write(Array(words.utf8), to: .note)
                break
            }
        }
        return start
    }

    /// An answer as it comes: its head at first, then its body piece by piece.
    private struct Answer {
        private let connection: HTTPConnection
        private var reader: AnswerReader
        private var parts: ArraySlice<AnswerReader.Part> = []
        private(set) var head = AnswerHead(status: 0)

        /// Sends the request on a connection of its own and waits for the answer's head.
        init(
            to request: HTTPRequest, _ executor: HTTPExecutor, _ call: HTTPCall, _ failure: inout HTTPFailure
        ) async throws {
            let address = request.address
            let proxy = try executor.proxies.proxy(for: address)
            failure.called(address, through: proxy)
            // Read before anybody is connected to: a file that is not there is no fault of the server's.
            let context = address.isSecure ? try executor.trust.context(authorities: call.authorities) : nil
            connection = try await HTTPConnection.open(
                to: proxy ?? address, within: .milliseconds(Self.patience(of: call)))
            reader = AnswerReader(hasNoBody: request.method == "HEAD")
            do {
                if let context {
                    if let proxy { try await tunnel(to: address, through: proxy) }
                    try await connection.secure(context, host: address.host)
                }
                connection.send(request.bytes(through: address.isSecure ? nil : proxy))
                guard case .head(let head)? = try await next() else { throw AnswerProblem("there was no answer") }
                self.head = head
            } catch {
                connection.close()
                throw error
            }
        }

        func close() { connection.close() }

        /// How long to wait for a connection, in milliseconds: half a minute is what networks need at the worst.
        private static func patience(of call: HTTPCall) -> Int64 {
            // Ours: it is at most half a minute.
            call.timeout > .seconds(30) ? 30_000 : max(1, Int64(call.timeout.inSeconds * 1000))
        }

        /// The next bytes of the body; `nil` after its end.
        mutating func body() async throws -> [UInt8]? {
            if case .body(let bytes)? = try await next() { return bytes }
            return nil
        }

        private mutating func next() async throws -> AnswerReader.Part? {
            while parts.isEmpty, !reader.isDone {
                if let bytes = try await connection.receive() {
                    parts = try reader.read(bytes)[...]
                } else {
                    parts = try reader.readEnd()[...]
                }
            }
            return parts.popFirst()
        }

        /// Has the proxy connect us to the address itself.
        private func tunnel(to address: HTTPAddress, through proxy: HTTPAddress) async throws {
            connection.send(HTTPRequest.tunnel(to: address, through: proxy))
            var reader = AnswerReader(hasNoBody: true)
            while let bytes = try await connection.receive() {
                guard case .head(let head)? = try reader.read(bytes).first else { continue }
                guard (200..<300).contains(head.status) else {
                    throw ProxyProblem(
                        "the proxy \(proxy.place) answered with status \(head.status) to the wish for a connection")
                }
                return
            }
            throw ProxyProblem("the proxy \(proxy.place) closed the connection without an answer")
        }
    }
}

extension HTTPCall {
    /// Whether an answer of this status is a success.
    func accepts(_ status: Int) -> Bool {
        expected.isEmpty ? (200..<300).contains(status) : expected.contains(status)
    }
}

extension String {
    /// With control characters as `%XX`, so that it can stand in a header.
    var asFieldValue: String {
        if HTTPRequest.isFieldValue(self) { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.value < 0x20 || scalar.value == 0x7f {
                text += (scalar.value < 16 ? "%0" : "%") + String(scalar.value, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

/// A call that cannot be made as it is written: which key, and what was wrong.
private struct UnfitCall: Error, CustomStringConvertible {
    let description: String
}

extension HTTPCall {
    /// Its address for words on its end: with what jobs handed on that keep nothing secret, and with `${NAME}` as it was
    /// written.
    fileprivate func shownAddress(of claim: Claim) -> String {
        if let alias { return alias }
        let names = claim.definition.valueNames
        guard !names.isEmpty else { return url }
        return ValueTemplate(parents: names, input: claim.input).shown(url, showing: claim.shownInputs)
    }
}
