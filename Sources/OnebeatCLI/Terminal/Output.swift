import Foundation
import Onebeat
import OnebeatServer
import Synchronization

/// The two streams of the command: answers on standard output, words about them on standard error.
///
/// Each call is one write, so that lines of several processes on one pipe do not mix. A reader that has gone away, as
/// in `onebeat runs | head`, ends the command by SIGPIPE, quietly, as it does for every Unix tool.
enum Output {
    /// Writes a line to standard output.
    static func line(_ text: TerminalText = "") { bytes(Array("\(text.text)\n".utf8)) }

    /// Writes bytes to standard output as they are.
    static func bytes(_ bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// Writes a line to standard error.
    static func note(_ text: TerminalText) { write(Array("\(text.text)\n".utf8), to: STDERR_FILENO) }

    /// Writes a line to standard error that goes away with the next output; for people only.
    static func passing(_ text: TerminalText) {
        guard Terminal.errors.isInteractive else { return }
        hasPassingLine.store(true, ordering: .relaxed)
        writeAll(Array("\r\u{1B}[K\(text.text)".utf8), to: STDERR_FILENO)
    }

    /// Takes the passing line away, if there is one.
    static func endPassing() {
        if hasPassingLine.exchange(false, ordering: .relaxed) { writeAll(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO) }
    }

    private static let hasPassingLine = Atomic(false)

    /// Writes a piece of a run's output: as it came for programs, harmless for a terminal.
    /// - Parameter decoder: what is left of the pieces before it.
    static func piece(_ piece: LogPiece, _ decoder: inout PieceDecoder) {
        guard Terminal.output.isInteractive else { return bytes(piece.bytes) }
        output(decoder.text(of: piece), piece.stream)
    }

    /// Writes what is left when no piece follows.
    static func end(_ decoder: inout PieceDecoder) {
        for (stream, text) in decoder.end() { output(text, stream) }
    }

    private static func output(_ text: String, _ stream: LogStream) {
        let colour: Colour? =
            switch stream {
            case .stdout: nil
            case .stderr: .warning
            case .note: .quiet
            }
        bytes(Array(Terminal.output.paint(TerminalText(text), colour).text.utf8))
    }

    /// Writes a value as JSON: keys sorted, so that the same answer is the same text.
    static func json(_ value: some Encodable) throws { try encode(value, [.prettyPrinted, .sortedKeys]) }

    /// Writes a value as JSON in one line.
    static func jsonLine(_ value: some Encodable) throws { try encode(value, [.sortedKeys]) }

    private static func encode(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union(.withoutEscapingSlashes)
        encoder.keyEncodingStrategy = .convertToSnakeCase
        bytes(Array(try encoder.encode(value)) + [UInt8(ascii: "\n")])
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        endPassing()
        writeAll(bytes, to: descriptor)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                return
            }
        }
    }
}
