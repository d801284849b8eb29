import Foundation
import OnebeatTesting

@testable import OnebeatRedis

extension RedisServer {
    /// - Parameter access: `user:password@`
    func address(_ access: String = "", _ rest: String = "") throws -> RedisAddress {
        try RedisAddress("redis://\(access)127.0.0.1:\(port)\(rest)")
    }

    func client(_ access: String = "", _ rest: String = "", patience: Duration = .seconds(20)) throws -> RedisClient {
        RedisClient(try address(access, rest), patience: patience)
    }

    func locks(_ rest: String = "", patience: Duration = .seconds(20)) throws -> RedisLocks {
        RedisLocks(try client("", rest, patience: patience))
    }

    /// Runs a program for Python that has redis-py's `Lock`. `r` is its client; it is handed `arguments` as `sys.argv[1:]`.
    func python(_ program: String, _ arguments: String...) throws -> String {
        let start = "import sys, redis; r = redis.Redis(port=\(port)); "
        return try ServerProcess.finish(["/usr/bin/python3", "-c", start + program] + arguments)
            .trimmingCharacters(in: .newlines)
    }
}

/// Asks again and again until `body` answers: for what another process does when it gets to it.
func eventually<Value>(_ body: () async throws -> Value) async throws -> Value {
    while true {
        do {
            return try await body()
        } catch {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
