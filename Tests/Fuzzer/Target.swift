import Foundation

/// Something that reads bytes of somebody else.
struct Target: Sendable {
    let name: String
    /// Words that its inputs are made of.
    let dictionary: [String]
    /// The longest input, in bytes.
    let most: Int
    /// Makes what one process reads with.
    let prepare: @Sendable () -> ([UInt8]) -> Void

    init(
        _ name: String, most: Int = 4096, _ dictionary: [String], _ prepare: @escaping @Sendable () -> ([UInt8]) -> Void
    ) {
        self.name = name
        self.most = most
        self.dictionary = dictionary
        self.prepare = prepare
    }

    static let all: [Target] = [
        schedule, times, configuration, crontab, redis, row, definition, zone, address, report, query, body, http, mail,
        monitor, imports,
    ]

    /// Inputs to start from: the files of a folder in this one's `Corpus`, and what once ended badly. In a file that ends with
    /// `.lines` each line is one; `\r`, `\n`, `\\` and `\xNN` are one byte each there.
    var corpus: [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Corpus/\(name)")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []
        return files.flatMap { file -> [[UInt8]] in
            let bytes = Array(FileManager.default.contents(atPath: folder.appendingPathComponent(file).path) ?? Data())
            guard file.hasSuffix(".lines") else { return [bytes] }
            return bytes.split(separator: UInt8(ascii: "\n")).map { Self.unescaped($0) }
        }
    }

    private static func unescaped(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = line
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes.append(next)
            }
        }
        return bytes
    }
}

/// Ends the process as a trap would, with words.
func expect(_ condition: @autoclosure () throws -> Bool, _ words: @autoclosure () -> String) rethrows {
    if try !condition() { fatalError(words()) }
}
