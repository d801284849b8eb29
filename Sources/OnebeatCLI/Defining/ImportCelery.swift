import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct ImportCelery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "celery",
        abstract: "Make a configuration file from a Celery application's beat_schedule.",
        discussion: """
            The application is imported by its own Python, as `celery -A` would, in the current folder; what it registers by \
            add_periodic_task is there too. The YAML goes to standard output, and what could not be carried over is in it as \
            comments and on standard error. Nothing is stored, and beat is left as it is: stop it before `onebeat up`, or both \
            will send.
            """)
    @Argument(help: "The application, as in shop.celery:app.")
    var app: String
    @Option(help: "The Python that has the application's packages, such as .venv/bin/python.")
    var python = "python3"
    @Option(name: [.short, .long], help: "Write the YAML to this new file.")
    var output: String?

    func validate() throws {
        if app.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.]*(:[A-Za-z_][A-Za-z0-9_.]*)?/) == nil {
            throw ValidationError("the application is \"\(app)\"; write MODULE:APP, as in shop.celery:app.")
        }
        if let output, FileManager.default.fileExists(atPath: output) {
            throw ValidationError("--output \(output) is there already; name a new file.")
        }
    }

    func run() async throws {
        let result: CeleryImport
        do {
            result = try CeleryImport(try export(), name: app)
        } catch let error as CeleryImportError {
            throw CommandFailure(error.description, .badData)
        }
        for remark in result.remarks { Output.note("onebeat: \(remark)") }
        guard let output else { return Output.bytes(Array(result.yaml.utf8)) }
        do {
            try result.yaml.write(toFile: output, atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure("\(output) cannot be written: \(error.localizedDescription)")
        }
        Output.line("\(output): \(result.jobCount) jobs; look at `onebeat plan \(output)`, then `onebeat up \(output)`")
    }

    /// What the exporter prints. What the application says goes to standard error, where the user sees it.
    private func export() throws -> String {
        let program = FileManager.default.temporaryDirectory.appendingPathComponent("onebeat-\(UUID().uuidString).py")
            .path
        defer { try? FileManager.default.removeItem(atPath: program) }
        guard FileManager.default.createFile(atPath: program, contents: Data(CeleryExporter.program.utf8)) else {
            throw CommandFailure("\(program) cannot be written; is there room, and is TMPDIR a folder?")
        }
        let line = [python, program, app].map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
        guard let pipe = popen("exec \(line)", "r") else {
            throw CommandFailure("\(python) cannot be run; name the application's Python with --python", .noInput)
        }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0, data.count < 64 << 20 {
            data += buffer[..<count]
        }
        guard pclose(pipe) == 0 else {
            throw CommandFailure(
                "\(app) could not be read by \(python) (its own words are above); run this where `celery -A \(app)` works, and name"
                    + " that Python with --python", .badData)
        }
        return String(decoding: data, as: UTF8.self)
    }
}
