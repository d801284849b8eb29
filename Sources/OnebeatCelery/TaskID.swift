import Onebeat
import OnebeatRedis

/// The id of a task, made of its run's key alone: every node that sends an occurrence sends it under the same one. In Python:
/// `uuid.uuid5(uuid.UUID("8b1a2f9c-3d5e-5a47-9c60-0e7b41d2f386"), "newsletter@2026-11-23T09:30:00Z")`.
enum TaskID {
    private static let namespace: [UInt8] = [
        0x8b, 0x1a, 0x2f, 0x9c, 0x3d, 0x5e, 0x5a, 0x47, 0x9c, 0x60, 0x0e, 0x7b, 0x41, 0xd2, 0xf3, 0x86,
    ]

    /// - Returns: one for all attempts that a node's end made necessary, and another for each try after a failure.
    static func of(_ run: Run) -> String {
        uuid(run.failures == 0 ? run.key : "\(run.key)/retry-\(run.failures)")
    }

    /// Tells messages apart in the workers' accounts.
    static func deliveryTag(of task: String) -> String { uuid("\(task)/delivery") }

    static func uuid(_ name: String) -> String {
        var bytes = Array(SHA1.digest(of: namespace + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x50
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}
