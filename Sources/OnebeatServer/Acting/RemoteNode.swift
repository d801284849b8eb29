import Foundation
import NIOCore
import Onebeat

/// A node that is asked over its API, by whoever has no store of their own.
package struct RemoteNode: Sendable {
    /// What went wrong, and whether the same call may do later.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package enum Kind: Sendable {
            case refused, missing, badInput, notAllowed, tryLater
            /// A file that was named is not there, or is not what it should be.
            case noFile, badFile
        }

        package var kind: Kind
        package var description: String
        /// All that is wrong with a file that was sent.
        package var problems: [FileProblem] = []
    }

    /// What a node says that it did.
    package struct Deed: Sendable, Decodable {
        package var words: String
        private var lines: [String]?
        /// The run, or the runs, that came of it.
        package var run: RunResource?
        package var runs: [RunResource]?

        /// A line each.
        package var said: [String] { lines ?? [words] }
    }

    private static let patience = Duration.seconds(30)
    /// The same where a file is read, or a store examined: longer than an answer may take.
    private static let longPatience = Duration.seconds(75)
    private static let mostBytes = 32 * 1024 * 1024

    private let address: HTTPAddress
    private let token: String?
    private let trust: Trust
    private let authorities: String?

    /// - Throws: ``Failure`` for what is no address, and for a token that could be read on the way.
    /// - Parameter authorities: the PEM file of who may have signed its certificate; those that the machine knows when `nil`.
    package init(
        _ url: String, token: String?, authorities: String? = nil, environment: [String: String]
    ) throws(Failure) {
        do {
            address = try HTTPAddress(url)
        } catch {
            throw Failure(kind: .badInput, description: "the server \"\(SecretAddress(url))\" \(error)")
        }
        guard address.target == "/", address.credentials == nil else {
            throw Failure(
                kind: .badInput,
                description: "the server is \(address.origin) and no more: without a path, a name or a password")
        }
        if let token, token.isEmpty || !token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
            throw Failure(kind: .badInput, description: "ONEBEAT_TOKEN is no token; `onebeat tokens create` makes one")
        }
        guard token == nil || address.isSecure || ListenAddress.isLoopback(address.host) else {
            throw Failure(
                kind: .badInput,
                description: "a token that goes to \(address.origin) can be read on the way; use https://")
        }
        self.token = token
        self.authorities = authorities
        trust = Trust(environment: environment)
        if let authorities { try Self.check(authorities, by: trust) }
    }

    /// What would not do another time either is said before anything is asked.
    private static func check(_ authorities: String, by trust: Trust) throws(Failure) {
        guard FileManager.default.fileExists(atPath: authorities) else {
            throw Failure(
                kind: .noFile,
                description: "there is no file \(authorities); --ca (or ONEBEAT_CA) names the PEM file of who may have"
                    + " signed the node's certificate")
        }
        do {
            _ = try trust.context(authorities: authorities)
        } catch {
            throw Failure(kind: .badFile, description: "\(error) (--ca, or ONEBEAT_CA)")
        }
    }

    /// Whether what is sent cannot be read on the way.
    package var isPrivate: Bool { address.isSecure || ListenAddress.isLoopback(address.host) }

    /// Where it is.
    package var origin: String { address.origin }

    /// Sends a configuration file as it is, and reads what came of it.
    package func send<Answer: Decodable>(_ text: String, to path: String) async throws -> Answer {
        try decode(try await ask("POST", path, Array(text.utf8), as: "application/yaml", within: Self.longPatience))
    }

    /// Reads something that takes long to find out.
    package func readLong<Answer: Decodable>(_ path: String) async throws -> Answer {
        try decode(try await ask("GET", path, [], within: Self.longPatience))
    }

    /// Reads all pages of a list.
    package func readAll<Item: Decodable>(_ path: String) async throws -> [Item] {
        var (items, after): ([Item], String?) = ([], nil)
        repeat {
            let page: Page<Item> = try await read(Address.query(path, [("limit", "1000"), ("after", after)]))
            items += page.items
            after = page.next
        } while after != nil
        return items
    }

    private struct Page<Item: Decodable>: Decodable {
        var items: [Item]
        var next: String?
    }

    /// Does something. Asked for again under the same `request`, it is done once.
    /// - Parameter path: below `/api/v1`, encoded.
    /// - Returns: the answer's body.
    package func act(
        _ path: String, _ fields: [String: JSONValue] = [:], method: String = "POST"
    ) async throws -> [UInt8] {
        try await ask(method, path, method == "POST" ? Array(JSONValue.object(fields).text.utf8) : [])
    }

    /// Does something, and reads what came of it.
    package func does<Answer: Decodable>(
        _ path: String, _ fields: [String: JSONValue], method: String = "POST"
    ) async throws -> Answer {
        try decode(try await act(path, fields, method: method))
    }

    /// Reads something.
    /// - Parameter path: below `/api/v1`, encoded, with its parameters.
    package func read<Answer: Decodable>(_ path: String) async throws -> Answer {
        try decode(try await ask("GET", path, []))
    }

    /// Reads something that may not be there.
    package func readIfThere<Answer: Decodable>(_ path: String) async throws -> Answer? {
        do {
            return try await read(path) as Answer
        } catch let failure as Failure where failure.kind == .missing {
            return nil
        }
    }

    private func decode<Answer: Decodable>(_ body: [UInt8]) throws -> Answer {
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Answer.self, from: Data(body))
        } catch {
            throw Failure(
                kind: .refused,
                description:
                    "\(address.origin) answers what is not understood: it is no node of Onebeat, or not of the version of this"
                    + " command, \(OnebeatVersion.current)")
        }
    }

    private func ask(
        _ method: String, _ path: String, _ body: [UInt8], as type: String = "application/json",
        within patience: Duration = patience
    ) async throws -> [UInt8] {
        var target = address
        target.target = "/api/v1" + path
        var headers = [("Accept", "application/json")]
        if !body.isEmpty { headers.append(("Content-Type", type)) }
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        let request = HTTPRequest(
            method: method, address: target, headers: headers.map { (name: $0.0, value: $0.1) },
            body: body.isEmpty ? nil : body)
        let (status, answer) = try await answer(to: request, within: patience)
        guard (200..<300).contains(status) else { throw failure(status, answer) }
        return answer
    }

    /// A path below `/api/v1` with those of the parameters that have a value.
    package static func query(_ path: String, _ parameters: [(String, String?)]) -> String {
        Address.query(path, parameters)
    }

    /// A job's or a run's address below `/api/v1`.
    package static func path(_ kind: String, _ name: String, _ deed: String? = nil) -> String {
        "/\(kind)/\(Address.encoded(name))\(deed.map { "/\($0)" } ?? "")"
    }

    private func answer(
        to request: HTTPRequest, within patience: Duration
    ) async throws -> (status: Int, body: [UInt8]) {
        do {
            return try await withThrowingTaskGroup { group in
                group.addTask { try await exchange(request) }
                group.addTask {
                    try await Task.sleep(for: patience)
                    throw AnswerProblem("it did not answer within \(patience.text)")
                }
                defer { group.cancelAll() }
                guard let first = try await group.next() else { throw CancellationError() }
                return first
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            let failure = HTTPFailure(url: address.origin + "/", called: address)
            let words = failure.words(for: error).replacing("http.ca, or in", with: "--ca, or in").replacing(
                "http.ca", with: "--ca")
            // What SSL_CERT_FILE names is not there another time either.
            throw Failure(kind: error is TrustProblem ? .badFile : .tryLater, description: words)
        }
    }

    private func exchange(_ request: HTTPRequest) async throws -> (status: Int, body: [UInt8]) {
        let context = address.isSecure ? try trust.context(authorities: authorities) : nil
        let connection = try await HTTPConnection.open(to: address, within: .seconds(10))
        defer { connection.close() }
        if let context { try await connection.secure(context, host: address.host) }
        connection.send(request.bytes())
        var reader = AnswerReader()
        var (status, body): (Int, [UInt8]) = (0, [])
        while !reader.isDone {
            let parts = try await connection.receive().map { bytes in try reader.read(bytes) } ?? reader.readEnd()
            for part in parts {
                switch part {
                case .head(let head): status = head.status
                case .body(let bytes): body += bytes
                case .end: break
                }
            }
            if body.count > Self.mostBytes { throw AnswerProblem("its answer is larger than 32 MiB") }
        }
        return (status, body)
    }

    /// What a node says of a request that it refuses, and nobody else in these words.
    private struct Told: Decodable {
        var detail: String
        var instance: String
        var problems: [FileProblem]?
    }

    private func failure(_ status: Int, _ body: [UInt8]) -> Failure {
        let told = try? JSONDecoder().decode(Told.self, from: Data(body))
        let words =
            told?.detail
            ?? "\(address.origin) answered with status \(status): it is no node of Onebeat, or something stands before it"
        let kind: Failure.Kind =
            switch status {
            case 401, 403: .notAllowed
            case 400, 413, 415, 422: .badInput
            case 404 where told != nil: .missing
            case 429, 500...: .tryLater
            default: .refused
            }
        let hint = status == 401 && token == nil ? " (ONEBEAT_TOKEN is empty)" : ""
        return Failure(kind: kind, description: words + hint, problems: told?.problems ?? [])
    }
}
