import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

/// Where an import's file goes, and the remarks on it.
struct ImportOutput: ParsableArguments {
    @Option(name: [.short, .long], help: "Write the YAML to this new file.")
    var output: String?

    func validate() throws {
        if let output, FileManager.default.fileExists(atPath: output) {
            throw ValidationError("--output \(output) is there already; name a new file.")
        }
    }

    /// Writes the file that `make` gives.
    /// - Parameter source: what was read, for the words where no job came of it.
    func write(_ source: String, _ make: () async throws -> ImportedFile) async throws {
        let file: ImportedFile
        do {
            file = try await make()
        } catch let error as ImportError {
            throw CommandFailure(error.description, .badData)
        }
        for remark in file.remarks { Output.note("onebeat: \(remark)") }
        try write(file.yaml, jobCount: file.jobCount)
        if file.jobCount == 0 {
            throw CommandFailure(
                "\(source) has no job that could be carried over; a file without jobs is refused", .badData)
        }
    }

    func write(_ yaml: String, jobCount: Int) throws {
        guard let output else { return Output.bytes(Array(yaml.utf8)) }
        do {
            try yaml.write(toFile: output, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure("\(output) cannot be written: \(error.localizedDescription)")
        }
        Output.line("\(output): \(jobCount) jobs; look at `onebeat plan \(output)`, then `onebeat up \(output)`")
    }
}

/// A file of another scheduler.
enum ImportInput {
    /// Larger ones are none that a person wrote, or has looked at.
    static let largest = 16 << 20

    /// - Parameter path: `-` is standard input.
    static func text(_ path: String) throws -> String {
        let handle: FileHandle
        if path == "-" {
            handle = .standardInput
        } else {
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw CommandFailure("\(path) cannot be read; is it there, and readable for you?", .noInput)
            }
            handle = file
        }
        var data = Data()
        do {
            while data.count <= largest, let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { data += part }
        } catch {
            throw CommandFailure("\(path) cannot be read; is it a file?", .noInput)
        }
        guard data.count <= largest else {
            throw CommandFailure("\(path) is larger than 16 MiB; import it in parts", .badData)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandFailure("\(path) is not UTF-8 text; convert it with iconv first", .badData)
        }
        return text
    }
}

/// A program that has to run in the user's own Python, since nothing else can import what it reads.
enum PythonProgram {
    /// What the program prints. What it says beside that goes to standard error, where the user sees it.
    /// - Parameter advice: what would do where it fails.
    static func output(
        of program: String, _ arguments: [String], python: String, advice: String
    ) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("onebeat-\(UUID().uuidString).py").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard FileManager.default.createFile(atPath: path, contents: Data(program.utf8)) else {
            throw CommandFailure("\(path) cannot be written; is there room, and is TMPDIR a folder?")
        }
        let line = ([python, path] + arguments).map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
        guard let pipe = popen("exec \(line)", "r") else {
            throw CommandFailure("\(python) cannot be run; name another Python with --python", .noInput)
        }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0, data.count < 64 << 20 {
            data += buffer[..<count]
        }
        guard pclose(pipe) == 0 else { throw CommandFailure(advice, .badData) }
        return String(decoding: data, as: UTF8.self)
    }
}
