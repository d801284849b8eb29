import ArgumentParser
import Foundation
import Onebeat
import OnebeatServer

struct Graph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw which jobs follow which: of the store, of one job's flow, or of a file.",
        discussion: "A name with a `.yaml` or `.yml` at its end, or of a file that is there, is taken for a file.")
    @Argument(help: "A job, or a configuration file; all flows of the store when left out.")
    var subject: String?
    @Flag(help: "Write Mermaid, as Markdown pages draw it.")
    var mermaid = false
    @Flag(help: "Write Graphviz.")
    var dot = false
    @OptionGroup var store: StoreOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if mermaid, dot { throw ValidationError("--mermaid and --dot are two languages; choose one.") }
    }

    func run() async throws {
        let drawing = try await draw()
        if drawing.isEmpty { return Output.note("no job follows another") }
        for line in mermaid ? drawing.mermaid : dot ? drawing.dot : drawing.tree { Output.line("\(line)") }
    }

    private func draw() async throws -> FlowDrawing {
        if let subject, isFile(subject) { return try FlowDrawing(try Surroundings.load(subject).jobs) }
        let witness = try await server.witness(beside: store)
        if let subject { _ = try await witness.found(subject, witness.job(subject)) }
        return try FlowDrawing(try await witness.graph(around: subject), around: subject)
    }

    private func isFile(_ name: String) -> Bool {
        name.hasSuffix(".yaml") || name.hasSuffix(".yml") || FileManager.default.fileExists(atPath: name)
    }
}
