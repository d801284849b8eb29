import Foundation
import Onebeat

/// What the result backend says of a task. Whoever wrote it may have written anything: what is not understood is said.
package enum TaskState: Sendable, Equatable {
    /// A worker has begun it; only applications with `task_track_started` say so.
    case started(by: String)
    /// It failed and its worker sends it again.
    case retrying(String)
    /// A state of the task's own.
    case other(String)
    /// It ended well, with this result as JSON.
    case succeeded(String)
    /// It failed: why, and where in its code.
    case failed(String, traceback: String)
    /// Its worker dropped or ended it since somebody said so.
    case revoked(String)
    /// It has a result that is none for us, and why.
    case unreadable(String)

    /// Of a result no more is read, in bytes.
    package static let mostBytes = 256 * 1024
    /// How much of words is kept, in bytes.
    private static let mostWords = 4000

    /// Whether nothing follows.
    package var isTerminal: Bool {
        switch self {
        case .started, .retrying, .other: false
        case .succeeded, .failed, .revoked, .unreadable: true
        }
    }

    /// - Parameter bytes: the first ``mostBytes`` of what is stored, and no more.
    package init(_ bytes: [UInt8]) {
        guard let members = JSONMembers(bytes), let word = members.members["status"],
            let status = try? JSONDecoder().decode(String.self, from: Data(word)),
            members.isWhole || bytes.count >= Self.mostBytes
        else {
            self = Self.notRead(bytes)
            return
        }
        guard members.isWhole else {
            self = Self.cut(bytes, status)
            return
        }
        let written = members.members["result"] ?? []
        let result = JSONMembers.read(written)
        switch status {
        // As it was written, where that is no JSON: the task ended well whatever it returned.
        case "SUCCESS":
            let isJSON = (try? JSONValue(json: written)) != nil
            self = .succeeded(isJSON ? result.text : String(decoding: written, as: UTF8.self))
        case "FAILURE": self = .failed(Self.words(of: result), traceback: Self.text(of: members["traceback"]))
        case "REVOKED": self = .revoked(Self.words(of: result))
        case "STARTED":
            let parts = [result.members?["hostname"], result.members?["pid"]].compactMap(\.self)
            self = .started(by: Self.shortened(parts.map(Self.text).joined(separator: ", process ")))
        case "RETRY": self = .retrying(Self.words(of: result))
        case "PENDING", "RECEIVED": self = .other(status)
        default: self = .other(Self.shortened("\(status) \(result.text)"))
        }
    }

    private static func notRead(_ bytes: [UInt8]) -> TaskState {
        if bytes.count >= mostBytes {
            return .unreadable("its result has more than \(mostBytes / 1024) KiB and does not begin as Celery's do")
        }
        let start = String(decoding: bytes.prefix(100), as: UTF8.self)
        return .unreadable(
            bytes.first == 0x80
                ? "its result is pickled, which only Python can read; set result_serializer to json in the application"
                : "its result is not what Celery writes: \(shortened(start, to: 60))")
    }

    /// How a task ended stands at the beginning.
    private static func cut(_ bytes: [UInt8], _ status: String) -> TaskState {
        let kept = String(decoding: bytes, as: UTF8.self)
        let cut = "\(kept)\n[onebeat: the result goes on; \(mostBytes / 1024) KiB of it are kept]"
        return switch status {
        case "SUCCESS": .succeeded(cut)
        case "FAILURE": .failed("it failed with a very long result", traceback: cut)
        case "REVOKED": .revoked("it was revoked")
        default: .unreadable("its result has more than \(mostBytes / 1024) KiB")
        }
    }

    /// An exception: its type and what it says.
    private static func words(of result: JSONValue) -> String {
        guard let members = result.members else { return shortened(text(of: result)) }
        let type = text(of: members["exc_type"])
        let message: String =
            switch members["exc_message"] {
            case .array(let parts)?: parts.map { text(of: $0) }.joined(separator: ", ")
            case let other: text(of: other)
            }
        return shortened([type, message].filter { !$0.isEmpty }.joined(separator: ": "))
    }

    private static func text(of value: JSONValue?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case let other?: other.text
        }
    }

    private static func text(of value: JSONValue) -> String { text(of: Optional(value)) }

    /// Bounded, and without control characters.
    private static func shortened(_ text: String, to most: Int = mostWords) -> String {
        let printable = text.unicodeScalars.map { scalar in
            scalar != "\n" && scalar.properties.generalCategory == .control ? "·" : String(scalar)
        }.joined()
        guard printable.utf8.count > most else { return printable }
        return String(decoding: printable.utf8.prefix(most), as: UTF8.self) + " …"
    }
}
